//! Encrypt, Decrypt, GenerateMac and Sign.

use super::answer::{body, encoded};
use super::named::key;
use crate::call::Call;
use crate::crypto::{self, Blob};
use crate::error::Refusal;
use crate::json;
use crate::key::{Key, Usage};
use crate::mutant::Point;
use crate::resolve::Aliases;
use serde_json::json;

/// The longest plaintext that Encrypt accepts, in bytes.
const LONGEST_PLAINTEXT: usize = 4096;

pub(super) fn encrypt(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let plaintext = json::blob(call.members, "Plaintext")?;
    if plaintext.len() > LONGEST_PLAINTEXT {
        return Err(json::violation("Value", "Plaintext", "Member must have length less than or equal to 4096"));
    }
    let key = usable(call, key(call, Aliases::Taken)?, Usage::EncryptDecrypt)?;
    let (id, material) = material(&key)?;
    let sealed = crypto::encrypt(&key, &id, &material, &plaintext).ok_or_else(broken)?;
    Ok(body(
        &json!({ "CiphertextBlob": encoded(&sealed), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT", "KeyId": key.arn }),
    ))
}

pub(super) fn decrypt(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let wrong = || Refusal::bare("InvalidCiphertextException");
    let still = call.shared.config.at(Point::StillDecrypts);
    let sealed = Blob::parse(&json::blob(call.members, "CiphertextBlob")?).ok_or_else(wrong)?;
    let found = {
        let store = call.shared.store();
        store.find(call.region, &sealed.key_id).filter(|key| key.account == call.principal.account).cloned()
    };
    let key = found.ok_or_else(wrong)?;
    if json::string(call.members, "KeyId")?.is_some() && super::named::key(call, Aliases::Taken)?.id != key.id {
        return Err(Refusal::bare("IncorrectKeyException"));
    }
    let key = if still { key } else { usable(call, key, Usage::EncryptDecrypt)? };
    let material = key.materials.iter().find(|material| material.id == sealed.material_id);
    let material = material.and_then(|material| material.bytes.clone().or_else(|| key.remembered.clone()));
    let is_other = call.shared.config.at(Point::DecryptsOtherText);
    let plaintext = material.and_then(|material| sealed.decrypt(&material)).ok_or_else(wrong)?;
    let plaintext = if is_other { vec![0; 3] } else { plaintext };
    Ok(body(&json!({ "EncryptionAlgorithm": "SYMMETRIC_DEFAULT", "KeyId": key.arn, "Plaintext": encoded(&plaintext) })))
}

pub(super) fn generate_mac(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let message = json::blob(call.members, "Message")?;
    let algorithm = json::required(call.members, "MacAlgorithm", 1, 100)?;
    let key = usable(call, key(call, Aliases::Taken)?, Usage::GenerateVerifyMac)?;
    fitting(&key, &algorithm)?;
    let (_, material) = material(&key)?;
    let mac = crypto::mac(&key.spec, &material, &message);
    Ok(body(&json!({ "KeyId": key.arn, "Mac": encoded(&mac), "MacAlgorithm": algorithm })))
}

pub(super) fn sign(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let message = json::blob(call.members, "Message")?;
    let algorithm = json::required(call.members, "SigningAlgorithm", 1, 100)?;
    message_type(call)?;
    let key = usable(call, key(call, Aliases::Taken)?, Usage::SignVerify)?;
    fitting(&key, &algorithm)?;
    let (_, material) = material(&key)?;
    let signature = crypto::sign(&material, &message).ok_or_else(broken)?;
    Ok(body(&json!({ "KeyId": key.arn, "Signature": encoded(&signature), "SigningAlgorithm": algorithm })))
}

/// Refuses every message type but `RAW`. The reference hashes what it signs, and a digest must not be hashed again.
fn message_type(call: &Call<'_>) -> Result<(), Refusal> {
    match json::string(call.members, "MessageType")?.as_deref() {
        None | Some("RAW") => Ok(()),
        Some(other) => Err(json::invalid(format!("The reference signs no messages of type {other}."))),
    }
}

/// Checks that a key has this usage and that its state allows it.
fn usable(call: &Call<'_>, mut key: Key, usage: Usage) -> Result<Key, Refusal> {
    key.expire((call.shared.config.clock)());
    if key.usage != usage {
        return Err(Refusal::new(
            "InvalidKeyUsageException",
            format!("{} key usage is {} which is not valid for this operation.", key.arn, key.usage.as_str()),
        ));
    }
    let config = &call.shared.config;
    let still = match usage {
        Usage::EncryptDecrypt => config.at(Point::StillEncrypts),
        Usage::GenerateVerifyMac => config.at(Point::StillMacs),
        Usage::SignVerify => config.at(Point::StillSigns),
    };
    match key.state() {
        "Enabled" if key.marks.contains(&Point::ReimportUnusable) && usage != Usage::EncryptDecrypt => {
            Err(Refusal::state(&key.arn, "pending import"))
        }
        "Enabled" => Ok(key),
        "PendingImport" if still && key.current().is_some() => Ok(key),
        "Disabled" => Err(Refusal::new("DisabledException", format!("{} is disabled.", key.arn))),
        "PendingImport" => Err(Refusal::state(&key.arn, "pending import")),
        "PendingDeletion" => Err(Refusal::state(&key.arn, "pending deletion (or pending replica deletion)")),
        other => Err(Refusal::state(&key.arn, &other.to_lowercase())),
    }
}

fn fitting(key: &Key, algorithm: &str) -> Result<(), Refusal> {
    let (_, algorithms) = key.algorithms();
    if algorithms.iter().any(|known| known == algorithm) {
        return Ok(());
    }
    Err(Refusal::new(
        "InvalidKeyUsageException",
        format!("Algorithm {algorithm} is incompatible with key spec {}.", key.spec),
    ))
}

fn material(key: &Key) -> Result<(String, Vec<u8>), Refusal> {
    key.current()
        .and_then(|material| Some((material.id.clone(), material.bytes.clone().or_else(|| key.remembered.clone())?)))
        .ok_or_else(|| Refusal::state(&key.arn, "pending import"))
}

/// The refusal for input that the cryptographic library rejects although the reference had checked it.
fn broken() -> Refusal {
    Refusal::new("KMSInternalException", "An internal exception occurred.").with_status(500)
}
