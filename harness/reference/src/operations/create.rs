//! CreateKey.

use super::answer::body;
use crate::call::Call;
use crate::crypto;
use crate::error::Refusal;
use crate::json;
use crate::key::{Key, Material, Origin, Rotation, Usage};
use serde_json::{Value, json};

pub(super) fn create(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let text = |name: &str| json::string(call.members, name);
    let spec = text("KeySpec")?.or(text("CustomerMasterKeySpec")?).unwrap_or_else(|| "SYMMETRIC_DEFAULT".to_owned());
    let origin = match text("Origin")?.as_deref() {
        None | Some("AWS_KMS") => Origin::AwsKms,
        Some("EXTERNAL") => Origin::External,
        Some(other) => return Err(json::invalid(format!("The reference makes no keys of origin {other}."))),
    };
    let natural = match spec.as_str() {
        "SYMMETRIC_DEFAULT" => Usage::EncryptDecrypt,
        "HMAC_256" | "HMAC_384" | "HMAC_512" => Usage::GenerateVerifyMac,
        "ECC_NIST_P256" => Usage::SignVerify,
        other => return Err(json::invalid(format!("The reference makes no keys of spec {other}."))),
    };
    match text("KeyUsage")?.as_deref() {
        None if natural == Usage::EncryptDecrypt => {}
        Some(usage) if usage == natural.as_str() => {}
        _ => return Err(json::invalid(format!("KeyUsage {} goes with KeySpec {spec}.", natural.as_str()))),
    }
    let config = &call.shared.config;
    let id = if call.members.get("MultiRegion") == Some(&Value::Bool(true)) {
        format!("mrk-{}", uuid::Uuid::new_v4().simple())
    } else {
        uuid::Uuid::new_v4().to_string()
    };
    let account = &call.principal.account;
    let mut key =
        Key::new(id.clone(), &config.partition, call.region, account, &spec, natural, origin, (config.clock)());
    key.description = text("Description")?.unwrap_or_default();
    key.tags = super::tags::of(call.members.get("Tags"))?;
    if origin == Origin::AwsKms {
        let bytes = crypto::generated(&spec);
        key.materials.push(Material { id: key.material_id(&bytes), bytes: Some(bytes), rotation: Rotation::Current });
    }
    let mut store = call.shared.store();
    store.insert(config, key);
    let metadata = store.find(call.region, &id).map(|key| key.described(config));
    Ok(body(&json!({ "KeyMetadata": metadata })))
}
