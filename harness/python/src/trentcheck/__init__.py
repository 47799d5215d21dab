"""The command `trentcheck`, as a package."""
import pathlib
import shutil
import sysconfig


def command():
    """The path of the command: the one that was installed with this package, or else the one on the PATH."""
    installed = shutil.which("trentcheck", path=sysconfig.get_path("scripts"))
    found = installed or shutil.which("trentcheck")
    if not found:
        raise FileNotFoundError("the command `trentcheck` is not installed: this platform may have no wheel of it")
    return str(pathlib.Path(found))
