#!/usr/bin/env python3
"""What trentcheck costs beside what it is measured against, as ratios: both sides run in turn, several times, on one machine.

    python3 end_to_end.py TRENTCHECK [--pairs 5]

It needs Linux and botocore and cryptography, as in the environment that `.ci/emulators.py` makes. CPU time is the measure
where it can be: on a machine with other work it moves much less than wall time.
"""

import argparse
import json
import os
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from figures import show

KEYS = ("AKIDTRENTCHECK000001", "trentcheck-dummy-secret-primary")
REGION = "us-east-2"
LOOPS = 40  # lifecycles of a key that botocore makes in one measurement


class Serve:
    """The reference in a process of its own."""

    def __init__(self, trentcheck):
        self.command = [trentcheck, "serve"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip().removeprefix("listening on ")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

    def cpu(self):
        """Seconds of CPU so far, of all its threads."""
        return cpu_of(self.process.pid)


def cpu_of(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def run(trentcheck, url, report):
    """A whole run with a JSON report: seconds of CPU, seconds of wall time, requests."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [trentcheck, "run", "--endpoint", url, "--report", f"json={report}", "--brief"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, timeout=300)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"the run ended with {done.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, sum(json.loads(report.read_text())["runs"][0]["calls"].values())


def botocore_calls(url):
    """Seconds of CPU of each call that botocore makes, over whole lifecycles of keys. In a process of its own."""
    import botocore.config
    import botocore.session
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    config = botocore.config.Config(retries={"max_attempts": 0})
    client = botocore.session.get_session().create_client(
        "kms", REGION, endpoint_url=url, aws_access_key_id=KEYS[0], aws_secret_access_key=KEYS[1], config=config
    )
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    spent = calls = 0

    def call(operation, **members):
        nonlocal spent, calls
        began = time.process_time()
        answer = getattr(client, operation)(**members)
        spent, calls = spent + time.process_time() - began, calls + 1
        return answer

    for loop in range(LOOPS + 5):
        if loop == 5:  # connections and models are there from now on
            spent = calls = 0
        key = call("create_key", Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
        asked = call("get_parameters_for_import", KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
        wrapped = serialization.load_der_public_key(asked["PublicKey"]).encrypt(os.urandom(32), oaep)
        call(
            "import_key_material",
            KeyId=key,
            ImportToken=asked["ImportToken"],
            EncryptedKeyMaterial=wrapped,
            ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
        )
        call("describe_key", KeyId=key)
        call("delete_imported_key_material", KeyId=key)
        call("describe_key", KeyId=key)
        call("schedule_key_deletion", KeyId=key, PendingWindowInDays=7)
    return spent / calls


def start(trentcheck):
    """From the start of a run to its first connection: seconds of CPU and of wall time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.monotonic()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = subprocess.Popen([trentcheck, "run", "--endpoint", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        connection, _ = listener.accept()
        wall, cpu = time.monotonic() - began, cpu_of(process.pid)
        process.kill()
        process.wait()
        connection.close()
    return cpu, wall


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trentcheck", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--botocore-at", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.botocore_at:
        print(botocore_calls(options.botocore_at))
        return
    trentcheck = options.trentcheck.resolve()
    rows = {name: [] for name in ("ratio", "ours", "theirs", "wall", "cpu", "start_cpu", "start_wall", "requests")}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.pairs):
            with Serve(trentcheck) as server:
                before = server.cpu()
                cpu, wall, requests = run(trentcheck, server.url, pathlib.Path(folder) / "run.json")
                of_server = server.cpu() - before
            with Serve(trentcheck) as server:
                other = [sys.executable, __file__, str(trentcheck), "--botocore-at", server.url]
                theirs = float(subprocess.run(other, check=True, capture_output=True, text=True, timeout=300).stdout)
            start_cpu, start_wall = start(trentcheck)
            ours = cpu / requests
            for name, value in (
                ("ratio", ours / theirs), ("ours", ours * 1e6), ("theirs", theirs * 1e6), ("wall", wall / of_server),
                ("cpu", cpu / of_server), ("start_cpu", start_cpu * 1e3), ("start_wall", start_wall * 1e3), ("requests", requests),
            ):
                rows[name].append(value)
    print(f"{options.pairs} pairs, {round(statistics.median(rows['requests']))} requests a run")
    forms = (
        ("ratio", "CPU of a request of a whole run / CPU of a call of botocore", "{:.2f}"),
        ("ours", "  of a request of a run, µs", "{:.0f}"),
        ("theirs", "  of a call of botocore, µs", "{:.0f}"),
        ("cpu", "CPU of a run / CPU of the reference meanwhile", "{:.2f}"),
        ("wall", "wall time of a run / CPU of the reference meanwhile", "{:.2f}"),
        ("start_cpu", "CPU from start to first connection, ms", "{:.1f}"),
        ("start_wall", "wall time from start to first connection, ms", "{:.1f}"),
    )
    show(rows, forms)


if __name__ == "__main__":
    main()
