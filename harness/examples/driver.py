#!/usr/bin/env python3
"""Judges a KMS by the exported corpus, with Python's standard library alone: an example for drivers in other languages.

    trentcheck export --edition key-material-id > corpus.json
    AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… python3 driver.py corpus.json http://127.0.0.1:4566

It runs the cases that start from no key or from a key with imported material, and looks at the answer: status, type of the
error, body. It leaves out faults in signatures, two requests in one case, odd framings, headers and what happened to the key.
"""
import base64, hashlib, hmac, http.client, json, os, re, secrets, sys, time, uuid

CORPUS, HOST, REGION = json.load(open(sys.argv[1])), sys.argv[2].removeprefix("http://"), os.environ.get("AWS_REGION", "us-east-2")
ACCESS_KEY, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
KNOWN = {"host", "content_length", "region", "partition", "account", "absent.id", "key.id", "key.arn"}
sha256 = lambda data: hashlib.sha256(data).digest()

def exchange(method, target, headers, body, signed, clock=0, uri="/", query="", unsigned=()):
    """Signs a request, sends its bytes and returns status and body."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + clock))
    headers = [*headers, ("X-Amz-Date", date)]
    value = lambda name: " ".join(",".join(text for header, text in headers if header.lower().strip() == name).split())
    lines = "".join(f"{name}:{value(name)}\n" for name in signed)
    canonical = f"{method}\n{uri}\n{query}\n{lines}\n{';'.join(signed)}\n{sha256(body).hex()}"
    scope = f"{date[:8]}/{REGION}/{CORPUS['signing']['service']}/aws4_request"
    key = b"AWS4" + SECRET.encode()
    for part in [*scope.split("/"), f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{sha256(canonical.encode()).hex()}"]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    authorization = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={';'.join(signed)}, Signature={key.hex()}"
    lines = [f"{name}: {text}\r\n" for name, text in [*headers, ("Authorization", authorization), *unsigned]]
    connection = http.client.HTTPConnection(HOST, timeout=30)
    connection.connect()
    connection.sock.sendall(f"{method} {target} HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + body)
    answer = http.client.HTTPResponse(connection.sock, method=method)
    answer.begin()
    body = answer.read()
    connection.close()
    return answer.status, body

def call(operation, **members):
    """A call around the cases, which has to succeed."""
    body = json.dumps(members).encode()
    headers = [("Host", HOST), ("Content-Length", str(len(body))), ("Content-Type", "application/x-amz-json-1.1"),
               ("X-Amz-Target", f"TrentService.{operation}")]
    status, answer = exchange("POST", "/", headers, body, ["content-type", "host", "x-amz-date", "x-amz-target"])
    if status != 200:
        sys.exit(f"{operation} was answered {status} {answer[:300]}")
    return json.loads(answer or b"{}")

def oaep(material, public_key):
    """RSAES_OAEP_SHA_256 with an RSA key of 2048 bits and the exponent 65537: RFC 8017, section 7.1.1."""
    mask = lambda seed, size: b"".join(sha256(seed + n.to_bytes(4, "big")) for n in range(size // 32 + 1))[:size]
    xor = lambda a, b: bytes(x ^ y for x, y in zip(a, b))
    seed, data = secrets.token_bytes(32), sha256(b"") + bytes(190 - len(material)) + b"\1" + material
    data = xor(data, mask(seed, 223))
    message = b"\0" + xor(seed, mask(data, 32)) + data
    return pow(int.from_bytes(message, "big"), 65537, int.from_bytes(public_key[-261:-5], "big")).to_bytes(256, "big")

def key_with_material():
    names = call("CreateKey", Origin="EXTERNAL", KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]
    got = call("GetParametersForImport", KeyId=names["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    wrapped = oaep(secrets.token_bytes(32), base64.b64decode(got["PublicKey"]))
    call("ImportKeyMaterial", KeyId=names["KeyId"], ImportToken=got["ImportToken"], ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
         EncryptedKeyMaterial=base64.b64encode(wrapped).decode())
    return {"key.id": names["KeyId"], "key.arn": names["Arn"], "account": names["Arn"].split(":")[4]}

def is_simple(case):
    request, signing = case["request"], case["request"]["signing"]
    return (case["precondition"] in ("none", "imported-symmetric") and not case["together"] and not case["next"] and not request["delivery"]
            and set(request["templates"]) <= KNOWN - ({"account"} if case["precondition"] == "none" else set())
            and request["framing"] == "content-length" and request["times"] == 1 and signing["principal"] == "primary"
            and signing["place"] == "header" and not (signing["mutation"] or signing["order"] or signing["name_case"]))

def send(case):
    request, values = case["request"], {"host": HOST, "region": REGION, "partition": "aws", "absent.id": str(uuid.uuid4())}
    if case["precondition"] != "none":
        values |= key_with_material()
    fill = lambda text: re.sub(r"\{\{ ([a-z_.]+) \}\}", lambda found: values[found[1]], text)
    body = request["body"]
    body = fill(body["text"]).encode() if body["kind"] == "text" else bytes.fromhex(fill(body["hex"]))
    values["content_length"] = str(len(body))
    filled = lambda pairs: [(name, fill(text)) for name, text in pairs]
    _, uri, query, *_ = request["sample"]["canonical_request"].split("\n")  # no simple case has a template there
    status, answer = exchange(request["method"], fill(request["target"]), filled(request["headers"]), body, request["signing"]["signed_headers"],
                              request["signing"]["clock"], uri, query, filled(request["signing"]["unsigned"]))
    return status, answer, values

def fits(accepted, status, body, values):
    """Whether an answer is one that is accepted."""
    try:
        members = json.loads(body)
    except ValueError:
        members = None
    error, wanted = members.get("__type") if isinstance(members, dict) else None, accepted["error"] or {"kind": None}
    error = error and error.rpartition("#")[2].partition(":")[0]
    right = {None: True, "any": error, "type": error == wanted.get("name"), "not-type": error and error != wanted.get("name")}[wanted["kind"]]
    if accepted["body"]:
        arn = values.get("key.arn")
        right = not body if accepted["body"]["kind"] == "zero-bytes" else isinstance(members, dict) and members.get("KeyId") == arn
    return right and any(text in (str(status), f"{status // 100}xx") for text in accepted["status"])

wrong = judged = 0
for case in filter(is_simple, CORPUS["cases"]):
    status, body, values = send(case)
    judged += 1
    for expected in case["accepts"]:
        if expected["level"] == "must" and expected["answers"] and not any(fits(one, status, body, values) for one in expected["answers"]):
            wrong += 1
            print(f"{case['id']} ({case['edition']}): {case['title']}\n  expected {' or '.join(one['answer'] for one in expected['answers'])}"
                  f"\n  found {status} {body[:200].decode(errors='replace')}\n  {', '.join(expected['clauses'])}: {', '.join(expected['supports'])}")
print(f"{wrong} of {judged} cases diverge; {len(CORPUS['cases']) - judged} are left out")
sys.exit(1 if wrong else 0 if judged else 3)
