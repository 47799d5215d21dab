//! A key: its material, and the state that follows from it.

use crate::config::{Config, SeedKind};
use crate::edition::Edition;
use crate::mutant::Point;
use aws_lc_rs::digest;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// Where a key's material comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    External,
    AwsKms,
}

impl Origin {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::External => "EXTERNAL",
            Self::AwsKms => "AWS_KMS",
        }
    }
}

/// The kind of operation that a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    EncryptDecrypt,
    GenerateVerifyMac,
    SignVerify,
}

impl Usage {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::EncryptDecrypt => "ENCRYPT_DECRYPT",
            Self::GenerateVerifyMac => "GENERATE_VERIFY_MAC",
            Self::SignVerify => "SIGN_VERIFY",
        }
    }
}

/// Whether a material is in use or waits for a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    Current,
    Pending,
}

/// A material that was imported into a key or generated for it.
#[derive(Clone, Debug)]
pub(crate) struct Material {
    pub(crate) id: String,
    /// Absent after the material was deleted.
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) rotation: Rotation,
}

/// When imported material expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiration {
    Never,
    At(SystemTime),
}

/// A key and everything that the target remembers of it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) spec: String,
    pub(crate) usage: Usage,
    pub(crate) origin: Origin,
    pub(crate) description: String,
    pub(crate) multi_region: bool,
    pub(crate) created: SystemTime,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) is_disabled: bool,
    pub(crate) deletion: Option<SystemTime>,
    pub(crate) materials: Vec<Material>,
    pub(crate) expiration: Option<Expiration>,
    /// Import tokens, each with the time until which it is valid.
    pub(crate) tokens: Vec<(String, SystemTime)>,
    pub(crate) seed: Option<SeedKind>,
    /// The metadata that DescribeKey shows, each with the time of its change. The last one is the present state.
    shown: Vec<(SystemTime, Value)>,
    /// What a mutant did to this key. `metadata` shows the damage.
    pub(crate) marks: Vec<Point>,
    /// Deleted material that a mutant still uses.
    pub(crate) remembered: Option<Vec<u8>>,
}

impl Key {
    #[expect(clippy::too_many_arguments, reason = "every one is a fact about a new key, named where it is made")]
    pub(crate) fn new(
        id: String,
        partition: &str,
        region: &str,
        account: &str,
        spec: &str,
        usage: Usage,
        origin: Origin,
        created: SystemTime,
    ) -> Self {
        Self {
            arn: format!("arn:{partition}:kms:{region}:{account}:key/{id}"),
            multi_region: id.starts_with("mrk-"),
            id,
            account: account.to_owned(),
            region: region.to_owned(),
            spec: spec.to_owned(),
            usage,
            origin,
            description: String::new(),
            created,
            tags: Vec::new(),
            is_disabled: false,
            deletion: None,
            materials: Vec::new(),
            expiration: None,
            tokens: Vec::new(),
            seed: None,
            shown: Vec::new(),
            marks: Vec::new(),
            remembered: None,
        }
    }

    /// The id of a material in this key. The same bytes always have the same id.
    pub(crate) fn material_id(&self, bytes: &[u8]) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(self.arn.as_bytes());
        context.update(b"\0");
        context.update(bytes);
        hex::encode(context.finish())
    }

    /// The material in use, deleted or not.
    pub(crate) fn current(&self) -> Option<&Material> {
        self.materials.iter().find(|material| material.rotation == Rotation::Current)
    }

    pub(crate) fn material_mut(&mut self, id: &str) -> Option<&mut Material> {
        self.materials.iter_mut().find(|material| material.id == id)
    }

    /// Gives a material another id. Only a mutant does this, and not at the first import.
    pub(crate) fn renew_material(&mut self, id: &str) {
        let renewed = hex::encode(digest::digest(&digest::SHA256, format!("{id}{}", self.marks.len()).as_bytes()));
        let is_first = self.marks.is_empty();
        if let Some(material) = self.material_mut(id).filter(|_| !is_first) {
            material.id = renewed;
        }
        self.marks.push(Point::OldCiphertextLost);
    }

    /// Deletes the material if it has expired.
    pub(crate) fn expire(&mut self, now: SystemTime) {
        if let Some(Expiration::At(end)) = self.expiration
            && end <= now
        {
            for material in &mut self.materials {
                material.bytes = None;
            }
            self.expiration = None;
            self.is_disabled = false;
        }
    }

    /// The key's state, as the member `KeyState` spells it.
    pub(crate) fn state(&self) -> &'static str {
        let lacks_material = self.origin == Origin::External
            && (self.current().is_none()
                || self
                    .materials
                    .iter()
                    .any(|material| material.rotation == Rotation::Current && material.bytes.is_none()));
        match self.seed {
            Some(SeedKind::Creating) => "Creating",
            Some(SeedKind::Updating) => "Updating",
            _ if self.deletion.is_some() => "PendingDeletion",
            _ if lacks_material => "PendingImport",
            _ if self.is_disabled => "Disabled",
            _ => "Enabled",
        }
    }

    /// The member that lists the key's algorithms, and the algorithms of its spec.
    pub(crate) fn algorithms(&self) -> (&'static str, Vec<String>) {
        match self.usage {
            Usage::EncryptDecrypt => ("EncryptionAlgorithms", vec!["SYMMETRIC_DEFAULT".to_owned()]),
            Usage::GenerateVerifyMac => ("MacAlgorithms", vec![self.spec.replace("HMAC_", "HMAC_SHA_")]),
            Usage::SignVerify => ("SigningAlgorithms", vec!["ECDSA_SHA_256".to_owned()]),
        }
    }

    /// Records the key's present metadata. DescribeKey shows it once the consistency delay is over.
    pub(crate) fn show(&mut self, config: &Config) {
        let now = (config.clock)();
        if config.at(Point::ConsistencyNever)
            && self.shown.last().is_some_and(|(_, shown)| shown["KeyState"] == "Enabled")
        {
            return;
        }
        let metadata = self.metadata(config);
        if self.shown.last().is_none_or(|(_, last)| *last != metadata) {
            self.shown.push((now, metadata));
        }
        // Metadata older than the newest visible one is never shown again.
        let visible = self.visible(config, now);
        self.shown.drain(..visible);
    }

    /// The metadata that DescribeKey shows now. It lags behind by the consistency delay.
    pub(crate) fn described(&self, config: &Config) -> Value {
        let now = (config.clock)();
        self.shown
            .get(self.visible(config, now))
            .map_or_else(|| self.metadata(config), |(_, metadata)| metadata.clone())
    }

    fn visible(&self, config: &Config, now: SystemTime) -> usize {
        let is_seen = |since: SystemTime| since + config.consistency_delay <= now;
        self.shown.iter().rposition(|(since, _)| is_seen(*since)).unwrap_or(0)
    }

    /// The KeyMetadata of the key's present state.
    fn metadata(&self, config: &Config) -> Value {
        let state = self.state();
        let (algorithms, names) = self.algorithms();
        let mut metadata = json!({
            "AWSAccountId": self.account,
            "Arn": self.arn,
            "CreationDate": seconds(self.created),
            "CustomerMasterKeySpec": self.spec,
            "Description": self.description,
            "Enabled": state == "Enabled",
            algorithms: names,
            "KeyId": self.id,
            "KeyManager": "CUSTOMER",
            "KeySpec": self.spec,
            "KeyState": state,
            "KeyUsage": self.usage.as_str(),
            "MultiRegion": self.multi_region,
            "Origin": self.origin.as_str(),
        });
        match self.expiration {
            Some(Expiration::Never) => metadata["ExpirationModel"] = json!("KEY_MATERIAL_DOES_NOT_EXPIRE"),
            Some(Expiration::At(end)) => {
                metadata["ExpirationModel"] = json!("KEY_MATERIAL_EXPIRES");
                metadata["ValidTo"] = json!(seconds(end));
            }
            None => {}
        }
        if let Some(deletion) = self.deletion {
            metadata["DeletionDate"] = json!(seconds(deletion));
        }
        // Only the second edition has this member, and only for symmetric keys. It stays after a deletion.
        if config.edition == Edition::KeyMaterialId
            && self.spec == "SYMMETRIC_DEFAULT"
            && let Some(material) = self.current()
        {
            metadata["CurrentKeyMaterialId"] = json!(material.id);
        }
        self.show_marks(state, &mut metadata);
        metadata
    }

    /// Applies the marks that a mutant left on the key to its metadata.
    fn show_marks(&self, state: &str, metadata: &mut Value) {
        for mark in &self.marks {
            match mark {
                Point::DeletionDateLost => {
                    metadata.as_object_mut().map(|members| members.remove("DeletionDate"));
                }
                Point::BecomesDisabled if state == "PendingImport" => metadata["KeyState"] = json!("Disabled"),
                Point::NeverImportedEnabled if state == "PendingImport" => metadata["KeyState"] = json!("Enabled"),
                Point::EnabledFlagLeft => metadata["Enabled"] = json!(state == "Enabled" || state == "PendingImport"),
                Point::ExpirationModelLeft if state == "PendingImport" => {
                    metadata["ExpirationModel"] = json!("KEY_MATERIAL_DOES_NOT_EXPIRE");
                }
                Point::ValidToLeft if state == "PendingImport" => metadata["ValidTo"] = json!(seconds(self.created)),
                Point::DescriptionLost => metadata["Description"] = json!(""),
                Point::DescribeDrifts if state == "PendingImport" => {
                    metadata["KeySpec"] = json!("RSA_4096");
                    metadata["KeyManager"] = json!("AWS");
                }
                Point::MaterialIdCleared if state == "PendingImport" => {
                    if let Some(members) = metadata.as_object_mut() {
                        members.remove("CurrentKeyMaterialId");
                    }
                }
                _ => {}
            }
        }
    }
}

/// A time as the protocol writes it: seconds since 1970, with three decimals.
pub(crate) fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    (since.as_secs_f64() * 1000.0).round() / 1000.0
}
