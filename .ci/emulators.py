#!/usr/bin/env python3
"""Runs trentcheck at servers that nobody here wrote, and a client that nobody here wrote at the reference.

ministack has the operation and answers some of it wrongly: without its list of known deviations that is exit code 1, with
the list it is exit code 0, and the list says all of it and nothing more. moto and roto have no such operation, and say so in
two ways: that must be one sentence and exit code 3. botocore drives the reference. All are run with their presets.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "target"
VENV = TARGET / "emulators"
PACKAGES = ["ministack==1.5.33", "moto[server]==5.2.5", "roto-aws==0.10.1", "botocore", "cryptography"]
START_LIMIT = 60.0  # seconds; ministack takes about one, moto some three, on an idle machine
# What a run at ministack still skips: faults, temporary credentials, a principal without rights, operations that it lacks.
SKIPPED = (
    "no client can bring a key into this state",
    "nobody is configured to play the principal",
    "the key cannot be read back, as before the exchange the target has no operation",
    "its precondition could not be made: the target has no operation",
)
# Its replicas have the material of their primary key from the start, so that these preconditions cannot be made.
BLOCKED = {
    "materials/primary-pending",
    "materials/replica-arn",
    "success/pending-replica-deletion",
    "success/primary-untouched",
    "success/replica-untouched",
}


def install():
    if not (VENV / "bin" / "python").exists():
        venv.create(VENV, with_pip=True)
    subprocess.run([VENV / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that listens on a loopback port, from the time it does until the end of the block."""

    def __init__(self, name, command, port, environment=None):
        self.name, self.command, self.port = name, command, port
        self.environment = {**os.environ, **(environment or {})}

    def __enter__(self):
        log = open(TARGET / f"{self.name}.log", "wb")
        self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended at once; see target/{self.name}.log")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return f"http://127.0.0.1:{self.port}"
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"{self.name} does not listen after {START_LIMIT} s")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)


def replay(trentcheck, name, preset, url, *arguments):
    report = TARGET / f"{name}.json"
    began = time.monotonic()
    done = subprocess.run(
        [trentcheck, "run", "--preset", preset, "--endpoint", url, "--report", f"json={report}", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
    )
    print(f"{name}: exit code {done.returncode} after {time.monotonic() - began:.1f} s")
    print(done.stdout.splitlines()[-1])
    return done, json.loads(report.read_text())["runs"][0]


def check(condition, message):
    if not condition:
        raise SystemExit(f"FAILED: {message}")


def ministack(trentcheck):
    port = free_port()
    known = ROOT / "fixtures" / "deviations" / "ministack.toml"
    with Server("ministack", [VENV / "bin" / "ministack"], port, {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1"}) as url:
        bare, without = replay(trentcheck, "ministack", "ministack", url)
        left_out = [word for case in sorted(BLOCKED) for word in ("--skip", case)]
        done, report = replay(trentcheck, "ministack-listed", "ministack", url, "--deviations", known, *left_out)
    check(bare.returncode == 1, "ministack diverges, so the exit code is 1 without a list")
    rests = "it proves nothing while"  # a case that diverges, and is listed
    blocked = {case["id"] for case in without["cases"] if case["outcome"] == "blocked" and not case["reason"].startswith(rests)}
    check(blocked == BLOCKED, f"only the cases about replicas are blocked, found {sorted(blocked)}")
    found = {case["id"] for case in without["cases"] if case["outcome"] == "diverges"}
    listed = {case["id"] for case in report["cases"] if case["outcome"] == "listed"}
    for case in report["cases"]:
        if case["outcome"] in ("diverges", "stale"):
            print(f"  {case['outcome']}: {case['id']} {case.get('deviation', '')}")
    check(done.returncode == 0, "ministack deviates exactly as listed, so the exit code is 0 with its list")
    check(found == listed, "what diverges without the list is what is listed with it")
    check(not report["deviations"]["stale"] and not report["deviations"]["no_verdict"], "every entry of the list holds")
    skipped = {case["id"]: case["reason"] for case in without["cases"] if case["outcome"] == "skipped"}
    more = {case: reason for case, reason in skipped.items() if not reason.startswith(SKIPPED)}
    check(not more, f"cases about two Regions and two accounts are judged at ministack, found {more}")
    print(f"  {len(found)} divergences, all of them listed, by {report['deviations']['entries']} entries; {len(skipped)} cases are skipped without it")


def lacks_the_operation(done, report, name):
    check(done.returncode == 3, f"{name} has no such operation, so the exit code is 3")
    outcomes = {case["outcome"] for case in report["cases"]}
    check(outcomes <= {"unsupported", "blocked"}, f"no case of {name} is judged, found {outcomes}")
    check(done.stdout.count("the target has no operation") == 1, "that is said once")


def moto(trentcheck):
    port = free_port()
    command = [VENV / "bin" / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    with Server("moto", command, port) as url:
        known = ROOT / "fixtures" / "deviations" / "moto.toml"
        done, report = replay(trentcheck, "moto", "moto", url, "--deviations", known)
    lacks_the_operation(done, report, "moto")


def roto(trentcheck):
    """It lacks the set-up too: it makes no key whose material is imported."""
    port = free_port()
    with Server("roto", [VENV / "bin" / "roto-server", "--port", str(port), "--ephemeral"], port) as url:
        done, report = replay(trentcheck, "roto", "roto-aws", url)
    lacks_the_operation(done, report, "roto")
    check("501 NotImplemented" in done.stdout, "roto says so by itself")


def botocore(trentcheck):
    for edition in ["key-only", "key-material-id"]:
        process = subprocess.Popen(
            [trentcheck, "serve", "--edition", edition], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            url = process.stdout.readline().strip().removeprefix("listening on ")
            subprocess.run([VENV / "bin" / "python", ROOT / ".ci" / "botocore_lifecycle.py", url, edition], check=True, timeout=120)
        finally:
            process.terminate()
            process.wait(timeout=30)


if __name__ == "__main__":
    command = pathlib.Path(sys.argv[1]).resolve()
    install()
    ministack(command)
    moto(command)
    roto(command)
    botocore(command)
