//! Signed calls of the reference's operations. The first line of an input names the operation, the rest is the body.

use super::server::{Wait, answers, said};
use serde_json::Value;
use std::time::SystemTime;
use trentcheck_core::http::{Delivery, Framing, Header, Request};
use trentcheck_core::sign::{Credentials, Signing, sign};

pub(super) const WORDS: &[&str] = &[
    "CancelKeyDeletion\n",
    "CreateAlias\n",
    "CreateGrant\n",
    "CreateKey\n",
    "Decrypt\n",
    "DeleteAlias\n",
    "DeleteImportedKeyMaterial\n",
    "DeriveSharedSecret\n",
    "DescribeKey\n",
    "DisableKey\n",
    "EnableKeyRotation\n",
    "Encrypt\n",
    "GenerateDataKey\n",
    "GenerateMac\n",
    "GetKeyPolicy\n",
    "GetParametersForImport\n",
    "GetPublicKey\n",
    "ImportKeyMaterial\n",
    "ListAliases\n",
    "ListGrants\n",
    "ListKeyRotations\n",
    "ListKeys\n",
    "ListResourceTags\n",
    "PutKeyPolicy\n",
    "ReEncrypt\n",
    "ReplicateKey\n",
    "RotateKeyOnDemand\n",
    "ScheduleKeyDeletion\n",
    "Sign\n",
    "TagResource\n",
    "UntagResource\n",
    "UpdateAlias\n",
    "UpdatePrimaryRegion\n",
    "Verify\n",
    "VerifyMac\n",
    "\"KeyId\":",
    "\"5eed0000-0000-4000-8000-000000000001\"",
    "\"alias/a\"",
    "\"arn:aws:kms:us-east-2:111122223333:key/",
    "\"Origin\":\"EXTERNAL\"",
    "\"KeySpec\":\"SYMMETRIC_DEFAULT\"",
    "\"Plaintext\":\"\"",
    "\"Limit\":",
    "\"Marker\":",
    "null",
    "{",
    "[",
    "\"\"",
    "\\ud800",
    "1e400",
    "\"KeyMaterialId\":",
];

/// Every call has one answer of the protocol: a success with JSON or nothing, or an error with a type. What is no JSON is
/// never a success.
pub(super) fn check(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let operation: String =
        bytes[..at].iter().filter(|byte| byte.is_ascii_alphanumeric()).map(|byte| char::from(*byte)).collect();
    let body = bytes.get(at + 1..).unwrap_or_default();
    let said = said(&signed(&operation, body), Wait::Answer);
    let answers = answers(&said);
    let [answer] = answers.as_slice() else { panic!("{} answers: {}", answers.len(), said.escape_ascii()) };
    let json = serde_json::from_slice::<Value>(&answer.body);
    match answer.status {
        200 => {
            assert!(
                serde_json::from_slice::<Value>(body).is_ok_and(|body| body.is_object()),
                "{}",
                said.escape_ascii()
            );
            assert!(answer.body.is_empty() || json.is_ok_and(|json| json.is_object()), "{}", said.escape_ascii());
        }
        400 | 500 | 503 => assert!(json.is_ok_and(|json| json["__type"].is_string()), "{}", said.escape_ascii()),
        _ => panic!("{}", said.escape_ascii()),
    }
}

fn signed(operation: &str, body: &[u8]) -> Vec<u8> {
    let request = Request {
        method: "POST".to_owned(),
        target: "/".to_owned(),
        headers: vec![
            Header::new("Host", "127.0.0.1"),
            Header::new("X-Amz-Target", format!("TrentService.{operation}")),
            Header::new("Content-Type", "application/x-amz-json-1.1"),
            Header::new("Content-Length", body.len().to_string()),
        ],
        body: body.to_vec(),
        framing: Framing::ContentLength,
        delivery: Delivery::AtOnce,
    };
    let credentials = Credentials {
        access_key_id: "AKIDTRENTCHECK000001".to_owned(),
        secret_access_key: "trentcheck-dummy-secret-primary".to_owned(),
        session_token: None,
    };
    let request = sign(request, &Signing::plain(credentials, "us-east-2", SystemTime::now())).unwrap().request;
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method, request.target).into_bytes();
    for header in &request.headers {
        bytes.extend([header.name.as_bytes(), b": ", header.value.as_slice(), b"\r\n"].concat());
    }
    [bytes.as_slice(), b"\r\n", &request.body].concat()
}
