//! CreateKey.

use super::answer::body;
use crate::call::Call;
use crate::crypto;
use crate::error::Refusal;
use crate::json;
use crate::key::{Key, Origin, Usage};
use crate::material::{Material, Rotation};
use serde_json::{Value, json};

pub(super) fn create(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let text = |name: &str| json::string(call.members, name);
    let spec = text("KeySpec")?.or(text("CustomerMasterKeySpec")?).unwrap_or_else(|| "SYMMETRIC_DEFAULT".to_owned());
    let origin = match text("Origin")?.as_deref() {
        None | Some("AWS_KMS") => Origin::AwsKms,
        Some("EXTERNAL") => Origin::External,
        Some(other) => return Err(json::invalid(format!("The reference makes no keys of origin {other}."))),
    };
    let usage = usage(&spec, text("KeyUsage")?.as_deref())?;
    let config = &call.shared.config;
    let id = if call.members.get("MultiRegion") == Some(&Value::Bool(true)) {
        format!("mrk-{}", uuid::Uuid::new_v4().simple())
    } else {
        uuid::Uuid::new_v4().to_string()
    };
    let account = &call.principal.account;
    let mut key = Key::new(id.clone(), &config.partition, call.region, account, &spec, usage, origin, (config.clock)());
    key.description = text("Description")?.unwrap_or_default();
    key.tags = super::tags::of(call.members.get("Tags"))?;
    key.policy = super::policies::policy(call)?;
    if origin == Origin::AwsKms {
        let bytes = crypto::generated(&spec);
        key.materials.push(Material::new(key.material_id(&bytes), bytes, Rotation::Current, None));
    }
    let mut store = call.shared.store();
    store.insert(config, key);
    let metadata = store.find(call.region, &id).map(|key| key.described(config));
    Ok(body(&json!({ "KeyMetadata": metadata })))
}

/// The usage of a new key. A spec that has one usage only still needs it named, except symmetric encryption.
fn usage(spec: &str, wanted: Option<&str>) -> Result<Usage, Refusal> {
    let usages: &[Usage] = match spec {
        "SYMMETRIC_DEFAULT" => &[Usage::EncryptDecrypt],
        "HMAC_224" | "HMAC_256" | "HMAC_384" | "HMAC_512" => &[Usage::GenerateVerifyMac],
        "ECC_NIST_P256" => &[Usage::SignVerify, Usage::KeyAgreement],
        "RSA_2048" | "RSA_3072" | "RSA_4096" => &[Usage::EncryptDecrypt, Usage::SignVerify],
        other => return Err(json::invalid(format!("The reference makes no keys of spec {other}."))),
    };
    let wanted = wanted.or((spec == "SYMMETRIC_DEFAULT").then_some("ENCRYPT_DECRYPT"));
    let found = usages.iter().find(|usage| wanted == Some(usage.as_str()));
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = usages.iter().map(|usage| usage.as_str()).collect();
        json::invalid(format!("KeyUsage {} goes with KeySpec {spec}.", names.join(" or ")))
    })
}
