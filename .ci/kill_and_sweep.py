#!/usr/bin/env python3
"""Kills runs at random moments and sweeps after each: no key of a run may stay, no other key may change.

usage: kill_and_sweep.py TRENTCHECK [COUNT [SEED]]
"""
import collections
import datetime
import hashlib
import hmac
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

REGION = "us-east-2"
BATCH = 20
FRONT = {"Content-Type": "application/x-amz-json-1.1"}
ACCESS, SECRET = "AKIDTRENTCHECK000001", "trentcheck-dummy-secret-primary"


def sign(host, target, body):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/{REGION}/kms/aws4_request"
    signed = "host;x-amz-date;x-amz-target"
    digest = hashlib.sha256(body).hexdigest()
    canonical = f"POST\n/\n\nhost:{host}\nx-amz-date:{now}\nx-amz-target:{target}\n\n{signed}\n{digest}"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in (now[:8], REGION, "kms", "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    authorization = f"AWS4-HMAC-SHA256 Credential={ACCESS}/{scope}, SignedHeaders={signed}, Signature={key.hex()}"
    return {**FRONT, "X-Amz-Date": now, "X-Amz-Target": target, "Authorization": authorization}


def call(address, operation, **members):
    body = json.dumps(members).encode()
    headers = sign(address, f"TrentService.{operation}", body)
    request = urllib.request.Request(f"http://{address}/", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else {}


def listed(address, operation, member, **members):
    items = []
    while True:
        page = call(address, operation, **members)
        items += page[member]
        if not page["Truncated"]:
            return items
        members["Marker"] = page["NextMarker"]


def state(address, key):
    metadata = call(address, "DescribeKey", KeyId=key)["KeyMetadata"]
    tags = call(address, "ListResourceTags", KeyId=key)["Tags"]
    return metadata, tags


def serve(binary):
    server = subprocess.Popen([binary, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in server.stdout:
        for word in line.split():
            if word.startswith("http://127.0.0.1:"):
                return server, word.removeprefix("http://").rstrip("/,")
    raise SystemExit("the reference did not start")


def main():
    binary = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TRENTCHECK_", "AWS_"))}
    total = collections.Counter()
    # A new server from time to time, since a sweep looks at every key that there is.
    for done in range(0, count, BATCH):
        server, address = serve(binary)
        try:
            with tempfile.TemporaryDirectory() as folder:
                total += work(binary, address, min(BATCH, count - done), chance, environment, os.path.join(folder, "run.ledger"))
        finally:
            server.kill()
            server.wait()
    print(f"{total['killed']} of {total['rounds']} runs killed, {total['made']} keys made by them, {total['left']} of those alive when the "
          f"process was gone, {total['unsure']} times with a CreateKey under way; afterwards none was left, and {total['foreign']} foreign "
          f"keys and aliases were as before, looked at after each")
    if count >= 10 and not total["left"]:
        raise SystemExit("no kill left a key: nothing was shown")


def work(binary, address, count, chance, environment, ledger):
    run = "0123456789ab"
    tag = lambda value: [{"TagKey": "trentcheck-run", "TagValue": value}]
    plain = [
        {},
        {"Description": f"trentcheck {run}"},
        {"Tags": tag(run)},
        {"Description": f"trentcheck {run}", "Tags": tag("ba9876543210")},
        {"Description": f"a trentcheck {run}", "Tags": tag(run)},
        {"Description": "trentcheck production", "Tags": tag("production")},
    ]
    foreign = [call(address, "CreateKey", **members)["KeyMetadata"]["KeyId"] for members in plain]
    call(address, "CreateAlias", AliasName=f"alias/trentcheck-{run}-key-1", TargetKeyId=foreign[0])
    before = {key: state(address, key) for key in foreign}
    known = {item["KeyId"] for item in listed(address, "ListKeys", "Keys")}
    command = [binary, "run", "--endpoint", f"http://{address}", "--ledger", ledger, "--jobs", "4"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "cwd": os.path.dirname(ledger)}
    began = time.monotonic()
    subprocess.run(command, check=False, **quiet)
    whole = time.monotonic() - began
    rounds = killed = made = left_by_kill = unsure = 0
    wrong = []
    # A run that ends before its moment comes is swept and looked at like the others, but not counted.
    while killed < count:
        rounds += 1
        number = rounds
        started = time.monotonic()
        process = subprocess.Popen(command, **quiet)
        # From before the first byte of the ledger to the usual end of the run.
        moment = chance.uniform(0, whole)
        try:
            process.wait(moment)
            whole = min(whole, time.monotonic() - started)
        except subprocess.TimeoutExpired:
            pass
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
        new = {item["KeyId"] for item in listed(address, "ListKeys", "Keys")} - known
        made += len(new)
        left = [key for key in new if state(address, key)[0]["KeyState"] != "PendingDeletion"]
        left_by_kill += len(left)
        if os.path.exists(ledger):
            labels, told = set(), set()
            for line in open(ledger, encoding="utf-8").read().split("\n"):
                record = json.loads(line) if line.endswith("}") else {}
                if record.get("event") == "intent":
                    labels.add((record["run"], record["label"]))
                if record.get("event") in ("created", "refused"):
                    told.add((record["run"], record["label"]))
            unsure += bool(labels - told)
            swept = subprocess.run([binary, "sweep", "--ledger", ledger], capture_output=True, text=True, env=environment, cwd=os.path.dirname(ledger))
            if swept.returncode:
                wrong.append(f"round {number}: sweep ended with {swept.returncode}: {swept.stdout}{swept.stderr}")
        new |= {item["KeyId"] for item in listed(address, "ListKeys", "Keys")} - known
        known |= new
        for key in new:
            found = state(address, key)[0]["KeyState"]
            if found != "PendingDeletion":
                wrong.append(f"round {number}: key {key} is {found}")
        for key in foreign:
            if state(address, key) != before[key]:
                wrong.append(f"round {number}: foreign key {key} changed: {state(address, key)}")
    names = [alias["AliasName"] for alias in listed(address, "ListAliases", "Aliases")]
    if names != [f"alias/trentcheck-{run}-key-1"]:
        wrong.append(f"aliases afterwards: {names}")
    if wrong:
        raise SystemExit("\n".join(wrong))
    foreign_things = len(foreign) + len(names)
    return collections.Counter(killed=killed, rounds=rounds, made=made, left=left_by_kill, unsure=unsure, foreign=foreign_things)


main()
