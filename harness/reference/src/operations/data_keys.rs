//! GenerateDataKey and GenerateDataKeyPair, with and without the plaintext.

use super::answer::{body, encoded};
use super::encryption::context;
use super::named::key;
use super::usable::{broken, fitting, material, usable};
use crate::call::Call;
use crate::crypto;
use crate::error::Refusal;
use crate::json;
use crate::key::Usage;
use crate::pairs;
use crate::resolve::Aliases;
use serde_json::{Value, json};

/// The most bytes that a data key can have.
const MOST: i64 = 1024;

pub(super) fn with_plaintext(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let data_key = crypto::random(length(call)?);
    let mut answer = sealed(call, "CiphertextBlob", &data_key)?;
    answer["Plaintext"] = encoded(&data_key);
    Ok(body(&answer))
}

pub(super) fn without_plaintext(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let data_key = crypto::random(length(call)?);
    Ok(body(&sealed(call, "CiphertextBlob", &data_key)?))
}

pub(super) fn pair_with_plaintext(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let (mut answer, private) = pair(call)?;
    answer["PrivateKeyPlaintext"] = encoded(&private);
    Ok(body(&answer))
}

pub(super) fn pair_without_plaintext(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    Ok(body(&pair(call)?.0))
}

fn pair(call: &Call<'_>) -> Result<(Value, Vec<u8>), Refusal> {
    let specs = ["RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256"];
    let spec = json::required_word(call.members, "KeyPairSpec", &specs)?;
    let private = pairs::generated(&spec);
    let mut answer = sealed(call, "PrivateKeyCiphertextBlob", &private)?;
    answer["KeyPairSpec"] = json!(spec);
    answer["PublicKey"] = encoded(&pairs::public(&spec, &private).ok_or_else(broken)?);
    Ok((answer, private))
}

/// The answer with a data key that the named key encrypted.
fn sealed(call: &Call<'_>, member: &str, data_key: &[u8]) -> Result<Value, Refusal> {
    let context = context(call, "EncryptionContext")?;
    let key = usable(call, key(call, Aliases::Taken)?, Usage::EncryptDecrypt)?;
    fitting(&key, "SYMMETRIC_DEFAULT")?;
    let (id, material) = material(&key)?;
    let sealed = crypto::encrypt(&key, &id, &material, data_key, &context).ok_or_else(broken)?;
    Ok(json!({ member: encoded(&sealed), "KeyId": key.arn }))
}

/// The length of the data key, in bytes. A request gives it or a spec.
fn length(call: &Call<'_>) -> Result<usize, Refusal> {
    let spec = json::word(call.members, "KeySpec", &["AES_128", "AES_256"])?;
    let number = json::integer(call.members, "NumberOfBytes")?;
    match (spec.as_deref(), number) {
        (Some("AES_128"), None) => Ok(16),
        (Some(_), None) => Ok(32),
        (None, Some(_)) => {
            let number = json::integer_in(call.members, "NumberOfBytes", 1..=MOST)?;
            Ok(number.and_then(|number| usize::try_from(number).ok()).unwrap_or_default())
        }
        _ => Err(json::invalid("Please specify either number of bytes or key spec.")),
    }
}
