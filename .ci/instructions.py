#!/usr/bin/env python3
"""How many instructions a run takes, and its stages, counted by valgrind: unlike time, the same on a busy machine.

    instructions.py TRENTCHECK            fail where something takes more than `harness/benches/instructions.txt` allows
    instructions.py TRENTCHECK --write    write that file

Without valgrind nothing is counted. Another compiler, another kind of processor or more cases move the counts: write them
again then.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
COUNTS = ROOT / "harness" / "benches" / "instructions.txt"
# How much more than written down is no failure: which answers come late differs from run to run.
ALLOWED = 1.15
# Stages by the function that carries them out.
STAGES = {
    "load": "trentcheck_core::fixture::built_in::load_built_in",
    "sign": "trentcheck_core::sign::sign::sign_plainly",
    "observe": "trentcheck_core::observe::observe",
    "show-a-request": "trentcheck_core::normalise::lines::Message::of_request",
    "show-an-answer": "trentcheck_core::normalise::lines::Message::of_response",
    "compare": "trentcheck_core::compare::answer::judge",
    "look-through-the-report": "trentcheck_core::normalise::redact::Redactor::is_clean_json",
}
# Without settings of whoever runs this.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("TRENTCHECK_", "AWS_"))}
# A program that valgrind runs is fifty times slower.
PATIENT = ["--timeout", "60s", "--settle", "5s", "--deadline", "10m"]


def profiled(command, profile, folder):
    """Runs a command in a folder, where no `trentcheck.toml` is read; the instructions of all of it."""
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, env=ENVIRONMENT, cwd=folder)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def by_call(profile):
    """The instructions of a call of each stage, callees included."""
    command = ["callgrind_annotate", "--tree=caller", "--inclusive=yes", "--threshold=100", profile]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    names = {name: stage for stage, name in STAGES.items()}
    counts, calls = {}, 0
    for line in lines:
        # Callers of a function, and then itself: `COST (SHARE)  < FILE:NAME (CALLS x) [OBJECT]`, `COST (SHARE)  * FILE:NAME [OBJECT]`.
        if caller := re.search(r"  < .*\(([\d,]+)x\)", line):
            calls += int(caller.group(1).replace(",", ""))
        elif itself := re.match(r"\s*([\d,]+) \([^)]*\)  \*  [^:]*:(\S+)", line):
            stage = names.get(itself.group(2))
            if stage and calls:
                counts[stage] = int(itself.group(1).replace(",", "")) // calls
            calls = 0
    if missing := set(STAGES) - set(counts):
        sys.exit(f"no function of the profile carries out: {', '.join(sorted(missing))}")
    return counts


def counted(trentcheck):
    with tempfile.TemporaryDirectory() as folder:
        counts = {"start": profiled([trentcheck, "list"], "/dev/null", folder)}
        server = subprocess.Popen(
            [trentcheck, "serve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT
        )
        try:
            url = server.stdout.readline().strip().removeprefix("listening on ")
            report, profile = os.path.join(folder, "run.json"), os.path.join(folder, "profile")
            run = [trentcheck, "run", "--endpoint", url, "--report", f"json={report}", "--brief", *PATIENT]
            whole = profiled(run, profile, folder)
        finally:
            server.terminate()
            server.wait(timeout=30)
        requests = sum(json.loads(pathlib.Path(report).read_text())["runs"][0]["calls"].values())
        return counts | {"run-by-request": whole // requests} | by_call(profile)


def main():
    trentcheck = str(pathlib.Path(sys.argv[1]).resolve())
    if shutil.which("valgrind") is None:
        print("valgrind is not installed: nothing is counted")
        return
    counts = counted(trentcheck)
    if sys.argv[2:] == ["--write"]:
        with COUNTS.open("w", encoding="utf-8") as file:
            file.write("# Instructions, by valgrind: of the start, of a run by its requests, and of each call of a stage.\n")
            file.writelines(f"{what} {count}\n" for what, count in counts.items())
    lines = COUNTS.read_text(encoding="utf-8").splitlines()
    known = {what: int(count) for what, count in (line.split() for line in lines if not line.startswith("#"))}
    for what, count in counts.items():
        print(f"{what:24} {count:>12,}  {count / known.get(what, count):.2f} of what is written down")
    more = [what for what, count in counts.items() if count > known.get(what, 0) * ALLOWED]
    if more:
        sys.exit(f"more than {COUNTS.relative_to(ROOT)} allows: {', '.join(more)}")


if __name__ == "__main__":
    main()
