//! Encrypt, Decrypt and ReEncrypt.

use super::answer::{body, encoded};
use super::named::key_of;
use super::usable::{broken, fitting, material, usable};
use crate::call::Call;
use crate::crypto::{self, Blob};
use crate::error::Refusal;
use crate::json;
use crate::key::{Key, Usage};
use crate::mutant::Point;
use crate::pairs;
use crate::resolve::Aliases;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The longest plaintext that Encrypt accepts, in bytes.
const LONGEST_PLAINTEXT: usize = 4096;

const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

/// The members that say how one side of a call encrypts.
struct Side {
    key: &'static str,
    algorithm: &'static str,
    context: &'static str,
}

const ONLY: Side = Side { key: "KeyId", algorithm: "EncryptionAlgorithm", context: "EncryptionContext" };
const SOURCE: Side =
    Side { key: "SourceKeyId", algorithm: "SourceEncryptionAlgorithm", context: "SourceEncryptionContext" };
const DESTINATION: Side = Side {
    key: "DestinationKeyId",
    algorithm: "DestinationEncryptionAlgorithm",
    context: "DestinationEncryptionContext",
};

/// What was encrypted or decrypted, and with what.
struct Done {
    key: Key,
    algorithm: String,
    bytes: Vec<u8>,
}

pub(super) fn encrypt(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let plaintext = json::blob_within(call.members, "Plaintext", LONGEST_PLAINTEXT)?;
    let done = seal(call, &ONLY, &plaintext)?;
    Ok(body(&json!({
        "CiphertextBlob": encoded(&done.bytes), "EncryptionAlgorithm": done.algorithm, "KeyId": done.key.arn,
    })))
}

pub(super) fn decrypt(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let done = open(call, &ONLY)?;
    let plaintext = if call.shared.config.at(Point::DecryptsOtherText) { vec![0; 3] } else { done.bytes.clone() };
    Ok(body(&json!({
        "EncryptionAlgorithm": done.algorithm, "KeyId": done.key.arn, "Plaintext": encoded(&plaintext),
    })))
}

pub(super) fn re_encrypt(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let opened = open(call, &SOURCE)?;
    let sealed = seal(call, &DESTINATION, &opened.bytes)?;
    Ok(body(&json!({
        "CiphertextBlob": encoded(&sealed.bytes),
        "DestinationEncryptionAlgorithm": sealed.algorithm,
        "KeyId": sealed.key.arn,
        "SourceEncryptionAlgorithm": opened.algorithm,
        "SourceKeyId": opened.key.arn,
    })))
}

/// The encryption context as bytes that are equal for equal contexts.
pub(super) fn context(call: &Call<'_>, member: &str) -> Result<Vec<u8>, Refusal> {
    let pairs = match call.members.get(member) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(pairs)) => pairs,
        Some(_) => return Err(Refusal::bare("SerializationException")),
    };
    let mut sorted = BTreeMap::new();
    for (name, value) in pairs {
        let Value::String(value) = value else {
            return Err(Refusal::bare("SerializationException"));
        };
        sorted.insert(name, value);
    }
    Ok(if sorted.is_empty() { Vec::new() } else { json!(sorted).to_string().into_bytes() })
}

fn seal(call: &Call<'_>, side: &Side, plaintext: &[u8]) -> Result<Done, Refusal> {
    let algorithm = json::string(call.members, side.algorithm)?.unwrap_or_else(|| SYMMETRIC.to_owned());
    let context = context(call, side.context)?;
    let key = usable(call, key_of(call, side.key, Aliases::Taken)?, Usage::EncryptDecrypt)?;
    fitting(&key, &algorithm)?;
    let (material_id, material) = material(&key)?;
    let bytes = match algorithm.as_str() {
        SYMMETRIC => crypto::encrypt(&key, &material_id, &material, plaintext, &context).ok_or_else(broken)?,
        // RSA encrypts only short plaintexts.
        _ => pairs::encrypt(&algorithm, &material, plaintext)
            .ok_or_else(|| json::invalid(format!("The plaintext is too long for {algorithm} and {}.", key.spec)))?,
    };
    Ok(Done { key, algorithm, bytes })
}

/// Decrypts `CiphertextBlob`. A ciphertext of a symmetric key names its key, so the request need not.
fn open(call: &Call<'_>, side: &Side) -> Result<Done, Refusal> {
    let wrong = || Refusal::bare("InvalidCiphertextException");
    let config = &call.shared.config;
    let sealed = json::blob(call.members, "CiphertextBlob")?;
    let algorithm = json::string(call.members, side.algorithm)?.unwrap_or_else(|| SYMMETRIC.to_owned());
    let context = context(call, side.context)?;
    let in_use = |key: Key| match usable(call, key.clone(), Usage::EncryptDecrypt) {
        Err(_) if call.operation == "Decrypt" && config.at(Point::StillDecrypts) => Ok(key),
        other => other,
    };
    let named = match json::string(call.members, side.key)? {
        Some(_) => Some(in_use(key_of(call, side.key, Aliases::Taken)?)?),
        None => None,
    };
    if let Some(key) = &named {
        fitting(key, &algorithm)?;
    }
    if algorithm != SYMMETRIC {
        let key = named.ok_or_else(|| json::invalid(format!("{} is required with {algorithm}.", side.key)))?;
        let (_, material) = material(&key)?;
        let bytes = pairs::decrypt(&algorithm, &material, &sealed).ok_or_else(wrong)?;
        return Ok(Done { key, algorithm, bytes });
    }
    let sealed = Blob::parse(&sealed).ok_or_else(wrong)?;
    let found = {
        let store = call.shared.store();
        store.find(call.region, &sealed.key_id).filter(|key| key.account == call.principal.account).cloned()
    };
    let key = found.ok_or_else(wrong)?;
    if named.as_ref().is_some_and(|named| named.id != key.id) {
        return Err(Refusal::bare("IncorrectKeyException"));
    }
    let key = match in_use(key.clone()) {
        Err(_) if named.is_none() && config.at(Point::DecryptWithoutKeyIdUnchecked) => key,
        other => other?,
    };
    let material = key.materials.iter().find(|material| material.id == sealed.material_id);
    let material = material.and_then(|material| material.bytes.clone().or_else(|| key.remembered.clone()));
    let bytes = material.and_then(|material| sealed.decrypt(&material, &context)).ok_or_else(wrong)?;
    Ok(Done { key, algorithm, bytes })
}
