//! DeleteImportedKeyMaterial, the operation under test.

use super::answer::body;
use super::import::no_choice;
use super::named::key_id;
use super::removal::{forget, material};
use super::state::external;
use super::wrong;
use crate::call::Call;
use crate::config::{Config, Permission, SeedKind};
use crate::edition::Edition;
use crate::error::{Refusal, throttled};
use crate::json;
use crate::key::Key;
use crate::mutant::Point;
use crate::resolve::{Aliases, denied, resolve};
use serde_json::json;

/// The length of a material id, in characters.
const MATERIAL_ID: usize = 64;

pub(super) fn delete(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let config = &call.shared.config;
    let (value, material_id) = json::both(key_id(call), material_id(call))?;
    let mut store = call.shared.store();
    let key = match resolve(&store, call, &value, Aliases::Refused) {
        Err(refusal) if refusal.error == "NotFoundException" && config.at(Point::AbsentSucceeds) => {
            return Ok(Vec::new());
        }
        other => other?.clone(),
    };
    let key = wrong::followed(call, &store, key);
    let place = (key.region.as_str(), key.id.as_str());
    if let Err(refusal) = allowed(call, &key) {
        if config.at(Point::RefusalDeletes)
            || refusal.error == "AccessDeniedException" && config.at(Point::DeniedDeletes)
        {
            store.change(config, place, |key| material(key, None))?;
        }
        return Err(refusal);
    }
    if material_id.is_some() && !key.names_materials() {
        return Err(no_choice(&key, "keyMaterialId"));
    }
    if let Some(refusal) = wrong::refusal(config, &key, material_id.as_deref()) {
        return Err(refusal);
    }
    let material_id = wrong::choice(config, &key, material_id);
    let deleted = match wrong::is_kept(config, &key, material_id.as_deref()) {
        true => material_id.or_else(|| key.current().map(|material| material.id.clone())),
        false => store.change(config, place, |key| carry_out(config, key, material_id.as_deref()))?,
    };
    let tells_replicas = || key.multi_region.is_none() || !config.at(Point::WaitingStaysInReplica);
    if let Some(deleted) = deleted.as_ref().filter(|_| tells_replicas()) {
        forget(config, &mut store, &key, deleted);
    }
    wrong::besides(call, &mut store, &key, deleted.as_deref())?;
    Ok(success(config, &key, deleted))
}

/// Deletes the material and returns its id. Some mutants keep the material, or change the key besides.
fn carry_out(config: &Config, key: &mut Key, material_id: Option<&str>) -> Result<Option<String>, Refusal> {
    if wrong::remembers(config, key) {
        return Ok(key.current().map(|material| material.id.clone()));
    }
    let before = key.clone();
    let deleted = material(key, material_id)?;
    wrong::effect(config, &before, key, deleted.as_deref());
    Ok(deleted)
}

/// The body of a success. Only the answers for symmetric keys name the material.
fn success(config: &Config, key: &Key, deleted: Option<String>) -> Vec<u8> {
    if config.edition == Edition::KeyOnly {
        return Vec::new();
    }
    let deleted = deleted.filter(|_| key.names_materials() || config.at(Point::EveryKeyNamesMaterial));
    let mut answer = json!({ "KeyId": wrong::arn(config, key) });
    if let Some(deleted) = wrong::named(config, key, deleted) {
        answer["KeyMaterialId"] = json!(deleted);
    }
    body(&answer)
}

/// Checks that the caller may delete material of this key, and that the key's origin and seed allow it.
fn allowed(call: &Call<'_>, key: &Key) -> Result<(), Refusal> {
    let config = &call.shared.config;
    config.unless(Point::PermissionUnchecked, permission(call, key))?;
    config.unless(Point::OriginUnchecked, external(key))?;
    let is_waved_through = key.seed == Some(SeedKind::Creating) && config.at(Point::CreatingAccepted)
        || key.seed == Some(SeedKind::Updating) && config.at(Point::UpdatingAccepted);
    if is_waved_through { Ok(()) } else { seeded(key) }
}

/// The value of `KeyMaterialId`, which is optional. The first edition does not have this member and ignores it.
fn material_id(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    let config = &call.shared.config;
    if !call.members.contains_key("KeyMaterialId") {
        return Ok(None);
    }
    let reads = config.edition == Edition::KeyMaterialId || config.at(Point::MaterialIdInFirstEdition);
    if !reads || config.at(Point::MaterialIdIgnored) {
        return Ok(None);
    }
    let Some(id) = json::string(call.members, "KeyMaterialId")? else {
        return Ok(None);
    };
    if id.bytes().all(|byte| byte == b'0') && config.at(Point::UnknownMaterialDeletesCurrent) {
        return Ok(None);
    }
    if id.len() != MATERIAL_ID && config.at(Point::MaterialIdLengthUnchecked) {
        return Ok(None);
    }
    json::length(&id, "KeyMaterialId", MATERIAL_ID, MATERIAL_ID)?;
    if !id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        if config.at(Point::MaterialIdPatternUnchecked) {
            return Ok(Some(id.to_lowercase()).filter(|id| !id.contains('g')));
        }
        return Err(json::violation(
            &format!("Value '{id}'"),
            "KeyMaterialId",
            "Member must satisfy regular expression pattern: ^[a-f0-9]+$",
        ));
    }
    Ok(Some(id))
}

fn permission(call: &Call<'_>, key: &Key) -> Result<(), Refusal> {
    match call.principal.permission {
        Permission::Denied => Err(denied(call, &key.arn)),
        Permission::Allowed | Permission::Expired => Ok(()),
    }
}

/// The refusals of seeded keys, which no client can provoke otherwise.
fn seeded(key: &Key) -> Result<(), Refusal> {
    match key.seed {
        None => Ok(()),
        Some(SeedKind::Creating) => Err(Refusal::state(&key.arn, "creating")),
        Some(SeedKind::Updating) => Err(Refusal::state(&key.arn, "updating")),
        Some(SeedKind::Throttled) => Err(throttled()),
        Some(SeedKind::DependencyTimeout) => {
            Err(Refusal::new("DependencyTimeoutException", "The system timed out while trying to fulfill the request.")
                .with_status(500))
        }
        Some(SeedKind::Internal) => Err(Refusal::internal()),
    }
}
