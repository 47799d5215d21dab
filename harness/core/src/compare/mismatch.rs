//! One difference, as data.

use super::fact::Fact;
use super::place::Place;
use crate::fixture::{Level, Shape, Supports};
use crate::normalise::{Redactor, Shown};
use crate::text::TargetText;
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
    /// Two requests at the same time that no order of them explains.
    Order,
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
            Self::Order => "order",
            Self::Liveness => "liveness",
        }
    }
}

/// One difference between what was expected and what was found. The target's fault. `T` is [`TargetText`] until a report
/// is made, then [`Shown`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mismatch<T = TargetText> {
    /// What differs.
    pub what: What,
    /// Where.
    #[serde(rename = "where")]
    pub place: Place<T>,
    /// What was expected.
    pub expected: Fact<T>,
    /// What was found.
    pub found: Fact<T>,
    /// Clauses that say so.
    pub clauses: Vec<String>,
    /// The passages that carry it.
    pub supports: Supports,
    /// How strongly it binds.
    pub level: Level,
    /// What may help to understand it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Mismatch {
    /// A mismatch of a rule for every answer.
    pub(super) fn of_shape(shape: &Shape, what: What, expected: Fact<TargetText>, found: Fact<TargetText>) -> Self {
        Self {
            what,
            place: Place::answer(),
            expected,
            found,
            clauses: shape.clauses.clone(),
            supports: shape.supports.clone(),
            level: shape.level,
            hint: None,
        }
    }

    /// The same as a report may show it.
    pub fn shown(self, redactor: &Redactor) -> Mismatch<Shown> {
        self.map(&mut |text: TargetText| redactor.show_text(&text))
    }
}

impl<T> Mismatch<T> {
    /// The same with every text made into another kind of text.
    pub fn map<U>(self, change: &mut impl FnMut(T) -> U) -> Mismatch<U> {
        Mismatch {
            what: self.what,
            place: self.place.map(&mut *change),
            expected: self.expected.map(change),
            found: self.found.map(change),
            clauses: self.clauses,
            supports: self.supports,
            level: self.level,
            hint: self.hint,
        }
    }
}
