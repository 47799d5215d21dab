#!/usr/bin/env python3
"""Which faults in the reference's own source does the corpus see?

cargo-mutants changes the files of the reference that decide an answer, one place at a time, and each time the corpus
runs at the changed reference (`harness/mutation/corpus.rs`). A mutant is

  killed     a case diverges
  noticed    no case diverges, but some have no verdict, or the run does not end
  survived   every case passes

Survivors are listed in `snapshots/source-mutants.txt`, each with the reason why no client can see it. This script fails
at a survivor that is not listed or has no reason, and after a whole run at a listed mutant that does not survive.

    source_mutants.py                     run all (more than an hour)
    source_mutants.py --shard 3/40        run a part
    source_mutants.py --file verify.rs    run those of a file, or of several
    source_mutants.py --write             run all or files, and list what survives (new ones without a reason)
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = os.path.join(ROOT, "snapshots", "source-mutants.txt")
SOURCE = "harness/reference/src/"
FILES = ["operations/*.rs", "{front,resolve,json,verify,canonical,credential,key,store}.rs"]
# What only faults of our own do: a file, and functions that change nothing without such a fault.
NOT = ["operations/wrong.rs"]
NOT_FUNCTIONS = {
    "json.rs": ["has_lone_surrogate", "mutated"],
    "key.rs": ["Key::renew_material"],
    "operations/describe.rs": ["remembered"],
    "operations/named.rs": ["mutant_reading"],
    "operations/usable.rs": ["is_still_used"],
    "resolve.rs": ["mutant_reading", "handed_on", "by_prefix"],
    "store.rs": ["Store::remove"],
    "verify.rs": [
        "mutant_covers", "a_second_earlier", "mutant_readings", "remembers", "first_lines", "is_accepted_by_mutant",
        "is_refused_by_mutant", "without_blank", "with_former_headers", "replace_host",
    ],
}
NO_REASON = "no reason yet"
# The test is in the last package. With the others, dependencies have the features that they have in `cargo test`, so that
# nothing is compiled a second time.
PACKAGES = ["trentcheck"] + [f"trentcheck-{name}" for name in ("corpus", "core", "reference", "fuzz", "mutation")]
TEST = ["--locked", "--test", "corpus"]
# A condition of ours; `!config.at(…)` guards a real one.
OURS = re.compile(r"(?<![!.\w])(?:\w+\.)*at\(Point::")


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


def arguments(files):
    """What selects the mutants."""
    chosen = ["-p", "trentcheck-reference"]
    for name in files or FILES:
        chosen += ["-f", SOURCE + name]
    for name in NOT:
        chosen += ["-e", SOURCE + name]
    return chosen


def place(mutant):
    """Where a mutant is, as cargo-mutants writes it."""
    start = mutant["span"]["start"]
    return f"{mutant['file']}:{start['line']}:{start['column']}:"


def named(mutants):
    """The mutants by their names. A name has no line, which moves with every edit; equal names are numbered."""
    names, count = {}, collections.Counter()
    for mutant in mutants:
        name = mutant["file"].removeprefix(SOURCE) + ":" + mutant["name"].split(":", 3)[3]
        count[name] += 1
        names[mutant["name"]] = name if count[name] == 1 else f"{name} ({count[name]})"
    return names


def is_of_a_fault(mutant, sources):
    """Whether a mutant changes a condition or a function of one of our own faults."""
    name = (mutant["function"] or {}).get("function_name")
    if name in NOT_FUNCTIONS.get(mutant["file"].removeprefix(SOURCE), []):
        return True
    if mutant["genre"] == "FnValue":
        return False
    if mutant["file"] not in sources:
        sources[mutant["file"]] = read(mutant["file"])
    lines, start = sources[mutant["file"]], mutant["span"]["start"]
    line, at = lines[start["line"] - 1], start["column"] - 1
    begin, end = line.rfind("||", 0, at), line.find("||", at)
    term = line[begin + 2 if begin >= 0 else 0 : end if end >= 0 else None]
    if OURS.search(term if term.strip() else line[at:]):
        return True
    return any(all(OURS.search(term) for term in block.split("||")) for block in blocks(lines, start["line"] - 1))


def blocks(lines, number):
    """The conditions of the blocks of `if` around a line, as rustfmt lays them out."""
    indentation = len(lines[number]) - len(lines[number].lstrip())
    for above in range(number - 1, -1, -1):
        text = lines[above].strip()
        depth = len(lines[above]) - len(lines[above].lstrip())
        if not text or depth >= indentation or text.startswith("//"):
            continue
        indentation = depth
        first = above
        # A condition of several lines has its brace on a line of its own.
        while text == "{" and not lines[first].lstrip().startswith(("if ", "} else if ")) and first > 0:
            first -= 1
        if lines[first].lstrip().startswith(("if ", "} else if ")):
            yield " ".join(lines[first : above + 1])


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read().splitlines()


def run(shard, files, profile):
    """The outcomes of the mutants of a shard or of files: names by what the corpus says of them."""
    chosen = ["--profile", profile]
    if subprocess.run(["git", "diff", "--quiet", "HEAD", "--", SOURCE], cwd=ROOT, check=False).returncode == 1:
        sys.exit(f"{SOURCE} has changes that are not committed, and mutants are made in place: commit them first")
    # cargo-mutants leaves mutants out before it divides them, so each shard has to leave out the same ones.
    listing = ["cargo", "mutants", "--list", "--json", *arguments(files)]
    mutants = json.loads(subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout)
    sources, names = {}, named(mutants)
    ours = [mutant for mutant in mutants if is_of_a_fault(mutant, sources)]
    print(f"{len(mutants)} mutants in all, {len(ours)} of them only in faults of our own and left out", flush=True)
    # Without a mutant the corpus has to pass, or every mutant would count as killed.
    packages = [word for name in PACKAGES for word in ("-p", name)]
    subprocess.run(["cargo", "test", *chosen, *packages, *TEST], cwd=ROOT, check=True)
    out = os.path.join(ROOT, "target")
    command = ["cargo", "mutants", "--in-place", "--no-shuffle", "--output", out, "--timeout", "90", "--baseline=skip"]
    command += ["--colors=never", "--caught", "--unviable", *chosen, *arguments(files), "--test-package", ",".join(PACKAGES)]
    if shard:
        command += ["--shard", shard]
    for mutant in ours:
        command += ["--exclude-re", "^" + re.escape(place(mutant))]
    ended = subprocess.run([*command, *(f"--cargo-arg={word}" for word in TEST)], cwd=ROOT, check=False)
    # 2: some survived; 3: some did not end; the outcomes tell.
    if ended.returncode not in (0, 2, 3):
        sys.exit(f"cargo mutants ended with {ended.returncode}")
    with open(os.path.join(out, "mutants.out", "outcomes.json"), encoding="utf-8") as file:
        outcomes = json.load(file)["outcomes"]
    found = {}
    for outcome in outcomes:
        mutant = outcome["scenario"].get("Mutant") if isinstance(outcome["scenario"], dict) else None
        if mutant:
            found.setdefault(verdict(outcome), []).append(names[mutant["name"]])
    return found


def verdict(outcome):
    """What the corpus says of a mutant."""
    summary = outcome["summary"]
    known = {"Unviable": "unviable", "MissedMutant": "survived", "Timeout": "noticed"}
    if summary in known:
        return known[summary]
    if summary != "CaughtMutant":
        sys.exit(f"unexpected outcome {summary}")
    log = os.path.join(ROOT, "target", "mutants.out", outcome["log_path"])
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    return "killed" if "diverge: " in text else "noticed"


def write(survived, listed, files):
    """Lists what survived. Of files that were not run, what is listed stays."""
    by_reason = {}
    others = {one for one in listed if files and one.split(":", 1)[0] not in files}
    for one in sorted(set(survived) | others):
        by_reason.setdefault(listed.get(one, NO_REASON), []).append(one)
    with open(LIST, "w", encoding="utf-8") as file:
        file.write("# Mutants of the reference's source that the corpus does not see, by the reason why.\n")
        file.write("# Written by `.ci/source_mutants.py --write`; the reasons are ours.\n")
        for reason in sorted(by_reason):
            file.write(f"\n= {reason}\n" + "\n".join(by_reason[reason]) + "\n")


def main():
    parser = argparse.ArgumentParser(description="Runs the corpus at source mutants of the reference.")
    parser.add_argument("--shard", help="such as 3/40: this part of all mutants")
    parser.add_argument("--file", action="append", default=[], help="such as verify.rs: the mutants of this file")
    parser.add_argument("--profile", default="mutants", help="of Cargo; `test` compiles least where tests were run before")
    parser.add_argument("--write", action="store_true", help="list what survives")
    options = parser.parse_args()
    if options.shard and options.write:
        parser.error("--write needs whole files: leave out --shard")
    found = run(options.shard, options.file, options.profile)
    count = {kind: len(found.get(kind, [])) for kind in ("killed", "noticed", "survived", "unviable")}
    viable = count["killed"] + count["noticed"] + count["survived"]
    print(
        f"source mutants: {count['killed']} of {viable} viable ones killed, {count['noticed']} noticed, "
        f"{count['survived']} survived; {count['unviable']} do not compile"
    )
    listed, survived = known(), set(found.get("survived", []))
    if options.write:
        write(survived, listed, options.file)
        return 0
    unlisted = sorted(survived - set(listed))
    run_whole = {one for one in listed if not options.file or one.split(":", 1)[0] in options.file}
    stale = sorted(run_whole - survived) if not options.shard else []
    unexplained = sorted(one for one in survived if listed.get(one) == NO_REASON)
    for what, ones in (
        ("survives, and is not listed", unlisted),
        ("survives, and is listed without a reason", unexplained),
        ("is listed, and does not survive", stale),
    ):
        for one in ones:
            print(f"{what}: {one}")
    return 1 if unlisted or unexplained or stale else 0


if __name__ == "__main__":
    sys.exit(main())
