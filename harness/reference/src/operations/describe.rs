//! DescribeKey, ListKeys and ListKeyRotations.

use super::answer::{body, page};
use super::named::key;
use crate::call::Call;
use crate::edition::Edition;
use crate::error::Refusal;
use crate::key::Rotation;
use crate::resolve::Aliases;
use serde_json::{Value, json};

pub(super) fn describe(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let id = key(call, Aliases::Taken)?.id;
    let config = &call.shared.config;
    // `change` deletes material that has expired since the last call.
    let metadata = call.shared.store().change(config, (call.region, &id), |_| Ok(()));
    metadata?;
    let metadata = call.shared.store().find(call.region, &id).map(|key| key.described(config));
    Ok(body(&json!({ "KeyMetadata": metadata })))
}

pub(super) fn list(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let store = call.shared.store();
    let keys = store
        .of(call.region, &call.principal.account)
        .map(|key| (key.id.clone(), json!({ "KeyArn": key.arn, "KeyId": key.id })))
        .collect();
    page(call, "Keys", keys)
}

pub(super) fn rotations(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    if call.shared.config.edition == Edition::KeyOnly {
        return Err(Refusal::bare("UnknownOperationException"));
    }
    let mut key = key(call, Aliases::Refused)?;
    // Material can have expired since the last call.
    key.expire((call.shared.config.clock)());
    let with_materials = call.members.get("IncludeKeyMaterial").and_then(Value::as_str) == Some("ALL_KEY_MATERIAL");
    let rotations: Vec<Value> = key
        .materials
        .iter()
        .filter(|_| with_materials)
        .map(|material| {
            let state = if material.rotation == Rotation::Current { "CURRENT" } else { "PENDING_ROTATION" };
            let import = if material.bytes.is_some() { "IMPORTED" } else { "PENDING_IMPORT" };
            json!({ "KeyId": key.id, "KeyMaterialId": material.id, "KeyMaterialState": state, "ImportState": import })
        })
        .collect();
    Ok(body(&json!({ "Rotations": rotations, "Truncated": false })))
}
