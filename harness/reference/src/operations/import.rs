//! GetParametersForImport and ImportKeyMaterial.

use super::answer::{body, encoded};
use super::named::{change, key};
use crate::call::Call;
use crate::crypto::{fits, random};
use crate::edition::Edition;
use crate::error::Refusal;
use crate::json;
use crate::key::{Expiration, Key, Material, Origin, Rotation, seconds};
use crate::mutant::Point;
use crate::resolve::Aliases;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// How long an import token is valid.
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How far ahead `ValidTo` may be.
const LONGEST_LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(super) fn parameters(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let algorithm = json::required(call.members, "WrappingAlgorithm", 1, 100)?;
    let spec = json::required(call.members, "WrappingKeySpec", 1, 100)?;
    importable(&key(call, Aliases::Refused)?)?;
    if algorithm != "RSAES_OAEP_SHA_256" || spec != "RSA_2048" {
        return Err(json::invalid("The reference wraps with RSAES_OAEP_SHA_256 under RSA_2048 only."));
    }
    let valid_to = (call.shared.config.clock)() + TOKEN_LIFE;
    let token = BASE64_STANDARD.encode(random(48));
    let arn = change(call, |key| {
        key.tokens.push((token.clone(), valid_to));
        Ok(key.arn.clone())
    })?;
    let store = call.shared.store();
    let public = encoded(&store.wrapping.public);
    Ok(body(
        &json!({ "KeyId": arn, "ImportToken": token, "PublicKey": public, "ParametersValidTo": seconds(valid_to) }),
    ))
}

pub(super) fn import(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let token = json::required(call.members, "ImportToken", 1, 8192)?;
    let wrapped = json::blob(call.members, "EncryptedKeyMaterial")?;
    let config = &call.shared.config;
    let now = (config.clock)();
    let expiration = expiration(call, now)?;
    import_type(call)?;
    let named = key(call, Aliases::Refused)?;
    importable(&named)?;
    check_token(&named, &token, now)?;
    let material = call.shared.store().wrapping.unwrap(&wrapped);
    let material = material
        .filter(|material| fits(&named.spec, material))
        .ok_or_else(|| Refusal::bare("InvalidCiphertextException"))?;
    let is_new = config.edition == Edition::KeyMaterialId
        && json::string(call.members, "ImportType")?.as_deref() == Some("NEW_KEY_MATERIAL");
    if config.at(Point::ReimportRefused) && named.current().is_some_and(|material| material.bytes.is_none()) {
        return Err(Refusal::bare("IncorrectKeyMaterialException"));
    }
    let id = change(call, |key| {
        if config.at(Point::OtherBytesAccepted) && !is_new {
            key.materials.retain(|known| known.bytes.is_some());
        }
        if config.at(Point::OldCiphertextLost) {
            // This mutant treats every import as a new material.
            key.materials.retain(|known| known.bytes.is_some());
            let id = put(key, material, expiration, is_new)?;
            key.renew_material(&id);
            return Ok(id);
        }
        let is_again = key.current().is_some_and(|known| known.bytes.is_none());
        let id = put(key, material, expiration, is_new)?;
        if is_again && config.at(Point::ImportLeavesPending) {
            key.is_disabled = true;
        }
        Ok(id)
    })?;
    match config.edition {
        Edition::KeyOnly => Ok(Vec::new()),
        Edition::KeyMaterialId => Ok(body(&json!({ "KeyId": named.arn, "KeyMaterialId": id }))),
    }
}

/// Checks `ImportType`. The first edition does not have this member and ignores it.
fn import_type(call: &Call<'_>) -> Result<(), Refusal> {
    if call.shared.config.edition == Edition::KeyMaterialId {
        json::word(call.members, "ImportType", &["NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"])?;
    }
    Ok(())
}

/// Checks that material can be imported into a key.
fn importable(key: &Key) -> Result<(), Refusal> {
    if key.origin != Origin::External {
        return Err(Refusal::new(
            "UnsupportedOperationException",
            format!("{} origin is {} which is not valid for this operation.", key.arn, key.origin.as_str()),
        ));
    }
    match key.state() {
        "PendingDeletion" => Err(Refusal::state(&key.arn, "pending deletion (or pending replica deletion)")),
        "Creating" => Err(Refusal::state(&key.arn, "creating")),
        "Updating" => Err(Refusal::state(&key.arn, "updating")),
        _ => Ok(()),
    }
}

fn check_token(key: &Key, token: &str, now: SystemTime) -> Result<(), Refusal> {
    match key.tokens.iter().find(|(known, _)| known == token) {
        None => Err(Refusal::bare("InvalidImportTokenException")),
        Some((_, valid_to)) if *valid_to < now => Err(Refusal::bare("ExpiredImportTokenException")),
        Some(_) => Ok(()),
    }
}

fn expiration(call: &Call<'_>, now: SystemTime) -> Result<Expiration, Refusal> {
    let models = ["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"];
    let model = json::word(call.members, "ExpirationModel", &models)?;
    let valid_to = call.members.get("ValidTo").filter(|value| !value.is_null());
    if valid_to.is_some_and(|value| !value.is_number()) {
        return Err(Refusal::bare("SerializationException"));
    }
    if model.as_deref() == Some("KEY_MATERIAL_DOES_NOT_EXPIRE") {
        return Ok(Expiration::Never);
    }
    let end = valid_to
        .and_then(Value::as_f64)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map(|since| SystemTime::UNIX_EPOCH + since)
        .ok_or_else(|| json::invalid("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"))?;
    if end <= now || end > now + LONGEST_LIFE {
        return Err(json::invalid("The validTo date must be in the future and at most 365 days away"));
    }
    Ok(Expiration::At(end))
}

fn put(key: &mut Key, bytes: Vec<u8>, expiration: Expiration, is_new: bool) -> Result<String, Refusal> {
    let id = key.material_id(&bytes);
    if let Some(known) = key.material_mut(&id) {
        let is_current = known.rotation == Rotation::Current;
        known.bytes = Some(bytes);
        if is_current {
            key.expiration = Some(expiration);
        }
        return Ok(id);
    }
    if key.current().is_none() {
        key.materials.push(Material { id: id.clone(), bytes: Some(bytes), rotation: Rotation::Current });
        key.expiration = Some(expiration);
        return Ok(id);
    }
    if !is_new || key.spec != "SYMMETRIC_DEFAULT" {
        return Err(Refusal::bare("IncorrectKeyMaterialException"));
    }
    if let Some(pending) = key.materials.iter().find(|material| material.rotation == Rotation::Pending) {
        return Err(Refusal::new(
            "KMSInvalidStateException",
            format!(
                "New key material (id: {id}) cannot be imported into KMS key {}, because another key material (id: {}) is pending rotation.",
                key.arn, pending.id
            ),
        ));
    }
    key.materials.push(Material { id: id.clone(), bytes: Some(bytes), rotation: Rotation::Pending });
    Ok(id)
}
