//! One key of a run: how it is made, imported into, brought into a state and back.

use super::material::{self, Bytes, Secrecy, Wrapping};
use crate::arn::Arn;
use crate::entropy::Entropy;
use crate::fixture::{Material, Origin, Owner, Place, Precondition, Replica, Step};
use crate::kms::{Change, Failure, FailureKind, Kms, Pauses, mark, patience};
use crate::plan::KeyNames;
use crate::send::Peer;
use crate::text::TargetText;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// What keys that can stand in for each other have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Base {
    pub(crate) spec: String,
    pub(crate) usage: String,
    pub(crate) origin: Origin,
    pub(crate) owner: Owner,
    pub(crate) place: Place,
    pub(crate) multi_region: bool,
    pub(crate) alias: bool,
    pub(crate) material: Material,
    /// Whether all such keys have the same bytes for material.
    pub(crate) same_bytes: bool,
    pub(crate) replica: Replica,
    pub(crate) policy: bool,
    pub(crate) grant: bool,
}

impl Base {
    /// The base of a precondition that makes a key.
    pub(crate) fn of(precondition: &Precondition) -> Option<Self> {
        Some(Self {
            spec: precondition.spec.clone()?,
            usage: precondition.key_usage().to_owned(),
            origin: precondition.origin,
            owner: precondition.owner,
            // A replica is made from a primary key in the other Region.
            place: if precondition.replica == Replica::Key { Place::Elsewhere } else { precondition.region },
            multi_region: precondition.multi_region,
            alias: precondition.alias,
            // A key whose material was deleted is one with material, and can be restored to it.
            material: match precondition.material {
                Material::Deleted => Material::Imported,
                other => other,
            },
            same_bytes: precondition.same_bytes,
            replica: precondition.replica,
            policy: precondition.policy,
            grant: precondition.grant,
        })
    }

    /// The base of a key by which a run learns the account of its owner.
    pub(crate) fn unused(owner: Owner) -> Self {
        Self {
            spec: "SYMMETRIC_DEFAULT".to_owned(),
            usage: "ENCRYPT_DECRYPT".to_owned(),
            origin: Origin::External,
            owner,
            place: Place::Here,
            multi_region: false,
            alias: false,
            material: Material::None,
            same_bytes: false,
            replica: Replica::None,
            policy: false,
            grant: false,
        }
    }

    /// The base of a replica in the second Region of a key of this base, without material of its own.
    pub(crate) fn of_replica(&self) -> Self {
        Self { place: Place::Elsewhere, material: Material::None, alias: false, replica: Replica::Key, ..self.clone() }
    }

    /// How long after an import the material expires, at a target that shows changes at once. A moment is sent in whole seconds,
    /// and may come a second earlier.
    fn life(&self) -> Option<Duration> {
        match self.material {
            Material::Expiring => Some(Duration::from_secs(24 * 60 * 60)),
            Material::ExpiringSoon => Some(Duration::from_secs(5)),
            Material::None | Material::Imported | Material::Deleted | Material::Two | Material::Rotated => None,
        }
    }

    pub(super) fn has_material(&self) -> bool {
        self.origin == Origin::External && self.material != Material::None
    }

    /// The KeyState of such keys while they are scheduled for deletion.
    pub(crate) fn state_when_scheduled(&self) -> &'static str {
        // A key with replicas waits for them.
        if self.replica == Replica::Other { "PendingReplicaDeletion" } else { "PendingDeletion" }
    }

    /// The KeyState of such keys before a precondition changes it.
    pub(crate) fn state(&self) -> &'static str {
        if self.has_material() || self.origin == Origin::AwsKms { "Enabled" } else { "PendingImport" }
    }
}

/// A key that this run made.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) base: Base,
    pub(crate) arn: Arn,
    pub(crate) names: KeyNames,
    /// What calls before the exchange made with the key.
    pub(crate) made: Made,
    /// The KeyState that DescribeKey showed last, if nothing was done since that could change it.
    pub(crate) seen: Option<String>,
    /// Whether another case has used it.
    pub(crate) is_used: bool,
    label: String,
    material: Vec<u8>,
    /// When the material expires, if it was imported so that it does.
    expires: Option<SystemTime>,
    parameters: Option<Parameters>,
    kms: Kms,
}

/// What calls before the exchange made with the key, for calls afterwards that use it or give it again. All in base64.
#[derive(Clone, Default)]
pub(crate) struct Made {
    pub(crate) ciphertext: Option<String>,
    pub(crate) mac: Option<String>,
    pub(crate) signature: Option<String>,
    pub(crate) public_key: Option<String>,
    pub(crate) secret: Option<String>,
    /// The id of the other key, and what it encrypted.
    pub(crate) other: Option<(String, String)>,
}

#[derive(Clone)]
struct Parameters {
    token: String,
    public_key: Vec<u8>,
}

/// A PublicKey that nothing can be wrapped with.
const NO_PUBLIC_KEY: &str =
    "with a PublicKey that is no RSA key to wrap with: it has to be base64 of a SubjectPublicKeyInfo in DER";

/// The label of the material of keys that all have the same.
const SHARED: &str = "shared by several keys";

/// Everything that making keys needs.
#[derive(Clone, Copy)]
pub(crate) struct Maker<'a> {
    pub(crate) entropy: &'a Entropy,
    pub(crate) run: &'a str,
}

impl Maker<'_> {
    /// The body of a call that makes a key, with the mark by which the run knows the key.
    pub(crate) fn marked(self, mut body: Value) -> Value {
        body["Description"] = json!(mark::description(self.run));
        body["Tags"] = json!([{ "TagKey": mark::TAG, "TagValue": self.run }]);
        body
    }
}

impl Key {
    /// Makes a key. `created` gets its id and ARN before anything else is done with it, and `aliased` the ARN before an alias
    /// is asked for.
    pub(crate) async fn create(
        maker: Maker<'_>,
        kms: &Kms,
        base: &Base,
        label: &str,
        created: impl FnOnce(&str, &Arn),
        aliased: impl FnOnce(&Arn),
    ) -> Result<Self, Failure> {
        let (id, arn) = create_key(maker, kms, base).await?;
        created(&id, &arn);
        kms.made(base.owner, &id, &arn)?;
        let bytes = match base.has_material() {
            true => made_material(kms, &base.spec, maker, if base.same_bytes { SHARED } else { label }, Bytes::Same)?,
            false => Vec::new(),
        };
        let mut key = Self::of(base, (id, arn), label, bytes, kms);
        match key.complete(maker, aliased).await {
            Ok(()) => Ok(key),
            Err(failure) => Err(key.with_call(failure)),
        }
    }

    /// Brings a key that was just made into its base state.
    async fn complete(&mut self, maker: Maker<'_>, aliased: impl FnOnce(&Arn)) -> Result<(), Failure> {
        if self.base.has_material() {
            self.import(maker, Bytes::Same).await?;
        }
        if matches!(self.base.material, Material::Two | Material::Rotated) {
            let answer = self.import(maker, Bytes::Other).await?;
            self.names.new_material_id = answer["KeyMaterialId"].as_str().map(str::to_owned);
            if self.names.new_material_id.is_none() {
                return Err(unusable("ImportKeyMaterial", "without KeyMaterialId"));
            }
        }
        if self.base.alias {
            aliased(&self.arn);
            self.add_alias(maker).await?;
        }
        if self.base.policy {
            self.put_policy().await?;
        }
        if self.base.grant {
            self.add_grant().await?;
        }
        self.is_ready().await?;
        if self.base.material == Material::Rotated {
            self.rotate().await?;
        }
        Ok(())
    }

    /// A failure with the last call of its operation on this key, which shows what the target answered.
    pub(crate) fn with_call(&self, failure: Failure) -> Failure {
        let last = self.kms.last(&failure.operation);
        failure.of_call(last)
    }

    /// A key of this base, id and ARN, with nothing done to it.
    pub(crate) fn of(base: &Base, (id, arn): (String, Arn), label: &str, material: Vec<u8>, kms: &Kms) -> Self {
        Self {
            base: base.clone(),
            names: KeyNames::of(id, arn.clone()),
            arn,
            made: Made::default(),
            seen: None,
            is_used: false,
            label: label.to_owned(),
            material,
            expires: None,
            parameters: None,
            kms: kms.for_one_key(),
        }
    }

    /// Waits until a new key is in the state of its base, and learns the id of its material.
    pub(super) async fn is_ready(&mut self) -> Result<(), Failure> {
        let metadata = self.wait_for(self.base.state()).await?;
        self.names.material_id = metadata["CurrentKeyMaterialId"].as_str().map(str::to_owned);
        Ok(())
    }

    /// The record of this key at another client, under this ARN, with nothing done to it.
    pub(super) fn elsewhere(&self, base: &Base, arn: Arn, kms: &Kms) -> Self {
        Self::of(base, (self.names.id.clone(), arn), &self.label, self.material.clone(), kms)
    }

    /// The KeyMetadata of DescribeKey. That of another key shows nothing.
    pub(crate) async fn describe(&self) -> Result<Value, Failure> {
        let metadata = metadata(&self.kms, &self.names.id).await.map_err(|failure| self.with_call(failure))?;
        match metadata["KeyId"].as_str() {
            Some(id) if id != self.names.id && id != self.arn.as_str() => {
                Err(self.with_call(unusable("DescribeKey", "with the KeyMetadata of another key")))
            }
            _ => Ok(metadata),
        }
    }

    /// DescribeKey does not show this state within the budget for it.
    pub(super) fn otherwise(&self, metadata: &Value, state: &str) -> Failure {
        let answer = format!("with KeyState {} instead of {state}", metadata["KeyState"]);
        self.with_call(Failure { kind: FailureKind::NotSettled, ..unusable("DescribeKey", &answer) })
    }

    /// Waits until DescribeKey shows this state.
    pub(crate) async fn wait_for(&self, state: &str) -> Result<Value, Failure> {
        let mut pauses = Pauses::within(self.kms.settle());
        loop {
            let metadata = self.describe().await?;
            if metadata["KeyState"] == state {
                return Ok(metadata);
            }
            if !pauses.pause().await {
                Box::pin(self.kms.is_late(Change::Precondition, self.shows_late(state))).await;
                return Err(self.otherwise(&metadata, state));
            }
        }
    }

    /// Whether DescribeKey shows this state when the budget for it is over.
    pub(super) async fn shows_late(&self, state: &str) -> bool {
        let mut pauses = patience(self.kms.settle());
        while pauses.pause().await {
            if self.describe().await.is_ok_and(|metadata| metadata["KeyState"] == state) {
                return true;
            }
        }
        false
    }

    /// How the key's material is wrapped: RSA keys are too long to be wrapped with RSA alone.
    fn wrapping(&self) -> Wrapping {
        if self.base.spec.starts_with("RSA") { Wrapping::AesKeyWrap } else { Wrapping::Oaep }
    }

    /// The body of a call that names the key and nothing else.
    pub(crate) fn body(&self) -> Value {
        json!({ "KeyId": self.names.id })
    }

    /// The body of an ImportKeyMaterial call, correct in every way.
    pub(crate) async fn import_body(&mut self, maker: Maker<'_>, bytes: Bytes) -> Result<Value, Failure> {
        let material = match bytes {
            Bytes::Same => self.material.clone(),
            Bytes::Other => made_material(&self.kms, &self.base.spec, maker, &self.label, bytes)?,
        };
        let mut body = self.import_body_of(&material).await?;
        if let Some(life) = self.base.life() {
            // A target that shows changes late leaves as much less time for the deletion.
            let valid_to = self.kms.now_there() + life + self.kms.settle();
            let seconds = valid_to.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
            body["ExpirationModel"] = json!("KEY_MATERIAL_EXPIRES");
            body["ValidTo"] = json!(seconds);
            self.expires = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        }
        Ok(body)
    }

    /// The body of an import of the first bytes that says that they do not expire.
    pub(super) async fn lasting_import_body(&mut self) -> Result<Value, Failure> {
        let material = self.material.clone();
        self.import_body_of(&material).await
    }

    /// Whether the first material may have expired by now: the clock of the target is known to a second.
    pub(crate) fn may_have_expired(&self) -> bool {
        self.expires.is_some_and(|end| end <= self.kms.now_there() + Duration::from_secs(1))
    }

    /// Waits until the first material would have expired, and a target has had the time to notice.
    pub(crate) async fn outlive(&self) {
        const TO_NOTICE: Duration = Duration::from_millis(1500);
        if let Some(left) = self.expires.map(|end| end.duration_since(self.kms.now_there()).unwrap_or_default()) {
            tokio::time::sleep(left + TO_NOTICE).await;
        }
    }

    /// The body of an ImportKeyMaterial call of these bytes.
    pub(crate) async fn import_body_of(&mut self, material: &[u8]) -> Result<Value, Failure> {
        let parameters = match &self.parameters {
            Some(parameters) => parameters.clone(),
            None => self.parameters().await?,
        };
        let wrapped = material::wrap_for(Secrecy::at(&self.kms), self.wrapping(), material, &parameters.public_key)
            .map_err(|_| unusable("GetParametersForImport", NO_PUBLIC_KEY))?;
        let body = json!({
            "KeyId": self.names.id,
            "ImportToken": parameters.token,
            "EncryptedKeyMaterial": BASE64_STANDARD.encode(wrapped),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        });
        self.parameters = Some(parameters);
        Ok(body)
    }

    /// Imports, with new parameters if the old ones are no longer taken. Other bytes become a second material, which
    /// waits for rotation.
    pub(crate) async fn import(&mut self, maker: Maker<'_>, bytes: Bytes) -> Result<Value, Failure> {
        let mut has_new_parameters = self.parameters.is_none();
        loop {
            let mut body = self.import_body(maker, bytes).await?;
            if bytes == Bytes::Other {
                body["ImportType"] = json!("NEW_KEY_MATERIAL");
            }
            match self.kms.call("ImportKeyMaterial", &body).await {
                Err(failure) if !has_new_parameters && failure.is_about_parameters() => {
                    self.parameters = None;
                    has_new_parameters = true;
                }
                other => return other,
            }
        }
    }

    async fn add_alias(&mut self, maker: Maker<'_>) -> Result<(), Failure> {
        let alias = mark::alias(maker.run, &self.label);
        let body = json!({ "AliasName": alias, "TargetKeyId": self.names.id });
        self.kms.call_on_new("CreateAlias", &body).await?;
        self.names.alias_arn = self.arn.with_resource(&alias).ok();
        self.names.alias = Some(alias);
        Ok(())
    }

    /// Takes the alias from the key and gives it to another one. The release deletes it by its name.
    pub(crate) async fn hand_alias_to(&self, other: &Self) -> Result<(), Failure> {
        let Some(alias) = &self.names.alias else { return Ok(()) };
        self.kms.call("DeleteAlias", &json!({ "AliasName": alias })).await?;
        let body = json!({ "AliasName": alias, "TargetKeyId": other.names.id });
        self.kms.call("CreateAlias", &body).await.map(drop)
    }

    /// The key that material is wrapped with, of somebody who is known: anybody else would get the material.
    async fn parameters(&self) -> Result<Parameters, Failure> {
        if self.kms.peer() == Peer::Unverified {
            let why = "nobody verified whose key would wrap the material";
            return Err(Failure::new("GetParametersForImport", why, FailureKind::NotOurs));
        }
        let mut body = self.body();
        body["WrappingAlgorithm"] = json!(self.wrapping().algorithm());
        body["WrappingKeySpec"] = json!("RSA_2048");
        let answer = self.kms.call_on_new("GetParametersForImport", &body).await?;
        let public_key = answer["PublicKey"].as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
        match (answer["ImportToken"].as_str(), public_key) {
            (Some(token), Some(public_key)) => Ok(Parameters { token: token.to_owned(), public_key }),
            _ => Err(unusable("GetParametersForImport", "without ImportToken and PublicKey")),
        }
    }

    /// Brings a key of its base into the state of a precondition.
    pub(crate) async fn prepare(&self, precondition: &Precondition) -> Result<(), Failure> {
        if precondition.material == Material::Deleted {
            let operation = self.kms.operation();
            self.kms.call_once(&operation.name, &operation.value_for(&self.names.id)).await?;
            self.wait_for("PendingImport").await?;
        }
        for step in &precondition.then {
            match step {
                Step::DisableKey => {
                    self.kms.call("DisableKey", &self.body()).await?;
                    self.wait_for("Disabled").await?;
                }
                Step::ScheduleKeyDeletion => {
                    self.schedule_deletion().await?;
                    self.wait_for(self.base.state_when_scheduled()).await?;
                }
            }
        }
        Ok(())
    }

    /// Brings a key back to the state of its base, or says why it cannot be.
    pub(crate) async fn restore(&mut self, maker: Maker<'_>) -> Result<(), Failure> {
        let wanted = self.base.state();
        if self.seen.take().as_deref() == Some(wanted) {
            return Ok(());
        }
        let mut seen: Vec<String> = Vec::new();
        let mut pauses = Pauses::within(self.kms.settle());
        loop {
            let metadata = self.describe().await?;
            let state = metadata["KeyState"].as_str().unwrap_or_default();
            if state == wanted {
                return Ok(());
            }
            // Cancel, enable, import: no key needs more than one of each, and what was done may be seen only later.
            if seen.iter().any(|seen| seen == state) {
                if pauses.pause().await {
                    continue;
                }
                return Err(self.otherwise(&metadata, wanted));
            }
            seen.push(state.to_owned());
            match state {
                "PendingDeletion" | "PendingReplicaDeletion" => {
                    drop(self.kms.call("CancelKeyDeletion", &self.body()).await?)
                }
                "Disabled" => drop(self.kms.call("EnableKey", &self.body()).await?),
                "PendingImport" if self.base.has_material() => drop(self.import(maker, Bytes::Same).await?),
                other => {
                    return Err(unusable(
                        "DescribeKey",
                        &format!("with KeyState `{other}`, from which the key cannot be restored"),
                    ));
                }
            }
        }
    }

    /// Schedules the key's deletion with the shortest window.
    pub(crate) async fn schedule_deletion(&self) -> Result<(), Failure> {
        let mut body = self.body();
        body["PendingWindowInDays"] = json!(mark::WINDOW_IN_DAYS);
        self.kms.call("ScheduleKeyDeletion", &body).await.map(drop)
    }

    /// Makes the next import ask for a new token.
    pub(crate) fn forget_parameters(&mut self) {
        self.parameters = None;
    }

    /// The client that the key was made with.
    pub(crate) fn kms(&self) -> &Kms {
        &self.kms
    }
}

/// Calls CreateKey.
async fn create_key(maker: Maker<'_>, kms: &Kms, base: &Base) -> Result<(String, Arn), Failure> {
    let mut body = maker.marked(json!({ "Origin": base.origin, "KeySpec": base.spec, "KeyUsage": base.usage }));
    if base.multi_region {
        body["MultiRegion"] = Value::Bool(true);
    }
    kms.create(base.owner, &body).await
}

/// The KeyMetadata that DescribeKey shows of what is named so.
pub(super) async fn metadata(kms: &Kms, named: &str) -> Result<Value, Failure> {
    let mut answer = kms.call_on_new("DescribeKey", &json!({ "KeyId": named })).await?;
    match answer.get_mut("KeyMetadata") {
        Some(metadata) => Ok(metadata.take()),
        None => Err(unusable("DescribeKey", "without KeyMetadata")),
    }
}

/// A text of an answer.
pub(super) fn text_of(answer: &Value, operation: &str, member: &str) -> Result<String, Failure> {
    let text = answer[member].as_str().map(str::to_owned);
    text.ok_or_else(|| unusable(operation, &format!("without {member}")))
}

fn made_material(kms: &Kms, spec: &str, maker: Maker<'_>, label: &str, bytes: Bytes) -> Result<Vec<u8>, Failure> {
    material::make(spec, maker.entropy, label, bytes, Secrecy::at(kms))
        .map_err(|error| unusable("ImportKeyMaterial", &error.to_string()))
}

pub(super) fn unusable(operation: &str, answer: &str) -> Failure {
    // Reasons can repeat what the target answered.
    Failure::new(operation, TargetText::new(answer), FailureKind::Unusable)
}
