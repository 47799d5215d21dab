//! Sign, Verify, GenerateMac, VerifyMac, GetPublicKey and DeriveSharedSecret.

use super::answer::{body, encoded};
use super::named::key;
use super::usable::{broken, fitting, in_use, material, usable};
use crate::call::Call;
use crate::crypto;
use crate::error::Refusal;
use crate::json;
use crate::key::{Key, Usage};
use crate::pairs;
use crate::resolve::Aliases;
use serde_json::json;

/// The longest message, in bytes.
const LONGEST_MESSAGE: usize = 4096;

pub(super) fn sign(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let asked = asked(call, "SigningAlgorithm", Usage::SignVerify)?;
    let signature = pairs::sign(&asked.algorithm, &asked.material, &asked.message).ok_or_else(broken)?;
    Ok(body(&json!({
        "KeyId": asked.key.arn, "Signature": encoded(&signature), "SigningAlgorithm": asked.algorithm,
    })))
}

pub(super) fn verify(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let signature = json::blob(call.members, "Signature")?;
    let asked = asked(call, "SigningAlgorithm", Usage::SignVerify)?;
    if !pairs::verify(&asked.algorithm, &asked.material, &asked.message, &signature) {
        return Err(Refusal::bare("KMSInvalidSignatureException"));
    }
    Ok(body(&json!({ "KeyId": asked.key.arn, "SignatureValid": true, "SigningAlgorithm": asked.algorithm })))
}

pub(super) fn generate_mac(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let asked = asked(call, "MacAlgorithm", Usage::GenerateVerifyMac)?;
    let mac = crypto::mac(&asked.key.spec, &asked.material, &asked.message);
    Ok(body(&json!({ "KeyId": asked.key.arn, "Mac": encoded(&mac), "MacAlgorithm": asked.algorithm })))
}

pub(super) fn verify_mac(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let mac = json::blob(call.members, "Mac")?;
    let asked = asked(call, "MacAlgorithm", Usage::GenerateVerifyMac)?;
    if crypto::mac(&asked.key.spec, &asked.material, &asked.message) != mac {
        return Err(Refusal::bare("KMSInvalidMacException"));
    }
    Ok(body(&json!({ "KeyId": asked.key.arn, "MacAlgorithm": asked.algorithm, "MacValid": true })))
}

pub(super) fn public_key(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let key = key(call, Aliases::Taken)?;
    if !key.spec.starts_with("RSA") && !key.spec.starts_with("ECC") {
        return Err(Refusal::bare("UnsupportedOperationException"));
    }
    let key = in_use(call, key)?;
    let (_, material) = material(&key)?;
    let public = pairs::public(&key.spec, &material).ok_or_else(broken)?;
    let (algorithms, names) = key.algorithms();
    Ok(body(&json!({
        "CustomerMasterKeySpec": key.spec,
        algorithms: names,
        "KeyId": key.arn,
        "KeySpec": key.spec,
        "KeyUsage": key.usage.as_str(),
        "PublicKey": encoded(&public),
    })))
}

pub(super) fn derive(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let algorithm = json::required_word(call.members, "KeyAgreementAlgorithm", &["ECDH"])?;
    let public = json::blob(call.members, "PublicKey")?;
    let key = usable(call, key(call, Aliases::Taken)?, Usage::KeyAgreement)?;
    let (_, material) = material(&key)?;
    let secret = pairs::agree(&material, &public)
        .ok_or_else(|| json::invalid(format!("The public key is no key of spec {}.", key.spec)))?;
    Ok(body(&json!({
        "KeyAgreementAlgorithm": algorithm,
        "KeyId": key.arn,
        "KeyOrigin": key.origin.as_str(),
        "SharedSecret": encoded(&secret),
    })))
}

/// A message, and the key and algorithm that are to be used.
struct Asked {
    key: Key,
    algorithm: String,
    material: Vec<u8>,
    message: Vec<u8>,
}

fn asked(call: &Call<'_>, algorithm: &str, usage: Usage) -> Result<Asked, Refusal> {
    let message = json::blob_within(call.members, "Message", LONGEST_MESSAGE)?;
    let algorithm = json::required(call.members, algorithm, 1, 100)?;
    message_type(call)?;
    let key = usable(call, key(call, Aliases::Taken)?, usage)?;
    fitting(&key, &algorithm)?;
    let (_, material) = material(&key)?;
    Ok(Asked { key, algorithm, material, message })
}

/// Refuses every message type but `RAW`. The reference hashes what it signs, and a digest must not be hashed again.
fn message_type(call: &Call<'_>) -> Result<(), Refusal> {
    match json::string(call.members, "MessageType")?.as_deref() {
        None | Some("RAW") => Ok(()),
        Some(other) => Err(json::invalid(format!("The reference signs no messages of type {other}."))),
    }
}
