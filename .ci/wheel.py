#!/usr/bin/env python3
"""Builds the wheel from what is compiled already, installs it in a fresh virtual environment, and runs its plugin for pytest.

At ministack with its list of known deviations all is green and each listed case is an xfail; without the list those cases, and
no others, fail. Where there is nothing to judge, one test is an error and no case passes.
"""

import pathlib
import shutil
import subprocess
import sys
import time
import venv
import xml.etree.ElementTree as xml
import zipfile

import emulators
from emulators import ROOT, TARGET, Server, check, free_port

WORK = TARGET / "plugin"  # its virtual environment and its tests
KNOWN = ROOT / "fixtures" / "deviations" / "ministack.toml"
CONFTEST = '''
import pathlib, subprocess
def pytest_trentcheck_endpoint(config):
    with open({started!r}, "a") as file:
        file.write("x")
    server = subprocess.Popen([{command!r}, "serve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    config.add_cleanup(server.wait)
    config.add_cleanup(server.terminate)
    return server.stdout.readline().strip().removeprefix("listening on ")
'''
ENTRY = '[[deviation]]\ncase = "{}"\nanswer = "500 InternalError"\ndiffers = ["status, answer: 500 InternalError"]\nreason = "for a test"\nexpires = "2099-01-01"\n'


def install():
    """The program that makes wheels, in an environment of its own."""
    tools = TARGET / "maturin"
    if not (tools / "bin" / "maturin").exists():
        venv.create(tools, with_pip=True)
        subprocess.run([tools / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "maturin==1.16.0"], check=True)
    return tools


def built(binary):
    tools, began = install(), time.monotonic()
    shutil.rmtree(TARGET / "wheels", ignore_errors=True)
    # The same profile and features as `cargo build --release`, so that nothing is compiled twice.
    command = [tools / "bin" / "maturin", "build", "--quiet", "--release", "--locked", "--out", TARGET / "wheels"]
    subprocess.run(command, cwd=ROOT / "harness" / "python", check=True)
    [wheel] = (TARGET / "wheels").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/scripts/trentcheck")]
        check(archive.read(name) == binary.read_bytes(), "the wheel has the program that is compiled already")
        machine = [name for name in archive.namelist() if not name.endswith("/trentcheck") and str(ROOT).encode() in archive.read(name)]
    # A wheel of another platform is refused by pip, in its own words.
    other = wheel.rename(wheel.with_name("trentcheck-0.0.0-py3-none-macosx_11_0_arm64.whl"))
    refused = subprocess.run([tools / "bin" / "pip", "install", "--no-deps", other], capture_output=True, text=True)
    check(refused.returncode and "is not a supported wheel on this platform" in refused.stderr, f"pip refuses another platform\n{refused.stderr}")
    wheel = other.rename(wheel)
    check(not machine, f"no file of the wheel names a path of this machine, found {machine}")
    print(f"{wheel.name}: {wheel.stat().st_size >> 10} KiB, built in {time.monotonic() - began:.1f} s")
    return wheel


def installed(wheel):
    shutil.rmtree(WORK, ignore_errors=True)
    venv.create(WORK / "venv", with_pip=True)
    packages = [f"trentcheck[pytest] @ {wheel.as_uri()}", "pytest-xdist"]
    subprocess.run([WORK / "venv" / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
    command = WORK / "venv" / "bin" / "trentcheck"
    check(subprocess.run([command, "--version"], capture_output=True).returncode == 0, "the installed command runs")
    tests = WORK / "tests"
    tests.mkdir()
    (tests / "test_mine.py").write_text("def test_mine():\n    pass\n")
    return command


def pytest(name, *arguments):
    """The exit code, the standing of each test, and what was printed."""
    results, began = WORK / f"{name}.xml", time.monotonic()
    command = [WORK / "venv" / "bin" / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={results}", *arguments]
    done = subprocess.run(command, cwd=WORK / "tests", capture_output=True, text=True, timeout=300)
    standings = {}
    for test in xml.parse(results).iter("testcase") if results.exists() else ():
        kinds = [child.get("type") if child.tag == "skipped" else child.tag for child in test]
        standings[test.get("name")] = kinds[0] if kinds else "passed"
    print(f"{name}: exit code {done.returncode} after {time.monotonic() - began:.1f} s; {done.stdout.strip().splitlines()[-1]}")
    return done.returncode, standings, done.stdout + done.stderr


def of(standings, kind):
    return {name for name, standing in standings.items() if standing == kind}


def ministack():
    port = free_port()
    environment = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1"}
    with Server("ministack-plugin", [emulators.VENV / "bin" / "ministack"], port, environment) as url:
        common = ["--trentcheck-preset", "ministack", "--trentcheck-endpoint", url]
        common += [word for case in sorted(emulators.BLOCKED) for word in ("--trentcheck-skip", case)]
        code, listed, text = pytest("ministack-listed", *common, f"--trentcheck-deviations={KNOWN}")
        check(code == 0, f"ministack deviates exactly as listed, so pytest is green\n{text}")
        xfailed = of(listed, "pytest.xfail")
        check(len(xfailed) > 20 and len(of(listed, "passed")) > 100, "what is listed is an xfail, and the rest passes")
        code, bare, text = pytest("ministack-bare", *common, "-k", "body/ or mine")
        body = {name for name in xfailed if name.startswith("body/")}
        check(code == 1 and body and of(bare, "failure") == body, f"without the list exactly those fail\n{text}")
        check({"body/white-space", "test_mine", "run"} <= of(bare, "passed"), f"others pass\n{text}")
        check("repeat: trentcheck run" in text, "a failed test shows how to repeat it")


def nothing_to_judge(name, expected, *arguments):
    code, standings, text = pytest(name, "-k", "members or mine", *arguments)
    check(code == 1 and len(of(standings, "error")) == 1, f"{name}: one test is an error\n{text}")
    check(of(standings, "passed") == {"test_mine"}, f"{name}: no case passes, and other tests are run\n{text}")
    check(expected in text and "Traceback" not in text and "pytest_plugin.py" not in text, f"{name}: the error says `{expected}`\n{text}")


def bad_input(command):
    nothing_to_judge("dead-port", "Connection refused", "--trentcheck-endpoint", f"http://127.0.0.1:{free_port()}")
    port = free_port()
    with Server("web-server", [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)], port) as url:
        nothing_to_judge("web-server", "no case could be judged", "--trentcheck-endpoint", url)
    nothing_to_judge("no-hook", "needs a hook", "--trentcheck")
    foreign = WORK / "foreign.toml"
    foreign.write_text(ENTRY.format("members/of-another-corpus"))
    nothing_to_judge("foreign-list", "members/of-another-corpus", "--trentcheck-preset", "ministack", f"--trentcheck-deviations={foreign}")
    code, standings, text = pytest("unknown-case", "--trentcheck-preset", "ministack", "--trentcheck-skip", "members/nul")
    check(code == 4 and not standings and "did you mean" in text, f"a name that no case has is an error of usage\n{text}")


def own_server(command):
    """A server that the tests start themselves, for two workers of pytest-xdist; and entries of a list that are not true."""
    started = WORK / "started"
    (WORK / "tests" / "conftest.py").write_text(CONFTEST.format(command=str(command), started=str(started)))
    stale = WORK / "stale.toml"
    stale.write_text(ENTRY.format("members/null"))
    code, standings, text = pytest("stale", "--trentcheck", "-n", "2", "-k", "members or mine", f"--trentcheck-deviations={stale}")
    check(code == 1 and of(standings, "failure") == {"members/null"}, f"an entry that is not true fails its case\n{text}")
    check("XPASS(strict)" in text, f"it is a strict xfail that passes\n{text}")
    check(len(of(standings, "passed")) > 15 and started.read_text() == "x", f"two workers share one run\n{text}")


if __name__ == "__main__":
    emulators.install()
    command = installed(built(pathlib.Path(sys.argv[1]).resolve()))
    ministack()
    bad_input(command)
    own_server(command)
