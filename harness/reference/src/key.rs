//! A key: its material, and the state that follows from it.

use crate::config::SeedKind;
use crate::material::{Expiration, Material, Rotation};
use crate::mutant::Point;
use aws_lc_rs::digest;
use serde_json::Value;
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
    KeyAgreement,
}

impl Usage {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::EncryptDecrypt => "ENCRYPT_DECRYPT",
            Self::GenerateVerifyMac => "GENERATE_VERIFY_MAC",
            Self::SignVerify => "SIGN_VERIFY",
            Self::KeyAgreement => "KEY_AGREEMENT",
        }
    }
}

/// An import token, and how material must be wrapped that comes with it.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) value: String,
    pub(crate) valid_to: SystemTime,
    pub(crate) wrapping: Wrapping,
}

/// How imported material is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapping {
    /// RSAES_OAEP_SHA_256
    Oaep,
    /// RSA_AES_KEY_WRAP_SHA_256
    AesKeyWrap,
}

/// The Regions of a multi-Region key. Each has a record of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MultiRegion {
    pub(crate) primary: String,
    pub(crate) replicas: Vec<String>,
}

/// A key in one Region, and everything that the target remembers of it.
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
    pub(crate) multi_region: Option<MultiRegion>,
    pub(crate) created: SystemTime,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) is_disabled: bool,
    pub(crate) deletion: Option<SystemTime>,
    /// The waiting period of the scheduled deletion, in days.
    pub(crate) window_in_days: i64,
    /// The materials, the oldest first.
    pub(crate) materials: Vec<Material>,
    /// When the accepted rotation is carried out, if one was accepted.
    pub(crate) rotating: Option<SystemTime>,
    pub(crate) is_rotated_yearly: bool,
    pub(crate) tokens: Vec<Token>,
    /// The key policy. The reference keeps it and does not evaluate it.
    pub(crate) policy: String,
    /// The grants, as ListGrants shows them. The reference does not evaluate them.
    pub(crate) grants: Vec<Value>,
    pub(crate) seed: Option<SeedKind>,
    /// The metadata that DescribeKey shows, each with the time of its change. The last one is the present state.
    pub(crate) shown: Vec<(SystemTime, Value)>,
    /// What a mutant did to this key. `metadata` shows the damage.
    pub(crate) marks: Vec<Point>,
    /// What DescribeKey answered first, which a mutant shows again.
    pub(crate) first_shown: Option<Value>,
    /// Deleted material that a mutant still uses.
    pub(crate) remembered: Option<Vec<u8>>,
    /// When a mutant deletes whatever material is there then.
    pub(crate) timers: Vec<SystemTime>,
    /// When the store looks next for what is due in this key.
    pub(crate) scheduled: Option<SystemTime>,
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
            multi_region: id
                .starts_with("mrk-")
                .then(|| MultiRegion { primary: region.to_owned(), replicas: Vec::new() }),
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
            window_in_days: 0,
            materials: Vec::new(),
            rotating: None,
            is_rotated_yearly: false,
            tokens: Vec::new(),
            policy: String::new(),
            grants: Vec::new(),
            seed: None,
            shown: Vec::new(),
            marks: Vec::new(),
            first_shown: None,
            remembered: None,
            timers: Vec::new(),
            scheduled: None,
        }
    }

    /// The id of a material in this key. The same bytes always have the same id, also in a replica.
    pub(crate) fn material_id(&self, bytes: &[u8]) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(self.id.as_bytes());
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

    /// The material that waits for a rotation.
    pub(crate) fn pending(&self) -> Option<&Material> {
        self.materials.iter().find(|material| material.rotation == Rotation::Pending)
    }

    /// Whether operations show the ids of this key's materials. They do for symmetric encryption keys only.
    pub(crate) fn names_materials(&self) -> bool {
        self.spec == "SYMMETRIC_DEFAULT"
    }

    /// Whether the key is no replica of a key in another Region.
    pub(crate) fn is_primary(&self) -> bool {
        self.multi_region.as_ref().is_none_or(|set| set.primary == self.region)
    }

    /// The ARN of the same key in another Region.
    pub(crate) fn arn_in(&self, region: &str) -> String {
        self.arn.replacen(&format!(":kms:{}:", self.region), &format!(":kms:{region}:"), 1)
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

    /// When `settle` has something to do next.
    pub(crate) fn due(&self) -> Option<SystemTime> {
        let ends = self.materials.iter().filter(|material| material.is_used()).filter_map(|material| {
            match material.expiration {
                Some(Expiration::At(end)) => Some(end),
                _ => None,
            }
        });
        ends.chain(self.rotating).chain(self.timers.iter().copied()).min()
    }

    /// Carries out what has become due: an accepted rotation, and the expiration of material. Returns whether anything
    /// was due.
    pub(crate) fn settle(&mut self, now: SystemTime) -> bool {
        let rotated = self.rotating.take_if(|due| *due <= now);
        if let Some(due) = rotated {
            self.rotate(due);
        }
        let mut has_expired = false;
        let timers = self.timers.len();
        self.timers.retain(|end| *end > now);
        let rang = self.timers.len() < timers;
        // Material that waits for a rotation does not expire.
        for material in self.materials.iter_mut().filter(|material| material.is_used()) {
            if rang || matches!(material.expiration, Some(Expiration::At(end)) if end <= now) {
                material.clear();
                has_expired = true;
            }
        }
        if has_expired {
            self.is_disabled = false;
        }
        rotated.is_some() || has_expired
    }

    /// Makes the waiting material the current one. If none waits any more, the rotation ends without an effect.
    fn rotate(&mut self, due: SystemTime) {
        if self.pending().is_none() {
            return;
        }
        for material in &mut self.materials {
            match material.rotation {
                Rotation::Current => material.rotation = Rotation::Former,
                Rotation::Pending => {
                    material.rotation = Rotation::Current;
                    material.rotated = Some(due);
                }
                Rotation::Former => {}
            }
        }
    }

    /// Whether a material is missing that the key needs. One material is enough, also one that a rotation replaced.
    pub(crate) fn lacks_material(&self) -> bool {
        let is_missed = |material: &Material| {
            let is_forgiven = material.rotation == Rotation::Former && self.marks.contains(&Point::FormerLeavesEnabled);
            material.is_used() && material.bytes.is_none() && !is_forgiven
        };
        self.origin == Origin::External
            && (self.current().is_none()
                || self.materials.iter().any(is_missed)
                || self.marks.contains(&Point::WaitingBecomesPendingImport))
    }

    /// The key's state, as the member `KeyState` spells it.
    pub(crate) fn state(&self) -> &'static str {
        let has_replicas = self.is_primary() && self.multi_region.as_ref().is_some_and(|set| !set.replicas.is_empty());
        match self.seed {
            Some(SeedKind::Creating) => "Creating",
            Some(SeedKind::Updating) => "Updating",
            _ if self.deletion.is_some() && has_replicas => "PendingReplicaDeletion",
            _ if self.deletion.is_some() => "PendingDeletion",
            _ if self.lacks_material() => "PendingImport",
            _ if self.is_disabled => "Disabled",
            _ => "Enabled",
        }
    }

    /// The member that lists the key's algorithms, and the algorithms of its spec.
    pub(crate) fn algorithms(&self) -> (&'static str, Vec<String>) {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        match self.usage {
            Usage::EncryptDecrypt if self.spec.starts_with("RSA") => {
                ("EncryptionAlgorithms", owned(&["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]))
            }
            Usage::EncryptDecrypt => ("EncryptionAlgorithms", owned(&["SYMMETRIC_DEFAULT"])),
            Usage::GenerateVerifyMac => ("MacAlgorithms", vec![self.spec.replace("HMAC_", "HMAC_SHA_")]),
            Usage::SignVerify if self.spec.starts_with("RSA") => (
                "SigningAlgorithms",
                owned(&[
                    "RSASSA_PKCS1_V1_5_SHA_256",
                    "RSASSA_PKCS1_V1_5_SHA_384",
                    "RSASSA_PKCS1_V1_5_SHA_512",
                    "RSASSA_PSS_SHA_256",
                    "RSASSA_PSS_SHA_384",
                    "RSASSA_PSS_SHA_512",
                ]),
            ),
            Usage::SignVerify => ("SigningAlgorithms", owned(&["ECDSA_SHA_256"])),
            Usage::KeyAgreement => ("KeyAgreementAlgorithms", owned(&["ECDH"])),
        }
    }
}

/// A time as the protocol writes it: seconds since 1970, with three decimals.
pub(crate) fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    (since.as_secs_f64() * 1000.0).round() / 1000.0
}
