//! One difference, as data.

use crate::fixture::{Level, Shape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// No whole answer in HTTP came.
    Transport,
    /// The end of the body is marked in a way that contradicts itself.
    Framing,
    /// The status code.
    Status,
    /// The error's type.
    ErrorType,
    /// The error's shape: its object, its type's carrier, its message member.
    ErrorShape,
    /// The message text.
    Message,
    /// The body of a success.
    Body,
    /// A header.
    Header,
    /// The key afterwards.
    Effect,
    /// The target stopped answering.
    Liveness,
}

impl What {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Framing => "framing",
            Self::Status => "status",
            Self::ErrorType => "error-type",
            Self::ErrorShape => "error-shape",
            Self::Message => "message",
            Self::Body => "body",
            Self::Header => "header",
            Self::Effect => "effect",
            Self::Liveness => "liveness",
        }
    }
}

/// One difference between what was expected and what was found. The target's fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mismatch {
    /// What differs.
    pub what: What,
    /// Where: `answer`, a header, a call that read the key back.
    #[serde(rename = "where")]
    pub place: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Clauses that say so.
    pub clauses: Vec<String>,
    /// The id of the source.
    pub source: String,
    /// How strongly it binds.
    pub level: Level,
    /// What may help to understand it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Mismatch {
    /// A mismatch of a rule for every answer.
    pub(super) fn of_shape(shape: &Shape, what: What, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            what,
            place: "answer".to_owned(),
            expected: expected.into(),
            found: found.into(),
            clauses: shape.clauses.clone(),
            source: shape.source.clone(),
            level: shape.level,
            hint: None,
        }
    }
}
