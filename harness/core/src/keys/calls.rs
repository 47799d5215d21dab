//! The calls that read a key back or use it: their operations and bodies.

use super::key::{Bytes, Key, Maker};
use super::material::plaintext_sent;
use crate::fixture::{Call, Operation};
use crate::kms::Failure;
use serde_json::{Value, json};

/// The operation of a call.
pub(crate) fn operation(under_test: &Operation, call: Call) -> &str {
    match call {
        Call::DescribeKey => "DescribeKey",
        Call::Encrypt => "Encrypt",
        Call::Decrypt => "Decrypt",
        Call::Sign => "Sign",
        Call::GenerateMac => "GenerateMac",
        Call::ImportSame | Call::ImportOther => "ImportKeyMaterial",
        Call::DeleteAgain => &under_test.name,
        Call::CancelKeyDeletion => "CancelKeyDeletion",
        Call::EnableKey => "EnableKey",
    }
}

/// The body of a call on this key.
pub(crate) async fn body(key: &mut Key, maker: Maker<'_>, call: Call) -> Result<Value, Failure> {
    let text = || Value::String(plaintext_sent());
    let mut body = key.body();
    match call {
        Call::DescribeKey | Call::CancelKeyDeletion | Call::EnableKey => {}
        Call::DeleteAgain => return Ok(key.kms().operation().value_for(&key.names.id)),
        Call::Encrypt => body["Plaintext"] = text(),
        Call::Decrypt => body["CiphertextBlob"] = key.ciphertext.clone().map_or(Value::Null, Value::String),
        Call::Sign => {
            body["Message"] = text();
            body["SigningAlgorithm"] = json!("ECDSA_SHA_256");
        }
        Call::GenerateMac => {
            body["Message"] = text();
            body["MacAlgorithm"] = json!(key.base.spec.replace("HMAC_", "HMAC_SHA_"));
        }
        Call::ImportSame => return key.import_body(maker, Bytes::Same).await,
        Call::ImportOther => return key.import_body(maker, Bytes::Other).await,
    }
    Ok(body)
}
