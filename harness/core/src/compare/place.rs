//! Where a mismatch was seen.

use crate::fixture::On;
use crate::normalise::{Redactor, Shown};
use crate::text::TargetText;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a mismatch was seen. `T` is [`TargetText`] until a report is made, then [`Shown`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Place<T> {
    /// The judged answer.
    Answer {
        /// Which of several, from 1; absent where there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<usize>,
    },
    /// A header of the judged answer.
    Header {
        /// Its name, as the rule spells it.
        name: String,
    },
    /// The request that followed the judged one.
    NextRequest,
    /// A call that was made at the same time.
    Beside {
        /// Its operation.
        call: String,
    },
    /// A call that read a key back afterwards.
    Afterwards {
        /// Its operation.
        call: String,
        /// The member of its answer; absent where the answer as a whole is meant.
        #[serde(skip_serializing_if = "Option::is_none")]
        member: Option<T>,
        /// Whose key it read.
        key: WhichKey,
    },
}

/// Which of the keys of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhichKey {
    /// The key that the request is about.
    Key,
    /// The other key.
    Other,
}

impl WhichKey {
    /// The key that an effect is about.
    pub fn of(on: On) -> Self {
        match on {
            On::Key => Self::Key,
            On::Other => Self::Other,
        }
    }
}

impl<T> Place<T> {
    /// The only judged answer.
    pub fn answer() -> Self {
        Self::Answer { number: None }
    }

    /// The answer of a call on the key afterwards.
    pub fn afterwards(call: impl Into<String>) -> Self {
        Self::Afterwards { call: call.into(), member: None, key: WhichKey::Key }
    }

    /// The call that this place belongs to, if it was made afterwards.
    pub fn call(&self) -> Option<&str> {
        match self {
            Self::Afterwards { call, .. } => Some(call),
            _ => None,
        }
    }

    /// The same with its text made into another kind of text.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Place<U> {
        match self {
            Self::Answer { number } => Place::Answer { number },
            Self::Header { name } => Place::Header { name },
            Self::NextRequest => Place::NextRequest,
            Self::Beside { call } => Place::Beside { call },
            Self::Afterwards { call, member, key } => Place::Afterwards { call, member: member.map(change), key },
        }
    }
}

impl Place<TargetText> {
    /// The same as it may be shown.
    pub fn shown(self, redactor: &Redactor) -> Place<Shown> {
        self.map(|text: TargetText| redactor.show_text(&text))
    }
}

impl fmt::Display for Place<Shown> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { number: None } => formatter.write_str("answer"),
            Self::Answer { number: Some(number) } => write!(formatter, "answer {number}"),
            Self::Header { name } => write!(formatter, "header {name}"),
            Self::NextRequest => formatter.write_str("the next request"),
            Self::Beside { call } => write!(formatter, "{call} at the same time"),
            Self::Afterwards { call, member, key } => {
                formatter.write_str(call)?;
                if let Some(member) = member {
                    write!(formatter, " {member}")?;
                }
                match key {
                    WhichKey::Key => formatter.write_str(" afterwards"),
                    WhichKey::Other => formatter.write_str(" of the other key afterwards"),
                }
            }
        }
    }
}
