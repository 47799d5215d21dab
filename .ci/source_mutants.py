#!/usr/bin/env python3
"""Which faults in the reference's own source does the corpus see?

cargo-mutants changes the files of the reference that decide an answer, one place at a time, and each time the corpus
runs at the changed reference (`harness/mutation/src/lib.rs`). A mutant is

  killed     a case diverges
  noticed    no case diverges, but some have no verdict: a run is not green (exit code 3)
  survived   every case passes

Survivors are listed in `snapshots/source-mutants.txt`, each with the reason why no client can see it. A survivor that is
not listed fails this script, and so does a listed mutant that a whole run finds no more.

    source_mutants.py                run all (more than an hour)
    source_mutants.py --shard 3/40   run a part
    source_mutants.py --write        run all, and list what survives (new ones without a reason)
"""

import argparse
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = os.path.join(ROOT, "snapshots", "source-mutants.txt")
SOURCE = "harness/reference/src/"
FILES = ["operations/*.rs", "{front,resolve,json,verify,canonical,credential,key,store}.rs"]
# What only mutants of our own do.
NOT = ["operations/wrong.rs"]
NO_REASON = "no reason yet"


def known():
    """The listed survivors, by name, with their reasons."""
    listed = {}
    if os.path.exists(LIST):
        with open(LIST, encoding="utf-8") as lines:
            reason = NO_REASON
            for line in lines.read().splitlines():
                if line.startswith("# "):
                    continue
                if line.startswith("= "):
                    reason = line[2:]
                elif line.strip():
                    listed[line] = reason
    return listed


def arguments():
    """What selects the mutants."""
    chosen = ["-p", "trentcheck-reference"]
    for name in FILES:
        chosen += ["-f", SOURCE + name]
    for name in NOT:
        chosen += ["-e", SOURCE + name]
    return chosen


def place(mutant):
    """Where a mutant is, as cargo-mutants writes it."""
    start = mutant["span"]["start"]
    return f"{mutant['file']}:{start['line']}:{start['column']}:"


def name(mutant):
    """The name of a mutant without its line, which moves with every edit."""
    return mutant["file"].removeprefix(SOURCE) + ":" + mutant["name"].split(":", 3)[3]


def is_of_a_fault(mutant, sources):
    """Whether a mutant changes a condition under which only one of our own mutants does something."""
    if mutant["genre"] == "FnValue":
        return False
    lines = sources.setdefault(mutant["file"], read(mutant["file"]))
    first = last = mutant["span"]["start"]["line"] - 1
    while first > 0 and not re.search(r"[;{}]$", lines[first - 1].strip()):
        first -= 1
    while last + 1 < len(lines) and not re.search(r"[;{}]$", lines[last].strip()):
        last += 1
    return any(".at(Point::" in line for line in lines[first : last + 1])


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read().splitlines()


def run(shard):
    """The outcome of each mutant of a shard, by name."""
    listing = ["cargo", "mutants", "--list", "--json", *arguments()]
    if shard:
        listing += ["--shard", shard]
    mutants = json.loads(subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout)
    sources = {}
    ours = [mutant for mutant in mutants if is_of_a_fault(mutant, sources)]
    print(f"{len(mutants)} mutants, {len(ours)} of them in conditions of our own faults and left out", flush=True)
    out = os.path.join(ROOT, "target")
    command = ["cargo", "mutants", "--in-place", "--no-shuffle", "--output", out, "--timeout", "90", "--baseline=skip"]
    command += ["--colors=never", "--caught", "--unviable", *arguments()]
    if shard:
        command += ["--shard", shard]
    skipped = os.path.join(out, "mutants-left-out.txt")
    with open(skipped, "w", encoding="utf-8") as file:
        file.write("\n".join(place(mutant) for mutant in ours))
    for mutant in ours:
        command += ["--exclude-re", "^" + re.escape(place(mutant))]
    command += ["--test-package", "trentcheck-mutation", "--", "--locked"]
    ended = subprocess.run(command, cwd=ROOT, check=False)
    # 2: some survived; 3: some did not end; the outcomes tell.
    if ended.returncode not in (0, 2, 3):
        sys.exit(f"cargo mutants ended with {ended.returncode}")
    with open(os.path.join(out, "mutants.out", "outcomes.json"), encoding="utf-8") as file:
        outcomes = json.load(file)["outcomes"]
    found = {}
    for outcome in outcomes:
        mutant = outcome["scenario"].get("Mutant") if isinstance(outcome["scenario"], dict) else None
        if mutant:
            found.setdefault(verdict(outcome), []).append(name(mutant))
    return found


def verdict(outcome):
    """What the corpus says of a mutant."""
    summary = outcome["summary"]
    if summary in ("Unviable", "MissedMutant", "Timeout"):
        return {"Unviable": "unviable", "MissedMutant": "survived", "Timeout": "killed"}[summary]
    log = os.path.join(ROOT, "target", "mutants.out", outcome["log_path"])
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    return "noticed" if "no verdict: " in text and "diverge: " not in text else "killed"


def write(survived, listed):
    by_reason = {}
    for one in sorted(set(survived)):
        by_reason.setdefault(listed.get(one, NO_REASON), []).append(one)
    with open(LIST, "w", encoding="utf-8") as file:
        file.write("# Mutants of the reference's source that the corpus does not see, by the reason why.\n")
        file.write("# Written by `.ci/source_mutants.py --write`; the reasons are ours.\n")
        for reason in sorted(by_reason):
            file.write(f"\n= {reason}\n" + "\n".join(by_reason[reason]) + "\n")


def main():
    parser = argparse.ArgumentParser(description="Runs the corpus at source mutants of the reference.")
    parser.add_argument("--shard", help="such as 3/40: this part of all mutants")
    parser.add_argument("--write", action="store_true", help="list what survives")
    options = parser.parse_args()
    found = run(options.shard)
    count = {kind: len(found.get(kind, [])) for kind in ("killed", "noticed", "survived", "unviable")}
    viable = count["killed"] + count["noticed"] + count["survived"]
    print(
        f"source mutants: {count['killed']} of {viable} viable ones killed, {count['noticed']} noticed, "
        f"{count['survived']} survived; {count['unviable']} do not compile"
    )
    listed, survived = known(), set(found.get("survived", []))
    if options.write:
        write(survived, listed)
        return 0
    unlisted = sorted(survived - set(listed))
    stale = sorted(set(listed) - survived) if not options.shard else []
    for one in unlisted:
        print(f"survives, and is not listed: {one}")
    for one in stale:
        print(f"is listed, and does not survive: {one}")
    return 1 if unlisted or stale else 0


if __name__ == "__main__":
    sys.exit(main())
