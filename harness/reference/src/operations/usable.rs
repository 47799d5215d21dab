//! Checks that a key can be used, and finds the material that is used.

use super::state::{enabled, pending_import};
use crate::call::Call;
use crate::error::Refusal;
use crate::key::{Key, Usage};
use crate::mutant::Point;

/// Checks that a key has this usage, then that its state allows it.
pub(super) fn usable(call: &Call<'_>, key: Key, usage: Usage) -> Result<Key, Refusal> {
    if key.usage != usage {
        return Err(Refusal::new(
            "InvalidKeyUsageException",
            format!("{} key usage is {} which is not valid for this operation.", key.arn, key.usage.as_str()),
        ));
    }
    in_use(call, key)
}

/// Checks that a key is enabled.
pub(super) fn in_use(call: &Call<'_>, key: Key) -> Result<Key, Refusal> {
    if key.state() == "PendingImport" && key.current().is_some() && is_still_used(call) {
        return Ok(key);
    }
    enabled(&key)?;
    if key.marks.contains(&Point::ReimportUnusable) && key.usage != Usage::EncryptDecrypt {
        return Err(pending_import(&key));
    }
    Ok(key)
}

/// Whether a mutant carries out the operation without material.
fn is_still_used(call: &Call<'_>) -> bool {
    let point = match call.operation {
        "Encrypt" | "Decrypt" => Point::StillEncrypts,
        "GenerateMac" => Point::StillMacs,
        "Sign" => Point::StillSigns,
        "VerifyMac" => Point::StillVerifiesMacs,
        "Verify" => Point::StillVerifies,
        "GetPublicKey" => Point::StillShowsPublicKey,
        "DeriveSharedSecret" => Point::StillDerives,
        "ReEncrypt" => Point::StillReEncrypts,
        _ => Point::StillGeneratesDataKeys,
    };
    call.shared.config.at(point)
}

/// Checks that an algorithm is one of the key's spec.
pub(super) fn fitting(key: &Key, algorithm: &str) -> Result<(), Refusal> {
    let (_, algorithms) = key.algorithms();
    if algorithms.iter().any(|known| known == algorithm) {
        return Ok(());
    }
    Err(Refusal::new(
        "InvalidKeyUsageException",
        format!("Algorithm {algorithm} is incompatible with key spec {}.", key.spec),
    ))
}

/// The current material: its id and its bytes.
pub(super) fn material(key: &Key) -> Result<(String, Vec<u8>), Refusal> {
    key.current()
        .and_then(|material| Some((material.id.clone(), material.bytes.clone().or_else(|| key.remembered.clone())?)))
        .ok_or_else(|| pending_import(key))
}

/// The refusal for input that the cryptographic library rejects although the reference had checked it.
pub(super) fn broken() -> Refusal {
    Refusal::internal()
}
