"""Fails if files of a crate import each other in a circle, or if an import goes against the directions below.

What a file with modules below it re-exports counts as an import of the file that defines it. Tests are not read: an
item for tests ends at the first line of its indentation that closes it, as rustfmt lays it out.
"""
import collections, pathlib, re, sys, tempfile

CRATES = {"core": "harness/core/src/lib.rs", "reference": "harness/reference/src/lib.rs", "cli": "harness/cli/main.rs"}
# What a crate must not name nor depend on. The packages that know both would bring the other along.
BOTH = ["trentcheck_fuzz", "trentcheck_mutation"]
STRANGERS = {"core": ["trentcheck_reference", *BOTH], "reference": ["trentcheck_core", *BOTH], "cli": BOTH}
# The first four have the words of all.
STAGES = ["http", "json", "text", "arn", "fixture", "plan", "sign", "send", "observe", "normalise", "compare"]
DIRECTIONS = {  # crate: room (a folder, in core also a file, beside the crate's root): the rooms that it may import
    "core": {stage: STAGES[:number] for number, stage in enumerate(STAGES)},
    "cli": {"commands": ["setup", "arguments", "render", "edge"], "setup": ["arguments", "edge"],
            "arguments": ["edge"], "render": ["edge"], "edge": []}}
FEWEST_FILES = 50  # with fewer, the sources were not found
NOISE = re.compile(r"""//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\[^']+|\\'|[^\\'])'""", re.S)
TEST = re.compile(r"^( *)#\[cfg\(test\)\] *\n(?:.*\n)*?\1(?:(?:pub\S* )?mod (\w+);|\S.*;|\}) *\n", re.M)
USE = re.compile(r"(?:\bpub(?:\([^)]*\))?\s+)?\buse\s+([\w:{][^;]*);")

def leaves(tree):
    """The paths of a `use` tree, each with the name that it gets here."""
    join = lambda found: ",".join(found[1].strip() + part.strip() for part in found[2].split(",") if part.strip())
    while "{" in tree:  # the innermost braces first
        tree = re.sub(r"([\w:\s]*)\{([^{}]*)\}", join, tree)
    for path, _, alias in (path.strip().partition(" as ") for path in tree.split(",")):
        path = tuple(re.sub(r"::self$", "", path).split("::"))
        yield alias or path[-1], path

class Crate:  # its files by their modules; `edges` has what each names of which others
    def __init__(self, root):
        self.files, self.uses, self.text, paths, tests = {}, {}, "", {}, set()
        for file in (file for file in sorted(root.parent.rglob("*.rs")) if not file.stem.endswith("tests")):
            name = file.relative_to(root.parent)
            module = () if file == root else name.parts[:-1] if file.name == "mod.rs" else name.with_suffix("").parts
            whole = NOISE.sub(lambda noise: "" if noise[0][0] == "/" else '""', file.read_text())
            text = TEST.sub("", whole)
            tests |= {module + (item[2],) for item in TEST.finditer(whole)}
            if re.search(r"\bmod\s+\w+\s*\{", text):
                sys.exit(f"{file}: an inline module cannot be read; give it a file of its own")
            self.files[module], self.text = name, self.text + whole
            self.uses[module] = [leaf for tree in USE.findall(text) for leaf in leaves(tree)]
            inline = re.findall(r"(?<![\w:])[a-z]\w*(?:::\w+)+", USE.sub("", text))
            paths[module] = [path for _, path in self.uses[module]] + [tuple(path.split("::")) for path in inline]
        self.files = {module: file for module, file in self.files.items()
                      if not any(module[:length] in tests for length in range(len(module) + 1))}
        self.parents = {module[:-1] for module in self.files if module}
        self.edges = {module: collections.defaultdict(set) for module in self.files}
        for module, path in ((module, path) for module in self.files for path in paths[module]):
            target, name = self.resolve(module, path) or (module, "")
            if target != module:
                self.edges[module][target].add(name)

    def resolve(self, module, path, seen=()):
        """The module whose file a path names, and what it names of it; nothing for a folder or another crate."""
        keys, base = ("crate", "self", "super"), () if path[0] == "crate" else module
        is_local = path[0] in keys or module + path[:1] in self.files
        while path and is_local and (path[0] in keys or base + path[:1] in self.files):
            base = base[:-1] if path[0] == "super" else base if path[0] in keys else base + path[:1]
            path = path[1:]
        if not path or (base, path) in seen:
            return None if path or base in self.parents else (base, base[-1])
        follows = [used for name, used in self.uses[base] if name == path[0] and (base in self.parents or not is_local)]
        found = (self.resolve(base, used + path[1:], seen + ((base, path),)) for used in follows)
        return next(filter(None, found), None) if follows or not is_local else (base, path[0])

def circles(edges):
    """The strongly connected components of more than one file, by Tarjan's algorithm."""
    lowest, stack, found = {}, [], []
    def visit(file):
        if file not in lowest:
            lowest[file], number, at = len(lowest), len(lowest), len(stack)
            stack.append(file)
            lowest[file] = min([number, *map(visit, edges[file])])
            if lowest[file] == number:
                found.append(sorted(stack[at:]))
                del stack[at:]
                lowest.update(dict.fromkeys(found[-1], len(edges)))  # done with: lower than none
        return lowest[file]
    list(map(visit, edges))
    return [circle for circle in found if len(circle) > 1]

def check(name, crate):
    """What is wrong with the imports of a crate."""
    line = lambda file, to: f"\n  {crate.files[file]} -> {crate.files[to]}: {', '.join(sorted(crate.edges[file][to]))}"
    for circle in circles(crate.edges):
        lines = [line(file, to) for file in circle for to in circle if to in crate.edges[file]]
        yield f"{name}: {len(circle)} files import each other in a circle{''.join(lines)}"
    for file, to, rules in ((file, to, DIRECTIONS.get(name, {})) for file in crate.edges for to in crate.edges[file]):
        room, other = (crate.files[module].parts[0].removesuffix(".rs") for module in (file, to))
        if room in rules and other not in [room, *rules[room]] and (name == "core" or len(crate.files[file].parts) > 1):
            yield f"{name}: `{room}` must not import `{other}`{line(file, to)}"
    for stranger in STRANGERS.get(name, []):
        if re.search(rf"\b{stranger}\b", crate.text):
            yield f"{name}: the crate must not name {stranger}"

def depends(name, manifest):
    """Whether a crate depends on one that it must not know, be it for its tests alone."""
    for stranger in (stranger.replace("_", "-") for stranger in STRANGERS.get(name, [])):
        if re.search(rf"\b{stranger}\b", re.sub("#.*", "", manifest)):
            yield f"{name}: the crate must not depend on {stranger}, not for its tests either"

def self_test():
    for manifest, count in (("[dev-dependencies]\ntrentcheck-core.workspace = true", 1), ("name = \"trentcheck-reference\"", 0),
                            ("[dev-dependencies.trentcheck-core]", 1), ("x = { package = \"trentcheck-core\" }", 1),
                            ("[dev-dependencies]\ntrentcheck-fuzz.workspace = true", 1)):
        assert len(list(depends("reference", manifest))) == count, manifest
    a, d = "use crate::{\n    c::{self, Deep as D},\n};\nfn f() { c::g() }", "use super::super::b;\nfn g() -> b::B {}"
    b = "struct B;\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n"
    sources = {"lib.rs": "#[cfg(test)]\nmod t;", "a.rs": a, "t.rs": a, "c/d.rs": d, "c/mod.rs": "pub use d::{Deep, g};"}
    circle = ["a.rs -> c/d.rs: Deep, g", "b.rs -> a.rs: A", "c/d.rs -> b.rs: B, b"]
    for end, expected in (("", []), ("fn f() -> super::a::A {}", [circle])):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "c").mkdir()
            for name, text in {**sources, "b.rs": b + end}.items():
                pathlib.Path(folder, name).write_text(text)
            found = [wrong.split("\n  ")[1:] for wrong in check("", Crate(pathlib.Path(folder, "lib.rs")))]
        assert found == expected, found

if __name__ == "__main__":
    if "--self-test" in sys.argv:
        sys.exit(self_test())
    crates = {name: Crate(pathlib.Path(root)) for name, root in CRATES.items()}
    files = sum(len(crate.files) for crate in crates.values())
    imports = sum(len(names) for crate in crates.values() for names in crate.edges.values())
    wrong = [f"only {files} files were read"] if files < FEWEST_FILES else []
    wrong += [wrong for name, crate in crates.items() for wrong in check(name, crate)]
    manifest = lambda root: next(folder / "Cargo.toml" for folder in pathlib.Path(root).parents if (folder / "Cargo.toml").exists())
    wrong += [wrong for name, root in CRATES.items() for wrong in depends(name, manifest(root).read_text())]
    print("\n".join(wrong or [f"no circle: {files} files with {imports} imports"]))
    sys.exit(1 if wrong else 0)
