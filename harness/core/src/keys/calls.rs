//! The calls that use a key or change it: their operations and bodies.

use super::key::{Key, Maker};
use super::material::{Bytes, plaintext_sent};
use crate::fixture::Call;
use crate::kms::{Failure, mark};
use serde_json::{Value, json};

/// The public key of nobody, with which DeriveSharedSecret is asked to agree: the base point of P-256, as a
/// SubjectPublicKeyInfo in DER and base64.
const PUBLIC_KEY: &str = concat!(
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiY",
    "wpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q=="
);

/// The body of a call on this key.
pub(crate) async fn body(key: &mut Key, maker: Maker<'_>, call: Call) -> Result<Value, Failure> {
    match call {
        Call::DeleteAgain => Ok(key.kms().operation().value_for(&key.names.id)),
        Call::ImportSame => key.import_body(maker, Bytes::Same).await,
        Call::ImportLasting => key.lasting_import_body().await,
        Call::ImportOther => key.import_body(maker, Bytes::Other).await,
        _ => Ok(use_body(key, call)),
    }
}

/// The body of a call on this key that imports and deletes nothing. What was not made before is absent in it.
pub(super) fn use_body(key: &Key, call: Call) -> Value {
    let made = |value: &Option<String>| value.clone().map_or(Value::Null, Value::String);
    let text = || Value::String(plaintext_sent());
    let mut body = key.body();
    match call {
        Call::Encrypt => body["Plaintext"] = text(),
        Call::Decrypt | Call::DecryptWithoutKeyId => body["CiphertextBlob"] = made(&key.made.ciphertext),
        Call::ReEncryptFrom | Call::ReEncryptTo => {
            let (other, sealed) = key.made.other.clone().unwrap_or_default();
            return match call {
                Call::ReEncryptFrom => json!({
                    "CiphertextBlob": key.made.ciphertext, "SourceKeyId": key.names.id, "DestinationKeyId": other,
                }),
                _ => json!({ "CiphertextBlob": sealed, "SourceKeyId": other, "DestinationKeyId": key.names.id }),
            };
        }
        Call::GenerateDataKey | Call::GenerateDataKeyWithoutPlaintext => body["KeySpec"] = json!("AES_256"),
        Call::GenerateDataKeyPair | Call::GenerateDataKeyPairWithoutPlaintext => {
            body["KeyPairSpec"] = json!("ECC_NIST_P256");
        }
        Call::Sign | Call::Verify => {
            body["Message"] = text();
            body["SigningAlgorithm"] = json!("ECDSA_SHA_256");
        }
        Call::GenerateMac | Call::VerifyMac => {
            body["Message"] = text();
            body["MacAlgorithm"] = json!(key.base.spec.replace("HMAC_", "HMAC_SHA_"));
        }
        Call::DeriveSharedSecret => {
            body["KeyAgreementAlgorithm"] = json!("ECDH");
            body["PublicKey"] = json!(PUBLIC_KEY);
        }
        Call::ScheduleKeyDeletion => body["PendingWindowInDays"] = json!(mark::WINDOW_IN_DAYS),
        _ => {}
    }
    match call {
        Call::Verify => body["Signature"] = made(&key.made.signature),
        Call::VerifyMac => body["Mac"] = made(&key.made.mac),
        Call::Encrypt | Call::Decrypt if key.base.spec.starts_with("RSA") => {
            body["EncryptionAlgorithm"] = json!("RSAES_OAEP_SHA_256");
        }
        Call::DecryptWithoutKeyId => {
            body.as_object_mut().map(|members| members.remove("KeyId"));
        }
        _ => {}
    }
    body
}
