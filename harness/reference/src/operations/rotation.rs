//! RotateKeyOnDemand, ListKeyRotations, GetKeyRotationStatus, and the yearly rotation of material that KMS generates.

use super::answer::body;
use super::named::{change, key};
use super::state::{enabled, stays, wrong_origin};
use crate::call::Call;
use crate::crypto;
use crate::edition::Edition;
use crate::error::Refusal;
use crate::json;
use crate::key::{Key, Origin, seconds};
use crate::material::{Expiration, Material, Rotation};
use crate::resolve::Aliases;
use crate::store::Store;
use serde_json::{Value, json};

pub(super) fn on_demand(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let config = &call.shared.config;
    let named = key(call, Aliases::Refused)?;
    rotatable(&named)?;
    // Before the second edition, imported material was not rotated.
    if config.edition == Edition::KeyOnly && named.origin == Origin::External {
        return Err(wrong_origin(&named));
    }
    let mut store = call.shared.store();
    // Another call may have changed the key since it was read.
    let named = store.find(call.region, &named.id).ok_or_else(|| Refusal::bare("NotFoundException"))?.clone();
    enabled(&named)?;
    if !named.is_primary() {
        return Err(Refusal::bare("UnsupportedOperationException"));
    }
    let is_ready = match named.pending() {
        Some(pending) => is_everywhere(&store, call, &named, pending),
        None => named.origin == Origin::AwsKms,
    };
    if !is_ready {
        let message = format!("No available key material pending rotation for the key: {}.", named.arn);
        return Err(Refusal::new("KMSInvalidStateException", message));
    }
    if named.rotating.is_some() {
        return Err(Refusal::new("ConflictException", format!("{} is being rotated.", named.arn)));
    }
    let generated = (named.origin == Origin::AwsKms).then(|| {
        let bytes = crypto::generated(&named.spec);
        Material::new(named.material_id(&bytes), bytes, Rotation::Pending, None)
    });
    let due = (config.clock)() + config.rotation_delay;
    let accept = |key: &mut Key| {
        key.rotating = Some(due);
        key.materials.extend(generated.clone());
    };
    store.change_elsewhere(config, (call.region, &named.id), accept);
    store.change(config, (call.region, &named.id), |key| {
        accept(key);
        Ok(())
    })?;
    Ok(body(&json!({ "KeyId": named.id })))
}

pub(super) fn list(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    if call.shared.config.edition == Edition::KeyOnly {
        return Err(Refusal::bare("UnknownOperationException"));
    }
    let which = ["ALL_KEY_MATERIAL", "ROTATIONS_ONLY"];
    let is_whole = json::word(call.members, "IncludeKeyMaterial", &which)?.as_deref() == Some("ALL_KEY_MATERIAL");
    let key = key(call, Aliases::Refused)?;
    rotatable(&key)?;
    let store = call.shared.store();
    let rotations: Vec<Value> = key
        .materials
        .iter()
        .filter(|material| is_whole || material.rotated.is_some())
        // The material of the next rotation is not shown before it if KMS generates it.
        .filter(|material| key.origin == Origin::External || material.rotation != Rotation::Pending)
        .map(|material| entry(&store, call, &key, material))
        .collect();
    Ok(body(&json!({ "Rotations": rotations, "Truncated": false })))
}

/// The shortest and the longest time between two rotations, in days.
const SHORTEST_PERIOD: i64 = 90;
const LONGEST_PERIOD: i64 = 2560;

pub(super) fn status(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let key = key(call, Aliases::Refused)?;
    rotatable(&key)?;
    stays(&key)?;
    Ok(body(&json!({ "KeyId": key.arn, "KeyRotationEnabled": key.is_rotated_yearly })))
}

pub(super) fn enable(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    json::integer_in(call.members, "RotationPeriodInDays", SHORTEST_PERIOD..=LONGEST_PERIOD)?;
    change(call, |key| {
        yearly(key)?;
        key.is_rotated_yearly = true;
        Ok(Vec::new())
    })
}

pub(super) fn disable(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    change(call, |key| {
        yearly(key)?;
        key.is_rotated_yearly = false;
        Ok(Vec::new())
    })
}

/// Checks that KMS can rotate a key every year. The origin is checked before the state.
fn yearly(key: &Key) -> Result<(), Refusal> {
    rotatable(key)?;
    if key.origin != Origin::AwsKms {
        return Err(wrong_origin(key));
    }
    enabled(key)
}

/// Checks that keys of this spec rotate. The refusal has no message.
fn rotatable(key: &Key) -> Result<(), Refusal> {
    if key.names_materials() { Ok(()) } else { Err(Refusal::bare("UnsupportedOperationException")) }
}

/// Whether a material is there in every Region of the key.
fn is_everywhere(store: &Store, call: &Call<'_>, key: &Key, material: &Material) -> bool {
    let has = |record: &Key| record.materials.iter().any(|known| known.id == material.id && known.bytes.is_some());
    store.everywhere(&call.shared.config, key).all(has)
}

/// One material in the list.
fn entry(store: &Store, call: &Call<'_>, key: &Key, material: &Material) -> Value {
    let state = match material.rotation {
        Rotation::Current => "CURRENT",
        Rotation::Former => "NON_CURRENT",
        Rotation::Pending if is_everywhere(store, call, key, material) => "PENDING_ROTATION",
        Rotation::Pending => "PENDING_MULTI_REGION_IMPORT_AND_ROTATION",
    };
    let mut entry = json!({ "KeyId": key.id, "KeyMaterialId": material.id, "KeyMaterialState": state });
    if key.origin == Origin::External {
        entry["ImportState"] = json!(if material.bytes.is_some() { "IMPORTED" } else { "PENDING_IMPORT" });
    }
    match material.expiration {
        Some(Expiration::Never) => entry["ExpirationModel"] = json!("KEY_MATERIAL_DOES_NOT_EXPIRE"),
        Some(Expiration::At(end)) => {
            entry["ExpirationModel"] = json!("KEY_MATERIAL_EXPIRES");
            entry["ValidTo"] = json!(seconds(end));
        }
        None => {}
    }
    if let Some(rotated) = material.rotated {
        entry["RotationDate"] = json!(seconds(rotated));
        entry["RotationType"] = json!("ON_DEMAND");
    }
    entry
}
