#!/usr/bin/env python3
"""Judged exchanges beside those of other clients, at one minimal server: all in turn, several times, as ratios.

    cargo build --release -p trentcheck-benches
    python3 exchange.py target/release/exchange [--pairs 5] [--million]

It needs Linux with two cores: the server has one of its own. `wrk` has to be installed, botocore as in the environment that
`.ci/emulators.py` makes; `hurl` is measured where it is installed.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from figures import show

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
BODY = f'{{"KeyId":"{KEY}"}}'
OPERATION = "TrentService.DeleteImportedKeyMaterial"
TYPE = "application/x-amz-json-1.1"
KEYS = ("AKIDTRENTCHECK000001", "trentcheck-dummy-secret-primary")
ON_ITS_CORE = ["taskset", "-c", "1"]
ON_THE_OTHER = ["taskset", "-c", "0"]


class Serve:
    """The minimal server, on a core of its own."""

    def __init__(self, exchange):
        self.command = [*ON_ITS_CORE, exchange, "serve"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        return self.process.stdout.readline().strip()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)


def output(command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=600, **more).stdout


def judged(exchange, url, lane, connections, count):
    """Exchanges a second, CPU of one in µs, KiB of memory at most."""
    words = output([*ON_THE_OTHER, exchange, "judge", url, lane, str(connections), str(count)]).split()
    return float(words[0]), float(words[1]), int(words[2])


def wrk(url, connections, folder, more=""):
    """Requests a second of fixed bytes, unsigned, whose answers nobody reads; `more` is a line of the script."""
    script = folder / "post.lua"
    script.write_text(
        f"wrk.method = 'POST'\nwrk.body = '{BODY}'\n"
        f"wrk.headers['Content-Type'] = '{TYPE}'\nwrk.headers['X-Amz-Target'] = '{OPERATION}'\n"
        f"{more}\n"
    )
    command = [*ON_THE_OTHER, "wrk", "-t1", f"-c{connections}", "-d3s", "-s", str(script), url]
    return float(re.search(r"Requests/sec:\s*([\d.]+)", output(command)).group(1))


def botocore(url, count):
    """Calls a second on one connection. In a process of its own."""
    return float(output([*ON_THE_OTHER, sys.executable, __file__, "--botocore-at", url, "--count", str(count)]))


def botocore_calls(url, count):
    import botocore.config
    import botocore.exceptions
    import botocore.session

    config = botocore.config.Config(retries={"max_attempts": 0})
    client = botocore.session.get_session().create_client(
        "kms", "us-east-2", endpoint_url=url, aws_access_key_id=KEYS[0], aws_secret_access_key=KEYS[1], config=config
    )

    def calls(number):
        for _ in range(number):
            try:
                client.delete_imported_key_material(KeyId=KEY)
            except botocore.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == "NotFoundException"

    calls(20)
    began = time.monotonic()
    calls(count)
    return count / (time.monotonic() - began)


def hurl(url, folder, count):
    """Requests a second on one connection, signed by hurl, with one assertion."""
    file = folder / "delete.hurl"
    file.write_text(
        f"POST {url}/\nContent-Type: {TYPE}\nX-Amz-Target: {OPERATION}\n[Options]\n"
        f"aws-sigv4: aws:amz:us-east-2:kms\nuser: {KEYS[0]}:{KEYS[1]}\n```\n{BODY}\n```\nHTTP 400\n"
        '[Asserts]\njsonpath "$.__type" == "NotFoundException"\n'
    )
    command = [*ON_THE_OTHER, "hurl", "--no-output", "--repeat", str(count), str(file)]
    began = time.monotonic()
    output(command)
    return count / (time.monotonic() - began)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exchange", type=pathlib.Path, nargs="?")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--million", action="store_true", help="measure the memory of a million exchanges too")
    parser.add_argument("--botocore-at", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=1000, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.botocore_at:
        print(botocore_calls(options.botocore_at, options.count))
        return
    if not options.exchange:
        parser.error("EXCHANGE is missing")
    if shutil.which("wrk") is None:
        parser.error("wrk is not installed")
    exchange = str(options.exchange.resolve())
    has_hurl = shutil.which("hurl") is not None
    rows = {}

    def add(name, value):
        rows.setdefault(name, []).append(value)

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for _ in range(options.pairs):
            with Serve(exchange) as url:
                fixed = wrk(url, 64, folder)
                wire, cost, _ = judged(exchange, url, "wire", 64, 60_000)
                http = judged(exchange, url, "http", 64, 12_000)[0]
                add("wire", wire / fixed), add("http", http / fixed), add("wrk", fixed), add("cost", cost)
                anew = wrk(url, 64, folder, "wrk.headers['Connection'] = 'close'")
                add("anew", anew / fixed), add("http-anew", http / anew)
                one = judged(exchange, url, "wire", 1, 20_000)[0]
                add("one", one), add("botocore", one / botocore(url, 1000))
                if has_hurl:
                    add("hurl", one / hurl(url, folder, 2000))
        if options.million:
            with Serve(exchange) as url:
                for count in (20_000, 1_000_000):
                    print(f"{count} judged exchanges: {judged(exchange, url, 'wire', 64, count)[2] / 1024:.1f} MiB at most")
    print(f"{options.pairs} pairs")
    forms = (
        ("wrk", "requests a second of wrk, 64 connections", "{:.0f}"),
        ("wire", "  judged exchanges in the wire lane, 64 connections / wrk", "{:.2f}"),
        ("http", "  judged exchanges in the http lane, 64 connections / wrk", "{:.2f}"),
        ("anew", "  wrk with a new connection for each / wrk", "{:.2f}"),
        ("http-anew", "  judged exchanges in the http lane / wrk with a new connection for each", "{:.2f}"),
        ("cost", "  CPU of one in the wire lane, µs", "{:.1f}"),
        ("one", "judged exchanges a second, one connection", "{:.0f}"),
        ("botocore", "  / calls of botocore", "{:.1f}"),
        ("hurl", "  / requests of hurl with SigV4 and one assertion", "{:.1f}"),
    )
    show(rows, forms)


if __name__ == "__main__":
    main()
