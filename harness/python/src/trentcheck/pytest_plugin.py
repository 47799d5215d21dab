"""A plugin for pytest: each case of trentcheck is a test. The cases run once, when the first of them comes."""
import json
import subprocess
import time
import xml.etree.ElementTree as xml

import pytest

from . import command

JUDGED = {"pass", "diverges", "listed", "stale"}
PATIENCE = 3600  # seconds that a worker of pytest-xdist waits for the run of another one
STATE = pytest.StashKey()


def pytest_addoption(parser):
    group = parser.getgroup("trentcheck", "cases of trentcheck, each as a test")
    group.addoption("--trentcheck", action="store_true", help="run the cases at the server that `pytest_trentcheck_endpoint` starts")
    for name, text in {
        "endpoint": "run the cases at this server",
        "preset": "run the cases at a server of this kind: `trentcheck presets` lists them",
        "edition": "key-only or key-material-id",
        "region": "the Region that requests are signed for",
        "deviations": "the list of known deviations (TOML)",
        "skip": "do not run these cases: an id or a glob; repeatable",
        "skip-from": "do not run the cases of this file: ids or globs, one on a line; repeatable",
        "arg": "give `trentcheck run` this argument too, as in `--trentcheck-arg=--timeout=5s`; repeatable",
    }.items():
        many = {"action": "append", "default": []} if name in ("skip", "skip-from", "arg") else {}
        group.addoption(f"--trentcheck-{name}", help=text, metavar=name.upper(), **many)


class Hooks:
    @pytest.hookspec(firstresult=True)
    def pytest_trentcheck_endpoint(self, config):
        """Starts the server and returns its URL. Called once, before the first case."""


def pytest_addhooks(pluginmanager):
    pluginmanager.add_hookspecs(Hooks)


def pytest_configure(config):
    config.addinivalue_line("markers", "trentcheck: a case of trentcheck")


def is_wanted(config):
    option = config.getoption
    return option("trentcheck") or option("trentcheck_endpoint") or option("trentcheck_preset")


def call(*arguments):
    try:
        return subprocess.run([command(), *arguments], capture_output=True, text=True, encoding="utf-8")
    except OSError as error:
        raise pytest.UsageError(f"trentcheck cannot be started: {error}") from error


def edition(config):
    known = config.getoption("trentcheck_edition")
    return known or (None if config.getoption("trentcheck_preset") else "key-only")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(session, config, items):
    if not is_wanted(config):
        return (yield)
    one = ["--edition", edition(config)] if edition(config) else []
    # pytest would replace `@FILE` by what is in the file.
    skipped = config.getoption("trentcheck_skip") + [f"@{file}" for file in config.getoption("trentcheck_skip_from")]
    listed = call("export", *one, *(word for skip in skipped for word in ("--skip", skip)))
    if listed.returncode:
        raise pytest.UsageError(f"trentcheck: {listed.stderr.strip()}")
    parent = Cases.from_parent(session, name="trentcheck", nodeid="trentcheck")
    ids = dict.fromkeys(case["id"] for case in json.loads(listed.stdout)["cases"])
    cases = [Case.from_parent(parent, name=id) for id in ids]
    run_item = Run.from_parent(parent, name="run")
    report = pytest.CollectReport(nodeid="trentcheck", outcome="passed", longrepr=None, result=[*cases, run_item])
    config.hook.pytest_collectreport(report=report)  # so that they are counted
    items += cases
    result = yield  # -k and -m narrow them
    if any(isinstance(item, Case) for item in items):
        items.append(run_item)
    return result


class Cases(pytest.Collector):
    def collect(self):
        return []


class Item(pytest.Item):
    def __init__(self, **rest):
        super().__init__(**rest)
        self.add_marker("trentcheck")

    def reportinfo(self):
        return "trentcheck", None, self.name

    def setup(self):
        self.ran = ran(self.session)


class Listed(Exception):
    """A case that deviates as listed."""


def fail(text):
    pytest.fail(text, pytrace=False)  # an error if a test is set up


class Case(Item):
    def setup(self):
        super().setup()
        self.case = self.ran["cases"].get(self.name)
        if not self.case:
            pytest.skip("it is no case of this edition")
        if self.case["standing"] == "error":
            fail(self.case["text"])
        if self.case["standing"] == "skipped" and self.case["outcome"] != "listed":
            pytest.skip(self.case["reason"])

    def runtest(self):
        if self.case["outcome"] == "listed" or self.case["passes_now"]:
            self.add_marker(pytest.mark.xfail(strict=True, raises=Listed, reason=self.case["reason"]))
        if self.case["outcome"] == "listed":
            raise Listed(self.case["reason"])
        if self.case["standing"] == "failure" and not self.case["passes_now"]:
            fail(self.case["text"])


class Run(Item):
    """Fails if the run has a fault that no case shows, for instance if keys were left behind."""

    def runtest(self):
        if self.ran["fault"]:
            fail(f"{self.ran['fault']}\n{self.ran['said']}")


def ran(session):
    """The run of this session. It is made only once; if that fails, the first test is an error and the others are skipped."""
    if STATE not in session.stash:
        session.stash[STATE] = None
        session.stash[STATE] = shared(session)
    if not session.stash[STATE]:
        pytest.skip("the cases were not run: another test says why")
    return session.stash[STATE]


def standing_of(test):
    """`pass`, `failure`, `error` or `skipped`, with its message and text."""
    for child in test:
        if child.tag in ("failure", "error", "skipped"):
            return child.tag, child.get("message", ""), child.text or ""
    return "pass", "", ""


def shared(session):
    """The run that one worker makes for all, if there are several."""
    temporary = session.config._tmp_path_factory  # what the fixture of this name returns; pytest removes it
    if not hasattr(session.config, "workerinput"):
        return run(session, temporary.mktemp("trentcheck"))
    folder = temporary.getbasetemp().parent / "trentcheck"
    done, deadline = folder / "ran.json", time.monotonic() + PATIENCE
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        while not done.exists():
            if time.monotonic() > deadline:
                fail(f"another worker did not finish the run within {PATIENCE} s")
            time.sleep(0.1)
        return json.loads(done.read_text(encoding="utf-8"))
    result = None
    try:
        result = run(session, folder)
    finally:
        part = folder / "part"
        part.write_text(json.dumps(result), encoding="utf-8")
        part.rename(done)
    return result


def run(session, folder):
    """Runs the selected cases: what became of each, a fault of the run as a whole, and what the run said."""
    option = session.config.getoption
    endpoint = option("trentcheck_endpoint") or session.config.hook.pytest_trentcheck_endpoint(config=session.config)
    if not endpoint and not option("trentcheck_preset"):
        fail("`--trentcheck` needs a hook `pytest_trentcheck_endpoint` in conftest.py that returns the server's URL; or give `--trentcheck-endpoint URL`")
    ids = [item.name for item in session.items if isinstance(item, Case)]
    (folder / "cases").write_text("\n".join(ids), encoding="utf-8")
    given = {"--endpoint": endpoint, "--preset": option("trentcheck_preset"), "--edition": edition(session.config),
             "--region": option("trentcheck_region"), "--deviations": option("trentcheck_deviations")}
    words = [word for flag, value in given.items() if value for word in (flag, value)]
    report, junit = folder / "run.json", folder / "run.xml"
    done = call("run", f"@{folder / 'cases'}", *words, "--brief", "--state", "none", *option("trentcheck_arg"),
                "--report", f"json={report}", "--report", f"junit={junit}")
    said = "\n".join(part for part in (done.stderr.strip(), done.stdout.strip()) if part)
    of_run = None
    try:
        [of_run] = json.loads(report.read_text(encoding="utf-8"))["runs"]
        tests = {test.get("name"): standing_of(test) for test in xml.parse(junit).iter("testcase")}
    except (OSError, ValueError, xml.ParseError):
        pass  # the sentence below says more than these errors
    if not of_run:
        fail(f"trentcheck ended with exit code {done.returncode} and without a report\n{said}")
    cases, told = {}, {}
    for case in of_run["cases"]:
        standing, reason, text = tests[case["id"]]
        if standing == "error" and told.setdefault(reason, case["id"]) != case["id"]:
            text = f"the same as for {told[reason]}"  # one reason can block most cases
        stale = (case.get("deviation") or {}).get("stale") or {}
        cases[case["id"]] = {"outcome": case["outcome"], "standing": standing, "reason": reason, "text": f"{reason}\n{text}",
                             "passes_now": stale.get("why") in ("passes", "expired-and-passes")}
    outcomes = {case["outcome"] for case in cases.values()}
    if not outcomes & JUDGED and outcomes != {"skipped"}:
        fail(f"no case could be judged\n{said}")
    # The report has a test named `run` if the exit code is not 0 and no case shows why.
    return {"cases": cases, "fault": " ".join(tests.get("run", ())[1:]), "said": said}
