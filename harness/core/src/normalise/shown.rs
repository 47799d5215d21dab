//! Text that may be shown: secrets removed, everything that cannot be seen made visible.

use super::invisible::is_invisible;
use super::lines::escape;
use super::redact::Redactor;
use crate::text::{Part, TargetText, Text, place_of_cut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Text that may be shown. Only a [`Redactor`] makes it of what a target sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Shown(String);

impl Shown {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A sentence of ours, in which everything that a target sent is [`Shown`] already.
    pub fn ours(text: impl AsRef<str>) -> Self {
        Self(visible(text.as_ref()))
    }

    /// The text with at most this many characters; its length in bytes stands for the rest. Only now is it cut: half a
    /// secret would not have been recognised.
    #[must_use]
    pub fn cut(self, characters: usize) -> Self {
        match place_of_cut(&self.0, characters) {
            Some(at) => Self(format!("{}… ({} bytes)", &self.0[..at], self.0.len())),
            None => self,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl std::ops::Deref for Shown {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Words of ours need no redactor.
impl From<&'static str> for Shown {
    fn from(ours: &'static str) -> Self {
        Self(ours.to_owned())
    }
}

impl PartialEq<str> for Shown {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Shown {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl Redactor {
    /// A sentence as it may be shown. Secrets are looked for in what the target sent, and again in the sentence as it
    /// reads, since one may have been spread over several parts.
    pub fn show(&self, text: &Text) -> Shown {
        let parts = text.parts().iter().map(|part| match part {
            Part::Ours(words) => visible(words),
            Part::Theirs(text) => self.show_text(text).0,
        });
        Shown(self.redact(&parts.collect::<String>()))
    }

    /// A sentence in which this redactor's secrets are no longer, which another one is still to show.
    pub(crate) fn without_secrets(&self, text: Text) -> Text {
        let parts = text.parts().iter().map(|part| match part {
            Part::Ours(words) => Text::from(words.to_string()),
            Part::Theirs(text) => TargetText::new(self.redact_part(text)).into(),
        });
        Text::joined(parts, "")
    }

    /// Text of a target as it may be shown.
    pub fn show_text(&self, text: &TargetText) -> Shown {
        Shown(self.redact(&escape(self.redact_part(text).as_bytes())))
    }
}

/// Words of ours with what cannot be seen made visible: they can hold a path or a name that somebody else chose.
fn visible(words: &str) -> String {
    let is_visible = |letter: char| !letter.is_control() && !is_invisible(letter);
    match words.chars().all(is_visible) {
        true => words.to_owned(),
        false => words
            .chars()
            .map(|letter| if is_visible(letter) { letter.to_string() } else { letter.escape_default().to_string() })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_target_sent_is_shown_without_secrets_and_with_every_character_visible() {
        let redactor = Redactor::new([("a-s3cr3t-k3y".to_owned(), "<secret>")]);
        for (sent, shown) in [
            ("fine", "fine"),
            ("a-s3cr3t-k3y", "<secret>"),
            ("a-s3\u{0}cr3t-k3y", "<secret>"),
            ("a-\u{200b}s3cr3t\u{1b}-k3y", "<secret>"),
            ("\u{1b}[2J\u{9b}2J", "\\u{1b}[2J\\u{9b}2J"),
            ("a\n::error::b\r", "a\\n::error::b\\r"),
            ("\u{202e}abc\u{2028}", "\\u{202e}abc\\u{2028}"),
        ] {
            assert_eq!(redactor.show_text(&TargetText::new(sent)), shown);
            assert_eq!(redactor.show(&TargetText::new(sent).into()), shown);
        }
    }

    #[test]
    fn a_secret_that_is_spread_over_parts_is_found() {
        let redactor = Redactor::new([("a-s3cr3t-k3y".to_owned(), "<secret>")]);
        let text = Text::from("says ").and(TargetText::new("a-s3cr")).and(TargetText::new("3t-k3y"));
        assert_eq!(redactor.show(&text), "says <secret>");
    }
}
