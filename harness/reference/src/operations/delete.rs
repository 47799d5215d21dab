//! DeleteImportedKeyMaterial, the operation under test.

use super::answer::body;
use super::named::key_id;
use crate::call::Call;
use crate::config::{Config, Permission, SeedKind};
use crate::edition::Edition;
use crate::error::{Refusal, throttled};
use crate::json;
use crate::key::{Expiration, Key, Origin, Rotation};
use crate::mutant::Point;
use crate::resolve::{Aliases, denied, resolve};
use crate::store::Store;
use serde_json::json;

/// The length of a material id, in characters.
const MATERIAL_ID: usize = 64;

pub(super) fn delete(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let config = &call.shared.config;
    let (value, material_id) = json::both(key_id(call), material_id(call))?;
    let mut store = call.shared.store();
    let key = match resolve(&store, call, &value, Aliases::Refused) {
        Err(refusal) if config.at(Point::AbsentSucceeds) && refusal.error == "NotFoundException" => {
            return Ok(Vec::new());
        }
        other => other?,
    };
    let (id, arn, region) = (key.id.clone(), key.arn.clone(), key.region.clone());
    if let Err(refusal) = allowed(call, key) {
        if config.at(Point::RefusalDeletes)
            || config.at(Point::DeniedDeletes) && refusal.error == "AccessDeniedException"
        {
            store.change(config, (&region, &id), |key| material(key, None))?;
        }
        return Err(refusal);
    }
    if let Some(refusal) = mutant_refusal(call, key) {
        return Err(refusal);
    }
    let material_id = mutant_choice(config, key, material_id);
    let deleted = match is_kept(config, key) {
        true => key.current().map(|material| material.id.clone()),
        false => store.change(config, (&region, &id), |key| carry_out(config, key, material_id.as_deref()))?,
    };
    if config.at(Point::OtherKeyDamaged) {
        damage_another(&mut store, call, &id)?;
    }
    if config.at(Point::KeyGone) {
        store.remove(&region, &id);
    }
    Ok(success(config, &arn, deleted))
}

/// Deletes the material and returns its id. Some mutants keep the material, or change the key besides.
fn carry_out(config: &Config, key: &mut Key, material_id: Option<&str>) -> Result<Option<String>, Refusal> {
    let is_pending_deletion = key.deletion.is_some();
    let keeps = [Point::StillEncrypts, Point::StillDecrypts, Point::StillSigns, Point::StillMacs];
    if keeps.into_iter().any(|point| config.at(point)) {
        key.remembered = key.current().and_then(|material| material.bytes.clone()).or(key.remembered.take());
    }
    if is_pending_deletion && config.at(Point::PendingDeletionKeepsMaterial) {
        return Ok(key.current().map(|material| material.id.clone()));
    }
    let deleted = material(key, material_id);
    mutant_effect(config, key, is_pending_deletion);
    deleted
}

/// The body of a success.
fn success(config: &Config, arn: &str, deleted: Option<String>) -> Vec<u8> {
    match config.edition {
        Edition::KeyOnly => Vec::new(),
        Edition::KeyMaterialId => {
            let mut answer = json!({ "KeyId": arn });
            if let Some(deleted) = deleted {
                let deleted = if config.at(Point::AnotherMaterialNamed) { "0".repeat(MATERIAL_ID) } else { deleted };
                answer["KeyMaterialId"] = json!(deleted);
            }
            body(&answer)
        }
    }
}

/// The material that a mutant deletes instead of the requested one. Without a mutant it is the requested one.
fn mutant_choice(config: &Config, key: &Key, requested: Option<String>) -> Option<String> {
    let requested = requested.filter(|_| !config.at(Point::PendingRotationDeletesCurrent));
    if config.at(Point::DeletesPendingInstead) && requested.is_none() {
        let pending = key.materials.iter().find(|material| material.rotation == Rotation::Pending);
        return pending.map(|material| material.id.clone());
    }
    requested
}

/// Whether a mutant leaves this key as it is and answers with a success.
fn is_kept(config: &Config, key: &Key) -> bool {
    config.at(Point::DeletesNothing)
        || key.state() == "Disabled"
            && (config.at(Point::DisabledHmacKept) && key.spec.starts_with("HMAC")
                || config.at(Point::DisabledEccKept) && key.spec.starts_with("ECC"))
}

/// Checks that the caller may delete material of this key, and that the key's origin and seed allow it.
fn allowed(call: &Call<'_>, key: &Key) -> Result<(), Refusal> {
    let config = &call.shared.config;
    if !config.at(Point::PermissionUnchecked) {
        permission(call, key)?;
    }
    if !config.at(Point::OriginUnchecked) {
        origin(key)?;
    }
    let is_waved_through = config.at(Point::CreatingAccepted) && key.seed == Some(SeedKind::Creating)
        || config.at(Point::UpdatingAccepted) && key.seed == Some(SeedKind::Updating);
    if is_waved_through { Ok(()) } else { seeded(key) }
}

/// The refusal of a mutant that does not accept the key.
fn mutant_refusal(call: &Call<'_>, key: &Key) -> Option<Refusal> {
    let config = &call.shared.config;
    let state = key.state();
    let was_imported = key.current().is_some();
    let refuses = config.at(Point::PendingDeletionRefused) && state == "PendingDeletion"
        || config.at(Point::SecondDeleteRefused) && state == "PendingImport" && was_imported
        || config.at(Point::NeverImportedRefused) && state == "PendingImport" && !was_imported
        || config.at(Point::DisabledRefused) && state == "Disabled"
        || config.at(Point::ExpiringRefused) && matches!(key.expiration, Some(Expiration::At(_)))
        || config.at(Point::HmacRefused) && key.spec.starts_with("HMAC")
        || config.at(Point::EccRefused) && key.spec.starts_with("ECC")
        || config.at(Point::MultiRegionRefused) && key.multi_region;
    let is_second = state == "PendingImport" && was_imported;
    if is_second
        && (config.at(Point::SecondHmacDeleteFails) && key.spec.starts_with("HMAC")
            || config.at(Point::SecondEccDeleteFails) && key.spec.starts_with("ECC"))
    {
        return Some(Refusal::bare("InternalFailure").with_status(500));
    }
    if config.at(Point::NeverImportedNotFound) && state == "PendingImport" && !was_imported {
        return Some(Refusal::new("NotFoundException", "There is no key material."));
    }
    refuses.then(|| Refusal::state(&key.arn, "in the wrong state"))
}

/// Changes the key in the way of a mutant, after the deletion.
fn mutant_effect(config: &Config, key: &mut Key, is_pending_deletion: bool) {
    for mark in [
        Point::BecomesDisabled,
        Point::EnabledFlagLeft,
        Point::ExpirationModelLeft,
        Point::ValidToLeft,
        Point::DescriptionLost,
        Point::DescribeDrifts,
        Point::ReimportUnusable,
        Point::MaterialIdCleared,
        Point::NeverImportedEnabled,
    ] {
        let is_never_imported = key.materials.is_empty();
        // A key pending deletion gets no mark: the cases about such keys could not tell the mark's effect from the
        // state before the call.
        if config.at(mark) && !is_pending_deletion && (mark != Point::NeverImportedEnabled || is_never_imported) {
            key.marks.push(mark);
        }
    }
    if is_pending_deletion && config.at(Point::DeletionDateMoved) {
        key.deletion = key.deletion.map(|date| date + std::time::Duration::from_secs(3600));
    }
    if is_pending_deletion && config.at(Point::DeletionDateLost) {
        key.marks.push(Point::DeletionDateLost);
    }
    if is_pending_deletion && config.at(Point::PendingDeletionReset) {
        key.deletion = None;
    }
}

fn damage_another(store: &mut Store, call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let others: Vec<String> = store
        .of(call.region, &call.principal.account)
        .filter(|key| key.id != id && key.seed.is_none() && key.state() == "Enabled" && key.current().is_some())
        .map(|key| key.id.clone())
        .collect();
    for other in others {
        store.change(&call.shared.config, (call.region, &other), |key| material(key, None))?;
    }
    Ok(())
}

/// The value of `KeyMaterialId`, which is optional. The first edition does not have this member and ignores it.
fn material_id(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    let config = &call.shared.config;
    let reads = config.edition == Edition::KeyMaterialId || config.at(Point::MaterialIdInFirstEdition);
    if !reads || config.at(Point::MaterialIdIgnored) {
        return Ok(None);
    }
    let Some(id) = json::string(call.members, "KeyMaterialId")? else {
        return Ok(None);
    };
    if config.at(Point::UnknownMaterialDeletesCurrent) && id.bytes().all(|byte| byte == b'0') {
        return Ok(None);
    }
    if config.at(Point::MaterialIdLengthUnchecked) && id.len() != MATERIAL_ID {
        return Ok(None);
    }
    json::length(&id, "KeyMaterialId", MATERIAL_ID, MATERIAL_ID)?;
    if config.at(Point::MaterialIdPatternUnchecked) {
        return Ok(Some(id.to_lowercase()).filter(|id| !id.contains('g')));
    }
    if !id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
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

fn origin(key: &Key) -> Result<(), Refusal> {
    if key.origin == Origin::External {
        return Ok(());
    }
    Err(Refusal::new(
        "UnsupportedOperationException",
        format!("{} origin is {} which is not valid for this operation.", key.arn, key.origin.as_str()),
    ))
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
        Some(SeedKind::Internal) => {
            Err(Refusal::new("KMSInternalException", "An internal exception occurred.").with_status(500))
        }
    }
}

/// Deletes a material and returns its id. Without `wanted` it deletes the material in use, if the key has one.
fn material(key: &mut Key, wanted: Option<&str>) -> Result<Option<String>, Refusal> {
    let current = key.current().map(|material| material.id.clone());
    let Some(id) = wanted.map(str::to_owned).or(current) else {
        return Ok(None);
    };
    let arn = key.arn.clone();
    let Some(material) = key.material_mut(&id) else {
        return Err(Refusal::new("NotFoundException", format!("Key material '{id}' of key '{arn}' does not exist")));
    };
    material.bytes = None;
    if material.rotation == Rotation::Current {
        key.expiration = None;
        // A disabled key does not stay disabled: the next import enables it.
        key.is_disabled = false;
    } else {
        key.materials.retain(|material| material.id != id);
    }
    Ok(Some(id))
}
