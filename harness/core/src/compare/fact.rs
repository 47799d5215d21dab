//! What was expected and what was found, as values. How they read is in their `Display`, which only text that may be
//! shown has.

use crate::normalise::{Redactor, Shown, not_kept};
use crate::text::TargetText;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something that was expected or found. `T` is [`TargetText`] until a report is made, then [`Shown`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fact<T> {
    /// Nothing is there: no such header, member or message.
    Absent,
    /// A rule in words, such as `a UUID`.
    Words {
        /// The words.
        words: String,
    },
    /// A rule in words about one value.
    About {
        /// The words before the value.
        words: String,
        /// The value.
        value: T,
        /// Words behind the value; usually none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        then: String,
    },
    /// Values: of a header that came several times, several.
    Values {
        /// The values in the order in which they came.
        values: Vec<T>,
    },
    /// A sentence that quotes the target.
    Said {
        /// The sentence.
        text: T,
    },
    /// An error's type.
    ErrorType {
        /// Its name.
        name: T,
    },
    /// Status codes, one of which is due.
    Status {
        /// The codes.
        any_of: Vec<u16>,
    },
    /// An answer as a whole.
    Answer {
        /// Its status code.
        status: u16,
        /// The type of its error.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<T>,
        /// Its body, where there is no error type to name.
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<BodyFact<T>>,
    },
    /// A body.
    Body {
        /// What it is.
        body: BodyFact<T>,
    },
    /// Any of several.
    AnyOf {
        /// The alternatives.
        facts: Vec<Fact<T>>,
    },
}

/// A body in a few words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "form", rename_all = "kebab-case")]
pub enum BodyFact<T> {
    /// It has no bytes.
    Empty,
    /// It is compressed, so that its text is not known.
    Coded {
        /// Its length.
        bytes: usize,
        /// The compression.
        coding: String,
    },
    /// It is text, or was made into text.
    Text {
        /// Its length.
        bytes: usize,
        /// Its first characters.
        text: T,
        /// Whether that is all of it.
        whole: bool,
    },
}

impl<T> Fact<T> {
    /// A rule in words.
    pub fn words(words: impl Into<String>) -> Self {
        Self::Words { words: words.into() }
    }

    /// A rule in words about a value.
    pub fn about(words: impl Into<String>, value: impl Into<T>) -> Self {
        Self::About { words: words.into(), value: value.into(), then: String::new() }
    }

    /// One value.
    pub fn value(value: impl Into<T>) -> Self {
        Self::Values { values: vec![value.into()] }
    }

    /// The same with every text made into another kind of text.
    pub fn map<U>(self, change: &mut impl FnMut(T) -> U) -> Fact<U> {
        match self {
            Self::Absent => Fact::Absent,
            Self::Words { words } => Fact::Words { words },
            Self::About { words, value, then } => Fact::About { words, value: change(value), then },
            Self::Values { values } => Fact::Values { values: values.into_iter().map(change).collect() },
            Self::Said { text } => Fact::Said { text: change(text) },
            Self::ErrorType { name } => Fact::ErrorType { name: change(name) },
            Self::Status { any_of } => Fact::Status { any_of },
            Self::Answer { status, error, body } => {
                Fact::Answer { status, error: error.map(&mut *change), body: body.map(|body| body.map(change)) }
            }
            Self::Body { body } => Fact::Body { body: body.map(change) },
            Self::AnyOf { facts } => Fact::AnyOf { facts: facts.into_iter().map(|fact| fact.map(change)).collect() },
        }
    }
}

impl<T> BodyFact<T> {
    fn map<U>(self, change: &mut impl FnMut(T) -> U) -> BodyFact<U> {
        match self {
            Self::Empty => BodyFact::Empty,
            Self::Coded { bytes, coding } => BodyFact::Coded { bytes, coding },
            Self::Text { bytes, text, whole } => BodyFact::Text { bytes, text: change(text), whole },
        }
    }
}

impl Fact<TargetText> {
    /// The same as it may be shown.
    pub fn shown(self, redactor: &Redactor) -> Fact<Shown> {
        self.map(&mut |text: TargetText| redactor.show_text(&text))
    }
}

impl fmt::Display for Fact<Shown> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("absent"),
            Self::Words { words } => formatter.write_str(words),
            Self::About { words, value, then } => {
                let gap = if words.is_empty() { "" } else { " " };
                write!(formatter, "{words}{gap}`{value}`{then}")
            }
            Self::Values { values } => {
                let quoted: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
                formatter.write_str(&quoted.join(", "))
            }
            Self::ErrorType { name: text } | Self::Said { text } => text.fmt(formatter),
            Self::Status { any_of } => {
                let codes: Vec<String> = any_of.iter().map(ToString::to_string).collect();
                formatter.write_str(&codes.join(" or "))
            }
            Self::Answer { status, error, body } => {
                write!(formatter, "{status}")?;
                match (error, body) {
                    (Some(error), _) => write!(formatter, " {error}"),
                    (None, Some(body)) => write!(formatter, " with {body}"),
                    (None, None) => Ok(()),
                }
            }
            Self::Body { body } => body.fmt(formatter),
            Self::AnyOf { facts } => {
                let facts: Vec<String> = facts.iter().map(ToString::to_string).collect();
                formatter.write_str(&facts.join(", or "))
            }
        }
    }
}

impl fmt::Display for BodyFact<Shown> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("zero bytes"),
            Self::Coded { bytes, coding } => write!(formatter, "{bytes} bytes: {}", not_kept(coding)),
            Self::Text { bytes, text, whole } => {
                write!(formatter, "{bytes} bytes: `{text}{}`", if *whole { "" } else { "…" })
            }
        }
    }
}
