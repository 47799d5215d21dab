//! The world of a case: the names that its templates can use.

use crate::arn::Arn;
use serde::Serialize;

/// The names of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KeyNames {
    /// The key id.
    pub id: String,
    /// The key ARN, once the account is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<Arn>,
    /// `alias/…`, if the key has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The alias' ARN, if the key has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias_arn: Option<Arn>,
    /// The id of the current key material, if the target shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub material_id: Option<String>,
    /// The id of the key material that a rotation replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_material_id: Option<String>,
    /// The id of a key material that waits for rotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_material_id: Option<String>,
}

impl KeyNames {
    /// The names of a key of this id and ARN.
    pub fn of(id: impl Into<String>, arn: Arn) -> Self {
        Self { id: id.into(), arn: Some(arn), ..Self::default() }
    }
}

/// Everything that a template can name. A template that uses an absent value is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct World {
    /// The key of the precondition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyNames>,
    /// The other key of the precondition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<KeyNames>,
    /// A key that does not exist.
    pub absent: Absent,
    /// The Region that requests are signed for.
    pub region: String,
    /// A Region other than that of the target.
    pub other_region: String,
    /// The caller's account, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The partition.
    pub partition: String,
    /// The run's id.
    pub run: String,
    /// The value of the Host header.
    pub host: String,
    /// The Host of the second Region, if there is one.
    #[serde(skip)]
    pub other_host: String,
}

/// A key that does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Absent {
    /// A fresh UUID.
    pub id: String,
}
