#!/usr/bin/env python3
"""botocore drives the reference through the whole lifecycle and decodes every error to its typed exception."""

import sys

import botocore.config
import botocore.exceptions
import botocore.session
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

URL, EDITION = sys.argv[1:]


def client(name, access_key_id, token=None):
    return botocore.session.Session().create_client(
        "kms",
        region_name="us-east-2",
        endpoint_url=URL,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=f"trentcheck-dummy-secret-{name}",
        aws_session_token=token,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


def material(kms, key_id, content):
    parameters = kms.get_parameters_for_import(
        KeyId=key_id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
    )
    public = serialization.load_der_public_key(parameters["PublicKey"])
    sha = hashes.SHA256()
    wrapped = public.encrypt(content, padding.OAEP(mgf=padding.MGF1(algorithm=sha), algorithm=sha, label=None))
    kms.import_key_material(
        KeyId=key_id,
        ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=wrapped,
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )


def refused(kms, expected, status=400, **request):
    try:
        kms.delete_imported_key_material(**request)
    except botocore.exceptions.ClientError as error:
        found = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
        assert found == (expected, status), f"expected {expected} {status}, found {found}"
        typed = getattr(kms.exceptions, expected, botocore.exceptions.ClientError)
        assert isinstance(error, typed), f"{expected} is not decoded to its type"
    else:
        raise AssertionError(f"expected {expected}, found a success")


def state(kms, key_id):
    return kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"]


def main():
    kms = client("primary", "AKIDTRENTCHECK000001")
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
    content = bytes(range(32))
    material(kms, key["KeyId"], content)
    assert state(kms, key["KeyId"]) == "Enabled"
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"text")["CiphertextBlob"]
    answer = kms.delete_imported_key_material(KeyId=key["Arn"])
    members = set(answer) - {"ResponseMetadata"}
    # A client of today knows the second edition; the first one's empty body is legal for it all the same.
    assert members == ({"KeyId", "KeyMaterialId"} if EDITION == "key-material-id" else set()), members
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36
    assert state(kms, key["KeyId"]) == "PendingImport"
    material(kms, key["KeyId"], content)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"text"
    kms.create_alias(AliasName="alias/botocore", TargetKeyId=key["KeyId"])
    refused(kms, "InvalidArnException", KeyId="alias/botocore")
    kms.delete_alias(AliasName="alias/botocore")
    refused(kms, "NotFoundException", KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
    refused(kms, "UnsupportedOperationException", KeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    seed = "5eed0000-0000-4000-8000-0000000000"
    refused(kms, "KMSInvalidStateException", KeyId=seed + "01")
    refused(kms, "DependencyTimeoutException", 500, KeyId=seed + "03")
    refused(kms, "KMSInternalException", 500, KeyId=seed + "04")
    refused(kms, "ThrottlingException", KeyId=seed + "05")
    refused(client("denied", "AKIDTRENTCHECK000003"), "AccessDeniedException", KeyId=key["KeyId"])
    token = "trentcheck-dummy-session-token-"
    refused(client("expired", "ASIATRENTCHECK000005", token + "expired"), "ExpiredTokenException", KeyId=key["KeyId"])
    client("session", "ASIATRENTCHECK000002", token + "session").delete_imported_key_material(KeyId=key["KeyId"])
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    kms.delete_imported_key_material(KeyId=key["KeyId"])
    assert state(kms, key["KeyId"]) == "PendingDeletion"
    print(f"botocore {botocore.__version__}: lifecycle and errors, edition {EDITION}")


main()
