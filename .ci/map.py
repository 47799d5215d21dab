"""Writes the list of files in harness/README.md from the first sentence of each file's own documentation.

`map.py` checks that the list is as it would be written, and fails if not; `map.py --write` writes it. The text before
the first marker and behind the last one is written by hand, and so are the rooms' rules below.
"""
import pathlib, re, sys

MAP = pathlib.Path("harness/README.md")
BEGIN, END = "<!-- files: written by .ci/map.py -->\n", "<!-- end of files -->\n"
CRATES = [
    ("core/src", "The library from fixture to report. It knows no target by name and shares no code with `reference`.", {
        "": "Words of all stages, and parts that stand beside the stages. `lib.rs` names them in their order.",
        "fixture": "Stage 1, pure. TOML to types; refuses what contradicts itself.",
        "plan": "Stage 2, pure. A case and the names of its world become a request before it is signed.",
        "sign": "Stage 3, pure. Signs as AWS clients do, then applies at most one named fault.",
        "send": "Stage 4, the only one that opens sockets. Two lanes: `wire` (our own bytes) and `http` (reqwest).",
        "normalise": "Stage 6, pure. Removes secrets and replaces what varies. Only here text of a target becomes printable.",
        "compare": "Stage 7, pure. Answers and effects against expectations; a difference is data.",
        "report": "Stage 8, pure. Data only: serialises, deserialises, stands alone. `conclude` makes it, once.",
        "report/render": "A report as a text for other programs, one file a format. Pure.",
        "report/render/html": "What the page shows, as data. Template, style and script lie beside it.",
        "against": "What a finished run is held against: a baseline, a second target, a list of known deviations.",
        "against/deviation": "Known deviations: the file, applied to a run, written from a run.",
        "check": "One call for users of the library: settings, a run, its outcomes. Imports all stages; nothing imports it but `libtest`.",
        "baseline": "Recordings of one target on disk, in insta's format.",
        "kms": "Calls around the operation under test. A plain client looks, a guarded client acts. Imports neither `keys` nor `run`.",
        "keys": "The keys of a run: made, lent, given back, released. Imports `kms`, not `run`.",
        "recorded": "Replays recorded facts with keys of the run, and writes what it saw. Imports `kms` and `keys`, not `run`.",
        "run": "Drives the stages: one run of the selected cases at one target.",
        "export": "The corpus as plain JSON, for programs in other languages. Pure.",
        "explore": "Property mode: generated calls at a target and at a model, side by side.",
        "identity": "Credentials from the environment, profile files and processes, all handed in as text.",
        "ledger": "Lines of the ledger.",
        "sweep": "Finds and removes what a killed run left."}),
    ("reference/src", "The embedded target and its mutants. It shares no code with `core`.", {
        "": "The server, signatures, keys.",
        "explain": "Tells the author of a signer which step of a wrong signature differs.",
        "operations": "One file a family of KMS operations; `delete.rs` is the operation under test.",
        "mutant": "Wrong servers, one named fault each, and right ones that look odd (controls)."}),
    ("cli", "The command. Rooms import downwards only: `main → commands → setup → arguments`, `commands → render → edge`.", {
        "": "Entry.",
        "commands": "One file a subcommand, and what several of them share. Never parses, never formats.",
        "setup": "Turns arguments into settled settings, a target and a run that can begin. Never prints a report.",
        "arguments": "clap's structs. They never change after parsing, and never read a file or the environment.",
        "render": "A report as a person reads it. Never decides an exit code.",
        "edge": "The only ways out and in: streams, files, signals, cores. Knows no subcommand."}),
    ("mutation/src", "A package of its own, so that the reference does not depend on what judges it.", {
        "": "The corpus as a test for mutants of the reference's source."}),
    ("fuzz/src", "Fuzz targets and a soak, a package of its own, so that no other crate depends on what they need. Its tests are a short pass and the soak.", {
        "": "What drives targets, and what a soak needs.",
        "targets": "What reads bytes of others, one file a subject, each with the property that has to hold."}),
    ("tests", "One integration binary, and one for the snapshots of exchanges and screens. Core and reference meet only here, in `mutation`, in `fuzz` and in `cli`.", {
        "": "A file a subject.",
        "screens": "What users read: each screen of the command is a snapshot in `snapshots/screens`.",
        "support": "What tests share: the command, folders, servers, runs.",
        "support/hostile": "The hostile server; `harness/tests/hostile/` holds its table."}),
]

def sentence(path):
    """The first sentence of a file's `//!` lines."""
    lines = []
    for line in path.read_text().splitlines():
        if line.startswith("//!"):
            lines.append(line[3:].strip())
        elif lines or not line.startswith("#!["):
            break
    text = re.split(r"\n\n", "\n".join(lines))[0].replace("\n", " ")
    found = re.match(r"(.*?[.:?])(?= [A-Z`]|$)", text)
    return (found[1] if found else text).rstrip(":").replace("|", "\\|")

def listing():
    wrong, out = [], []
    for crate, about, rooms in CRATES:
        root = pathlib.Path("harness") / crate
        files = sorted(path for path in root.rglob("*.rs") if path.name not in ("mod.rs",))
        out.append(f"\n## `{crate}/`\n\n{about}\n")
        by_room = {}
        for path in files:
            room = path.parent.relative_to(root).as_posix().replace(".", "", 1) if path.parent != root else ""
            if not re.search(r"tests?$|properties$", path.stem) or crate == "tests":
                by_room.setdefault(room, []).append(path)
        for room in [*rooms, *sorted(set(by_room) - set(rooms))]:
            if room not in rooms and not room.endswith("tests"):
                wrong.append(f"{crate}/{room}: say in .ci/map.py what this room holds")
            if room not in by_room or room.endswith("tests"):
                continue
            out.append(f"\n**`{room or crate}`** {rooms.get(room, '')}\n\n| file | holds |\n|---|---|\n")
            for path in by_room[room]:
                text = sentence(path)
                if not text:
                    wrong.append(f"{path}: begins without a sentence in `//!`")
                out.append(f"| `{path.name}` | {text} |\n")
    return "".join(out).lstrip("\n"), wrong

def main():
    old = MAP.read_text()
    head, rest = old.split(BEGIN)
    tail = rest.split(END)[1]
    text, wrong = listing()
    new = head + BEGIN + "\n" + text + "\n" + END + tail
    if "--write" in sys.argv:
        MAP.write_text(new)
    elif new != old:
        wrong.append("harness/README.md does not list the files as they are: `python3 .ci/map.py --write`")
    print("\n".join(wrong) or f"the map lists every file: {text.count('| `')} lines")
    sys.exit(bool(wrong))

main()
