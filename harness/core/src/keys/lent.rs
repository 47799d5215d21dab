//! Keys of the user's own, for accounts in which none may be made: each stands in for one precondition, and is given back
//! as it was.

use super::key::{Base, Key, Maker, metadata, text_of};
use super::material::Bytes;
use super::material::plaintext_sent;
use crate::arn::Arn;
use crate::fixture::{Call, Corpus, Material, Origin, Owner, Place, Precondition, Replica, Step};
use crate::kms::{Failure, FailureKind, Kms};
use std::fmt;

/// A key that is lent to a run.
#[derive(Clone)]
pub struct Lent {
    /// The precondition that it stands in for.
    pub precondition: String,
    /// Its id or ARN.
    pub key_id: String,
    /// The bytes that were imported into it, to be imported again.
    pub material: Vec<u8>,
}

impl fmt::Debug for Lent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lent").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// A key cannot stand in for a precondition.
#[derive(Debug, thiserror::Error)]
pub enum LentError {
    /// There is no such precondition.
    #[error("lend a key for the precondition `{0}`: there is none of this name")]
    Unknown(String),
    /// The key could not be given back as it was.
    #[error("lend a key for the precondition `{id}`: {why}")]
    NotRestorable {
        /// The precondition.
        id: String,
        /// Why.
        why: &'static str,
    },
}

impl Lent {
    /// Whether such a key can be given back as it was.
    ///
    /// # Errors
    ///
    /// A precondition that is unknown, or that leaves behind what cannot be undone.
    pub fn check(&self, corpus: &Corpus) -> Result<(), LentError> {
        let id = self.precondition.clone();
        let precondition = corpus.precondition(&id).ok_or_else(|| LentError::Unknown(id.clone()))?;
        let why = match precondition {
            Precondition { spec: None, .. } => "it needs no key",
            Precondition { spec: Some(spec), .. } if spec != "SYMMETRIC_DEFAULT" && !spec.starts_with("HMAC") => {
                "nothing shows whether such a key has its own material again"
            }
            Precondition { origin: Origin::AwsKms, .. } => {
                "what a wrong target did to material of KMS cannot be undone"
            }
            Precondition { material: Material::None, .. } => "an import cannot be undone",
            Precondition { material: Material::Two | Material::Rotated, .. } => {
                "a second material cannot be taken back"
            }
            Precondition { material: Material::Expiring | Material::ExpiringSoon, .. } => {
                "it changes when the material expires"
            }
            Precondition { then, .. } if then.contains(&Step::ScheduleKeyDeletion) => {
                "a key that is lent is never scheduled for deletion"
            }
            Precondition { alias: true, .. } => "it gives the key an alias",
            Precondition { policy: true, .. } | Precondition { grant: true, .. } => "it changes who may use the key",
            Precondition { replica: Replica::Other | Replica::Key, .. } => "it makes a replica",
            Precondition { other: true, .. } => "it needs two keys",
            Precondition { owner: Owner::Stranger, .. } => "it needs another account's key",
            Precondition { region: Place::Elsewhere, .. } => "it needs a key in another Region",
            _ => return Ok(()),
        };
        Err(LentError::NotRestorable { id, why })
    }
}

impl Key {
    /// Takes over a key that is lent, which has to be what the precondition describes. Changes nothing.
    pub(crate) async fn borrow(kms: &Kms, base: &Base, lent: &Lent) -> Result<Self, Failure> {
        let label = format!("lent {}", lent.precondition);
        let metadata = metadata(kms, &lent.key_id).await?;
        let text = |name: &str| metadata[name].as_str().unwrap_or_default().to_owned();
        let wanted = [
            ("Origin", "EXTERNAL"),
            ("KeySpec", &base.spec),
            ("KeyUsage", &base.usage),
            ("KeyState", "Enabled"),
            ("ExpirationModel", "KEY_MATERIAL_DOES_NOT_EXPIRE"),
        ];
        for (member, value) in wanted {
            if text(member) != value {
                let is = text(member);
                return Err(unfit(lent, &format!("its {member} is `{is}` and has to be `{value}`")));
            }
        }
        if (metadata["MultiRegion"] == true) != base.multi_region {
            return Err(unfit(lent, "it is a multi-Region key where none is wanted, or the other way round"));
        }
        let (id, Ok(arn)) = (text("KeyId"), text("Arn").parse::<Arn>()) else {
            return Err(unfit(lent, "its Arn is no ARN"));
        };
        if id.is_empty() || ![id.as_str(), arn.as_str()].contains(&lent.key_id.as_str()) {
            return Err(unfit(lent, "the target describes another key under this name"));
        }
        kms.lent(&id, &arn)?;
        let mut key = Self::of(base, (id, arn), &label, lent.material.clone(), kms);
        key.names.material_id = metadata["CurrentKeyMaterialId"].as_str().map(str::to_owned);
        Ok(key)
    }

    /// Proves, before anything is deleted, that the bytes are the key's own: by importing them, after something was
    /// encrypted that only the same material decrypts.
    pub(crate) async fn prove(&mut self, maker: Maker<'_>) -> Result<(), Failure> {
        match self.base.spec.as_str() {
            "SYMMETRIC_DEFAULT" => self.encrypt().await?,
            _ => self.made.mac = Some(self.mac_of_known_text().await?),
        }
        self.import(maker, Bytes::Same).await?;
        self.is_itself().await
    }

    async fn mac_of_known_text(&self) -> Result<String, Failure> {
        text_of(&self.used(Call::GenerateMac).await?, "GenerateMac", "Mac")
    }

    /// Whether the key still decrypts what it encrypted when it was lent, or makes the same of a message.
    pub(crate) async fn is_itself(&self) -> Result<(), Failure> {
        if let Some(mac) = &self.made.mac {
            return match *mac == self.mac_of_known_text().await? {
                true => Ok(()),
                false => Err(another("GenerateMac", "another Mac than before")),
            };
        }
        if self.made.ciphertext.is_none() {
            return Ok(());
        }
        match self.used(Call::Decrypt).await?["Plaintext"] == plaintext_sent() {
            true => Ok(()),
            false => Err(another("Decrypt", "another plaintext than was encrypted before")),
        }
    }
}

fn another(operation: &str, answer: &str) -> Failure {
    Failure::new(operation, answer.to_owned(), FailureKind::Unusable)
}

fn unfit(lent: &Lent, why: &str) -> Failure {
    let answer = format!("that the key lent for `{}` cannot stand in for it: {why}", lent.precondition);
    Failure::new("DescribeKey", answer, FailureKind::Unusable)
}
