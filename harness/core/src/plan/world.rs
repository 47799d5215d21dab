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

impl World {
    /// The world with the values of the page's example.
    pub fn example() -> Self {
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let key = |id: &str| KeyNames {
            id: id.to_owned(),
            arn: format!("arn:aws:kms:us-east-2:111122223333:key/{id}").parse().ok(),
            alias: Some("alias/example".to_owned()),
            alias_arn: "arn:aws:kms:us-east-2:111122223333:alias/example".parse().ok(),
            material_id: Some("0b7fd7ddbac6eef27907413567cad8c810e2883dc8a7534067a82ee1142fc1e6".to_owned()),
            new_material_id: Some("1c8fe8eecbd7ff038a18524678dbe9d921f3994ed9b8645178b93ff2253fd2f7".to_owned()),
            former_material_id: Some("1c8fe8eecbd7ff038a18524678dbe9d921f3994ed9b8645178b93ff2253fd2f7".to_owned()),
        };
        Self {
            key: Some(key(id)),
            other: Some(key("0987dcba-09fe-87dc-65ba-ab0987654321")),
            absent: Absent { id: "00000000-0000-4000-8000-000000000000".to_owned() },
            region: "us-east-2".to_owned(),
            other_region: "us-west-2".to_owned(),
            account: Some("111122223333".to_owned()),
            partition: "aws".to_owned(),
            run: "example".to_owned(),
            host: "kms.us-east-2.amazonaws.com".to_owned(),
            other_host: String::new(),
        }
    }
}

/// A key that does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Absent {
    /// A fresh UUID.
    pub id: String,
}
