//! GetParametersForImport and ImportKeyMaterial.

use super::answer::{body, encoded};
use super::named::{change, key};
use super::state::{external, stays};
use crate::call::Call;
use crate::config::Config;
use crate::crypto::{fits, generated, random};
use crate::edition::Edition;
use crate::error::Refusal;
use crate::json;
use crate::key::{Key, Token, Usage, Wrapping, seconds};
use crate::material::{Expiration, Material, Rotation};
use crate::mutant::Point;
use crate::resolve::Aliases;
use aws_lc_rs::digest;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// How long an import token is valid.
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest wrapped material, in bytes.
const LONGEST_MATERIAL: usize = 6144;

/// How far ahead `ValidTo` may be.
const LONGEST_LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The algorithms and specs that the API has. The reference wraps with fewer.
const ALGORITHMS: [&str; 5] = [
    "RSAES_PKCS1_V1_5",
    "RSAES_OAEP_SHA_1",
    "RSAES_OAEP_SHA_256",
    "RSA_AES_KEY_WRAP_SHA_1",
    "RSA_AES_KEY_WRAP_SHA_256",
];
const SPECS: [&str; 3] = ["RSA_2048", "RSA_3072", "RSA_4096"];

pub(super) fn parameters(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let algorithm = json::required_word(call.members, "WrappingAlgorithm", &ALGORITHMS)?;
    let spec = json::required_word(call.members, "WrappingKeySpec", &SPECS)?;
    let named = key(call, Aliases::Refused)?;
    importable(&named)?;
    let wrapping = wrapping(&named, &algorithm, &spec)?;
    let valid_to = (call.shared.config.clock)() + TOKEN_LIFE;
    let value = BASE64_STANDARD.encode(random(48));
    change(call, |key| {
        key.tokens.push(Token { value: value.clone(), valid_to, wrapping });
        Ok(())
    })?;
    let store = call.shared.store();
    let public = encoded(&store.wrapping.public);
    Ok(body(&json!({
        "KeyId": named.arn, "ImportToken": value, "PublicKey": public, "ParametersValidTo": seconds(valid_to),
    })))
}

/// How material for a key is wrapped with these parameters. RSA keys are too long to be wrapped with RSA alone.
fn wrapping(key: &Key, algorithm: &str, spec: &str) -> Result<Wrapping, Refusal> {
    let is_rsa = key.spec.starts_with("RSA");
    let wrapping = match algorithm {
        "RSAES_OAEP_SHA_1" | "RSAES_OAEP_SHA_256" if !is_rsa => Wrapping::Oaep,
        "RSA_AES_KEY_WRAP_SHA_1" | "RSA_AES_KEY_WRAP_SHA_256" if is_rsa || key.spec.starts_with("ECC") => {
            Wrapping::AesKeyWrap
        }
        _ => {
            return Err(json::invalid(format!(
                "Wrapping algorithm {algorithm} and wrapping key spec {spec} cannot be used to import a {} key.",
                key.spec
            )));
        }
    };
    if spec != "RSA_2048" || algorithm.ends_with("SHA_1") {
        return Err(json::invalid("The reference wraps with SHA-256 under RSA_2048 only."));
    }
    Ok(wrapping)
}

pub(super) fn import(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let token = json::required(call.members, "ImportToken", 1, 8192)?;
    let wrapped = json::blob_within(call.members, "EncryptedKeyMaterial", LONGEST_MATERIAL)?;
    let config = &call.shared.config;
    let now = (config.clock)();
    let expiration = expiration(call, now)?;
    let choice = choice(call)?;
    let named = key(call, Aliases::Refused)?;
    importable(&named)?;
    choice.fits(&named)?;
    let wrapping = check_token(&named, &token, now)?;
    let material = call.shared.store().wrapping.unwrap(wrapping, &wrapped);
    let material = material
        .filter(|material| fits(&named.spec, material))
        .ok_or_else(|| Refusal::bare("InvalidCiphertextException"))?;
    if named.current().is_some_and(|material| material.bytes.is_none()) && config.at(Point::ReimportRefused) {
        return Err(Refusal::bare("IncorrectKeyMaterialException"));
    }
    let id = change(call, |key| {
        let takes_other = || {
            config.at(Point::OtherBytesAccepted)
                || key.spec.starts_with("RSA") && config.at(Point::OtherRsaAccepted)
                || key.spec.starts_with("ECC") && config.at(Point::OtherEccAccepted)
        };
        if !choice.is_new && key.materials.iter().any(|known| known.bytes.is_none()) && takes_other() {
            key.materials.retain(|known| known.bytes.is_some());
        }
        if config.at(Point::OldCiphertextLost) {
            // This mutant treats every import as a new material.
            key.materials.retain(|known| known.bytes.is_some());
            let id = put(config, key, material, expiration, &choice)?;
            key.renew_material(&id);
            return Ok(id);
        }
        let is_again = key.current().is_some_and(|known| known.bytes.is_none());
        let is_renewed = is_again
            && (key.usage == Usage::SignVerify && config.at(Point::ReimportRenewsPair)
                || key.usage == Usage::GenerateVerifyMac && config.at(Point::ReimportRenewsSecret));
        let was_disabled = key.is_disabled;
        let put = put(config, key, material, expiration, &choice);
        if put.is_err() && config.at(Point::FailedImportEnables) {
            key.marks.push(Point::FailedImportEnables);
        }
        let id = put?;
        if is_renewed {
            let other = generated(&key.spec);
            key.material_mut(&id).map(|known| known.bytes.replace(other));
        }
        if is_again && config.at(Point::ImportLeavesPending) || was_disabled && config.at(Point::ImportKeepsDisabled) {
            key.is_disabled = true;
        }
        Ok(id)
    })?;
    if choice.is_new {
        announce(call, &named, &id);
    }
    match config.edition {
        Edition::KeyOnly => Ok(Vec::new()),
        Edition::KeyMaterialId if named.names_materials() => {
            Ok(body(&json!({ "KeyId": named.arn, "KeyMaterialId": id })))
        }
        Edition::KeyMaterialId => Ok(body(&json!({ "KeyId": named.arn }))),
    }
}

/// Tells the replicas of a key about a material that waits for a rotation. It has to be imported into each of them.
fn announce(call: &Call<'_>, key: &Key, id: &str) {
    let mut store = call.shared.store();
    let is_pending = store.find(call.region, &key.id).and_then(Key::pending).is_some_and(|pending| pending.id == id);
    if is_pending {
        store.change_elsewhere(&call.shared.config, (call.region, &key.id), |replica| {
            let mut awaited = Material::new(id.to_owned(), Vec::new(), Rotation::Pending, None);
            awaited.clear();
            replica.materials.push(awaited);
        });
    }
}

/// Which material a request imports. The first edition does not have these members and ignores them.
#[derive(Default)]
struct Choice {
    is_new: bool,
    /// The id that the material is to have.
    material_id: Option<String>,
    /// The members that the request has, in the spelling of messages.
    members: Vec<&'static str>,
}

fn choice(call: &Call<'_>) -> Result<Choice, Refusal> {
    if call.shared.config.edition == Edition::KeyOnly {
        return Ok(Choice::default());
    }
    let kind = json::word(call.members, "ImportType", &["NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"])?;
    let material_id = json::string(call.members, "KeyMaterialId")?;
    let description = json::string(call.members, "KeyMaterialDescription")?;
    let members = [
        kind.is_some().then_some("importType"),
        material_id.is_some().then_some("keyMaterialId"),
        description.is_some().then_some("keyMaterialDescription"),
    ];
    Ok(Choice {
        is_new: kind.as_deref() == Some("NEW_KEY_MATERIAL"),
        material_id,
        members: members.into_iter().flatten().collect(),
    })
}

impl Choice {
    /// Checks that a key has materials to choose from.
    fn fits(&self, key: &Key) -> Result<(), Refusal> {
        match self.members.first() {
            Some(member) if !key.names_materials() => Err(no_choice(key, member)),
            _ if self.is_new && !key.is_primary() => {
                Err(json::invalid("The reference imports new material into primary keys only."))
            }
            _ => Ok(()),
        }
    }
}

/// The refusal of a member that chooses a material of a key that has only one.
pub(super) fn no_choice(key: &Key, member: &str) -> Refusal {
    json::invalid(format!("Input parameter {member} cannot be used with {} imported keys.", key.spec))
}

/// Checks that material can be imported into a key.
fn importable(key: &Key) -> Result<(), Refusal> {
    external(key)?;
    stays(key)
}

fn check_token(key: &Key, token: &str, now: SystemTime) -> Result<Wrapping, Refusal> {
    match key.tokens.iter().find(|known| known.value == token) {
        None => Err(Refusal::bare("InvalidImportTokenException")),
        Some(known) if known.valid_to < now => Err(Refusal::bare("ExpiredImportTokenException")),
        Some(known) => Ok(known.wrapping),
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
        if valid_to.is_some() {
            return Err(json::invalid("A validTo date must not be set if the key material does not expire"));
        }
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

/// Stores a material and returns its id. A key that was disabled is enabled by it.
fn put(
    config: &Config,
    key: &mut Key,
    bytes: Vec<u8>,
    expiration: Expiration,
    choice: &Choice,
) -> Result<String, Refusal> {
    let id = match config.at(Point::MaterialIdOfBytes) {
        true => hex::encode(digest::digest(&digest::SHA256, &bytes)),
        false => key.material_id(&bytes),
    };
    if let Some(expected) = choice.material_id.as_ref().filter(|expected| **expected != id) {
        return Err(unexpected(config, expected));
    }
    if let Expiration::At(end) = expiration
        && config.at(Point::ExpiryTimerKept)
    {
        key.timers.push(end);
    }
    if let Some(known) = key.material_mut(&id) {
        if choice.is_new {
            return Err(Refusal::bare("IncorrectKeyMaterialException"));
        }
        known.bytes = Some(bytes);
        known.expiration = Some(expiration);
        key.is_disabled = false;
        return Ok(id);
    }
    let Some(current) = key.current() else {
        key.materials.push(Material::new(id.clone(), bytes, Rotation::Current, Some(expiration)));
        return Ok(id);
    };
    if !choice.is_new {
        return Err(unexpected(config, &current.id));
    }
    if let Some(pending) = key.pending() {
        return Err(Refusal::new(
            "KMSInvalidStateException",
            format!(
                "New key material (id: {id}) cannot be imported into KMS key {}, because another key material (id: {}) is pending rotation.",
                key.arn, pending.id
            ),
        ));
    }
    key.materials.push(Material::new(id.clone(), bytes, Rotation::Pending, Some(expiration)));
    Ok(id)
}

/// The refusal of other bytes than those of an earlier import. The second edition names the id that it expects, also for
/// keys of which it shows no id.
fn unexpected(config: &Config, expected: &str) -> Refusal {
    let error = "IncorrectKeyMaterialException";
    match config.edition {
        Edition::KeyOnly => Refusal::bare(error),
        Edition::KeyMaterialId => {
            Refusal::new(error, format!("Imported key material does not have the expected identifier ({expected})."))
        }
    }
}
