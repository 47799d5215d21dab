#!/usr/bin/env python3
"""A KMS emulator in miniature: symmetric keys with imported material, in memory, with Python's standard library alone.

`python3 kms.py 4566` listens on 127.0.0.1:4566. It knows one access key. It has two known deviations: see known.toml.
"""
import base64, hashlib, hmac, json, re, secrets, sys, threading, time, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCESS_KEY, SECRET = "AKIDTRENTCHECK000001", "trentcheck-dummy-secret-primary"  # what trentcheck signs with by default
REGION, ACCOUNT, TYPE = "us-east-2", "111122223333", "application/x-amz-json-1.1"
# The RSA key that wraps material. It is published here, so it is for tests only.
P = int(
    "e6c9ff5de9688a7ba6f0051d5cd83e492a01fe7a16a17e4516dac55201b63e80ab54470e86474d6bf1f3dba5f4b198f8e4de6234"
    "529e452788a208a3554b95b634ad482858d519e3b87a0efda586d727643fcb072c1ab7449e389ae03c76dae45d53ed07a865b505"
    "9bd5b494436586e0bef11ee20b1fdf9cea26093e595b9ad7", 16)
Q = int(
    "da8d22750de13e2efeaa8e6f1ef8b7b5fd792fa4012f5d452012fd6b7b5765ed0e3ae3d7cfcceed341d8f00162480e3530f34375"
    "0e4ff5f97e27b51c239aae657f91d44d9dd77bfe204873b08d8b952508e8e7686d0efddd21cf296fa44e474859e90f929133b7ab"
    "1074ff0992779ec4842b18f6bff78fef52edbd6d68e273a5", 16)
N, D, KEYS, LOCK = P * Q, pow(65537, -1, (P - 1) * (Q - 1)), {}, threading.Lock()
# SubjectPublicKeyInfo in DER: all bytes before and after N are the same for every such key.
PUBLIC_KEY = bytes.fromhex(f"30820122300d06092a864886f70d01010105000382010f003082010a0282010100{N:0512x}0203010001")

class Refused(Exception):
    def __init__(self, error, message="", status=400):
        self.status, self.body = status, {"__type": error, "message": message}

def sha256(data):
    return hashlib.sha256(data).digest()

def unwrap(wrapped):
    """RSAES_OAEP_SHA_256: RFC 8017, section 7.1.2."""
    mask = lambda seed, size: b"".join(sha256(seed + n.to_bytes(4, "big")) for n in range(size // 32 + 1))[:size]
    xor = lambda a, b: bytes(x ^ y for x, y in zip(a, b))
    number = int.from_bytes(wrapped, "big")
    m, n = pow(number, D % (P - 1), P), pow(number, D % (Q - 1), Q)  # four times as fast as pow(number, D, N)
    message = (n + (m - n) * pow(Q, -1, P) % P * Q).to_bytes(256, "big")
    data = xor(message[33:], mask(xor(message[1:33], mask(message[33:], 32)), 223))
    padding, _, material = data[32:].partition(b"\1")
    if message[0] or data[:32] != sha256(b"") or padding.strip(b"\0"):
        raise Refused("InvalidCiphertextException")
    return material

CLAIM = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/kms/aws4_request, ?"
                   r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})")

def check_signature(method, target, headers, body):
    """SigV4 in the header Authorization, by ACCESS_KEY."""
    value = lambda name: " ".join(",".join(headers.get_all(name, [])).split())
    if not value("authorization"):
        raise Refused("MissingAuthenticationTokenException")
    claim, date = CLAIM.fullmatch(value("authorization")), value("x-amz-date")
    if not claim or not re.fullmatch(r"\d{8}T\d{6}Z", date):
        raise Refused("IncompleteSignatureException")
    access_key, day, region, signed, signature = claim.groups()
    if access_key != ACCESS_KEY:
        raise Refused("UnrecognizedClientException")
    age = time.time() - time.mktime(time.strptime(date, "%Y%m%dT%H%M%SZ")) + time.timezone
    must = {"host", "x-amz-date", "x-amz-target"} & {name.lower() for name in headers} | {"host"}
    if abs(age) > 300 or day != date[:8] or region != REGION or not must <= set(signed.split(";")):
        raise Refused("InvalidSignatureException", "the time, the scope or the signed headers are wrong")
    path, _, query = target.partition("?")
    query = "&".join(sorted(pair if "=" in pair else pair + "=" for pair in query.split("&") if pair))
    lines = "".join(f"{name}:{value(name)}\n" for name in signed.split(";"))
    canonical = f"{method}\n{path}\n{query}\n{lines}\n{signed}\n{sha256(body).hex()}"
    text, key = f"AWS4-HMAC-SHA256\n{date}\n{day}/{region}/kms/aws4_request\n{sha256(canonical.encode()).hex()}", "AWS4" + SECRET
    for part in (day, region, "kms", "aws4_request", text):
        key = hmac.new(key.encode() if isinstance(key, str) else key, part.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(key.hex(), signature):
        raise Refused("InvalidSignatureException", "the signature is not that of the request")

def member(body, name):
    if not isinstance(body.get(name), (str, type(None))):
        raise Refused("SerializationException", f"{name} is not a string")
    return body.get(name)

def find(body):
    name = member(body, "KeyId")
    if not name or not name.isascii():
        raise Refused("ValidationException", "KeyId is absent, empty or not valid")
    arn = re.fullmatch(r"arn:aws:kms:([^:]*):([^:]*):key/(.*)", name)
    if "alias/" in name or name.startswith("arn:") and not arn:
        raise Refused("InvalidArnException", f"Invalid arn {name}")
    if arn and arn[1] == REGION and arn[2] != ACCOUNT:
        raise Refused("AccessDeniedException", f"not authorized to use {name}")
    key = KEYS.get(arn[3] if arn else name)
    if not key or arn and arn[1] != REGION:
        raise Refused("NotFoundException", f"Key '{name}' does not exist")
    return key

def find_external(body):
    key = find(body)
    if key["Origin"] != "EXTERNAL":
        raise Refused("UnsupportedOperationException", f"{key['Arn']} origin is {key['Origin']}")
    return key

def find_in(body, *states):
    key = find(body)
    if key["KeyState"] not in states:
        error = "DisabledException" if key["KeyState"] == "Disabled" else "KMSInvalidStateException"
        raise Refused(error, f"{key['Arn']} is {key['KeyState']}")
    return key

def set_state(key, state):
    key.update(KeyState=state, Enabled=state == "Enabled")

def create(body):
    if body.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT" or body.get("MultiRegion"):
        raise Refused("UnsupportedOperationException", "only symmetric keys of one Region")
    id, origin = str(uuid.uuid4()), body.get("Origin", "AWS_KMS")
    KEYS[id] = {"KeyId": id, "Arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}", "AWSAccountId": ACCOUNT, "Origin": origin,
                "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "KeyManager": "CUSTOMER", "MultiRegion": False,
                "Description": body.get("Description", ""), "CreationDate": time.time(), "_material": None}
    set_state(KEYS[id], "PendingImport" if origin == "EXTERNAL" else "Enabled")
    return describe({"KeyId": id})

def describe(body):
    return {"KeyMetadata": {name: value for name, value in find(body).items() if name[0] != "_"}}

def get_parameters(body):
    key = find_external(body)
    key["_token"] = base64.b64encode(secrets.token_bytes(32)).decode()
    public_key = base64.b64encode(PUBLIC_KEY).decode()
    return {"KeyId": key["Arn"], "ImportToken": key["_token"], "PublicKey": public_key, "ParametersValidTo": time.time() + 86400}

def import_material(body):
    key = find_external(body)
    find_in(body, "PendingImport", "Enabled", "Disabled")
    if body.get("ImportToken") != key.get("_token") or body.get("ImportType") == "NEW_KEY_MATERIAL":
        raise Refused("InvalidImportTokenException")
    id = sha256(key["KeyId"].encode() + unwrap(base64.b64decode(body["EncryptedKeyMaterial"]))).hex()
    model = body.get("ExpirationModel", "KEY_MATERIAL_EXPIRES")
    key.update(_material=id, CurrentKeyMaterialId=id, ExpirationModel=model, ValidTo=body.get("ValidTo"))
    if model == "KEY_MATERIAL_DOES_NOT_EXPIRE":
        del key["ValidTo"]
    set_state(key, "Enabled")
    return {"KeyId": key["Arn"], "KeyMaterialId": id}

def delete_material(body):
    material = member(body, "KeyMaterialId")
    if material is not None and not re.fullmatch("[0-9a-f]{64}", material):
        raise Refused("ValidationException", "KeyMaterialId is not valid")
    key = find_external(body)
    if material and material != key["_material"]:
        raise Refused("NotFoundException", f"Key material {material} does not exist")
    for name in ("CurrentKeyMaterialId", "ExpirationModel", "ValidTo"):
        key.pop(name, None)
    if key["KeyState"] != "PendingDeletion":
        set_state(key, "PendingImport")
    return {"KeyId": key["Arn"], **({"KeyMaterialId": key["_material"]} if key["_material"] else {})}

def schedule(body):
    key = find_in(body, "PendingImport", "Enabled", "Disabled")
    key["DeletionDate"] = time.time() + 86400 * body.get("PendingWindowInDays", 30)
    set_state(key, "PendingDeletion")
    return {"KeyId": key["Arn"], "DeletionDate": key["DeletionDate"], "KeyState": "PendingDeletion"}

def cancel(body):
    key = find_in(body, "PendingDeletion")
    del key["DeletionDate"]
    set_state(key, "Disabled" if "CurrentKeyMaterialId" in key or key["Origin"] == "AWS_KMS" else "PendingImport")
    return {"KeyId": key["Arn"]}

def encrypt(body):  # keeps no secret: the ciphertext is the key's id and the plaintext
    blob = json.dumps([find_in(body, "Enabled")["KeyId"], body["Plaintext"]]).encode()
    return {"KeyId": find(body)["Arn"], "CiphertextBlob": base64.b64encode(blob).decode()}

def decrypt(body):
    id, plaintext = json.loads(base64.b64decode(body["CiphertextBlob"]))
    return {"KeyId": find_in({"KeyId": id}, "Enabled")["Arn"], "Plaintext": plaintext}

OPERATIONS = {
    "CreateKey": create, "DescribeKey": describe, "GetParametersForImport": get_parameters, "ImportKeyMaterial": import_material,
    "DeleteImportedKeyMaterial": delete_material, "ScheduleKeyDeletion": schedule, "CancelKeyDeletion": cancel,
    "EnableKey": lambda body: set_state(find_in(body, "Enabled", "Disabled"), "Enabled"),
    "DisableKey": lambda body: set_state(find_in(body, "Enabled", "Disabled"), "Disabled"),
    "Encrypt": encrypt, "Decrypt": decrypt,
}

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept
    wbufsize = 1 << 16  # an answer is one write

    def answer(self):
        values = {name: self.headers.get_all(name, []) for name in ("Host", "Content-Length", "Content-Type", "X-Amz-Target")}
        if any(len(lines) != 1 for lines in values.values()) or not values["Content-Length"][0].isdigit():
            self.close_connection = True  # what follows may be a body
            raise Refused("ValidationException", "Host, Content-Length, Content-Type or X-Amz-Target is not there once")
        body = self.rfile.read(int(values["Content-Length"][0]))
        if (self.command, self.path.partition("?")[0], values["Content-Type"][0].partition(";")[0].lower()) != ("POST", "/", TYPE):
            raise Refused("UnknownOperationException", status=404)
        check_signature(self.command, self.path, self.headers, body)
        service, _, name = values["X-Amz-Target"][0].partition(".")
        if service != "TrentService" or name not in OPERATIONS:
            raise Refused("UnknownOperationException")
        try:
            members = json.loads(body.decode())
        except (ValueError, RecursionError):
            members = None
        if not isinstance(members, dict):
            raise Refused("SerializationException", "the body is not a JSON object")
        with LOCK:
            return OPERATIONS[name](members)

    def do_POST(self):
        try:
            body, status = self.answer(), 200
        except Refused as refused:
            body, status = refused.body, refused.status
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": TYPE, "Content-Length": len(text), "x-amzn-RequestId": uuid.uuid4()}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else text)

    do_GET = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_TRACE = do_POST
    log_message = lambda *_: None

if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 4566), Handler)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
