//! DeleteImportedKeyMaterial, the operation under test.

use super::{body, key_id};
use crate::config::{Edition, Permission, SeedKind};
use crate::error::Refusal;
use crate::front::Call;
use crate::json;
use crate::key::{Key, Origin, Rotation};
use crate::resolve::{Aliases, denied, resolve};
use crate::server::throttled;
use serde_json::json;

/// Length of a material id.
const MATERIAL_ID: usize = 64;

pub(super) fn delete(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let value = key_id(call)?;
    let material_id = material_id(call)?;
    let config = &call.shared.config;
    let mut store = call.shared.store();
    let key = resolve(&store, call, &value, Aliases::Refused)?;
    permission(call, key)?;
    origin(key)?;
    seeded(key)?;
    let (id, arn) = (key.id.clone(), key.arn.clone());
    let deleted = store.change(config, (call.region, &id), |key| material(key, material_id.as_deref()))?;
    match config.edition {
        Edition::KeyOnly => Ok(Vec::new()),
        Edition::KeyMaterialId => {
            let mut answer = json!({ "KeyId": arn });
            if let Some(deleted) = deleted {
                answer["KeyMaterialId"] = json!(deleted);
            }
            Ok(body(&answer))
        }
    }
}

/// The optional member of the second edition; the first knows no such member and ignores it.
fn material_id(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    if call.shared.config.edition == Edition::KeyOnly {
        return Ok(None);
    }
    let Some(id) = json::string(call.members, "KeyMaterialId")? else {
        return Ok(None);
    };
    json::length(&id, "KeyMaterialId", MATERIAL_ID, MATERIAL_ID)?;
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

/// The answers that no client can provoke.
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

/// Deletes one material and gives its id; a key that never had any has none to give.
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
        // Disabled is not kept: once material is imported again the key is enabled.
        key.is_disabled = false;
    } else {
        key.materials.retain(|material| material.id != id);
    }
    Ok(Some(id))
}
