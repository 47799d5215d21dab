//! Text that a target sent, and sentences of ours that quote it. Neither can be printed: only
//! [`Redactor::show`](crate::normalise::Redactor::show) makes text that may leave the program.

use std::borrow::Cow;
use std::fmt;

/// Text that a target sent: it may hold secrets, control characters or the start of a command for a CI service.
///
/// There is no `Display`, and `Debug` gives only the length. [`Self::raw`] is for comparisons.
///
/// ```
/// use trentcheck_core::normalise::Redactor;
/// use trentcheck_core::text::TargetText;
///
/// let text = TargetText::new("\u{1b}[2Jfine");
/// assert_eq!(Redactor::default().show(&text.into()).as_str(), "\\u{1b}[2Jfine");
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetText(String);

impl TargetText {
    /// Text of a target.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Bytes of a target; those that are not UTF-8 are replaced.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).into_owned())
    }

    /// The text as the target sent it: to compare, never to show.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for TargetText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TargetText({} bytes)", self.0.len())
    }
}

impl From<&str> for TargetText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for TargetText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl PartialEq<str> for TargetText {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for TargetText {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// A message that quotes a file, in one line: what would end the line, move a cursor or hide text is escaped.
///
/// ```
/// assert_eq!(trentcheck_core::text::in_one_line("no\n::error::\u{1b}[2J"), "no ::error::\\u{1b}[2J");
/// ```
pub fn in_one_line(message: &str) -> String {
    let mut line = String::with_capacity(message.len());
    for letter in message.trim().chars() {
        match letter {
            '\n' => line.push(' '),
            ' '..='~' => line.push(letter),
            letter if !letter.is_ascii() && letter.is_alphanumeric() => line.push(letter),
            letter => line.extend(letter.escape_default()),
        }
    }
    line
}

/// A sentence of ours that may quote a target. It cannot be printed either.
///
/// ```
/// use trentcheck_core::text::{TargetText, Text};
///
/// let text = Text::from("CreateKey answered ").and(TargetText::new("nonsense"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(Vec<Part>);

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Words of ours.
    Ours(Cow<'static, str>),
    /// Words of a target.
    Theirs(TargetText),
}

impl Text {
    /// This text with more behind it.
    #[must_use]
    pub fn and(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }

    /// The whole as text of a target, where something else is to quote it.
    pub(crate) fn flat(&self) -> TargetText {
        let parts = self.0.iter().map(|part| match part {
            Part::Ours(text) => text.as_ref(),
            Part::Theirs(text) => text.raw(),
        });
        TargetText(parts.collect())
    }

    /// These with something between them.
    pub(crate) fn joined(texts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let mut joined = Self::default();
        for (number, text) in texts.into_iter().enumerate() {
            joined = if number == 0 { text } else { joined.and(between).and(text) };
        }
        joined
    }

    /// Whether a part holds this word.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        self.0.iter().any(|part| match part {
            Part::Ours(text) => text.contains(word),
            Part::Theirs(text) => text.raw().contains(word),
        })
    }

    /// The parts in order.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.0
    }

    /// At most this many characters. An ellipsis stands for the rest: it tells the redactor that a secret may have been
    /// cut in two.
    #[must_use]
    pub fn cut(self, characters: usize) -> Self {
        let mut left = characters;
        let mut kept = Vec::new();
        for part in self.0 {
            let (text, is_ours) = match &part {
                Part::Ours(text) => (text.as_ref(), true),
                Part::Theirs(text) => (text.raw(), false),
            };
            let Some((at, _)) = text.char_indices().nth(left) else {
                left -= text.chars().count();
                kept.push(part);
                continue;
            };
            let front = format!("{}…", &text[..at]);
            kept.push(if is_ours { Part::Ours(front.into()) } else { Part::Theirs(TargetText(front)) });
            break;
        }
        Self(kept)
    }
}

impl From<&'static str> for Text {
    fn from(ours: &'static str) -> Self {
        Self(vec![Part::Ours(Cow::Borrowed(ours))])
    }
}

impl From<String> for Text {
    fn from(ours: String) -> Self {
        Self(vec![Part::Ours(Cow::Owned(ours))])
    }
}

impl From<TargetText> for Text {
    fn from(theirs: TargetText) -> Self {
        Self(vec![Part::Theirs(theirs)])
    }
}

impl From<&TargetText> for Text {
    fn from(theirs: &TargetText) -> Self {
        theirs.clone().into()
    }
}

#[cfg(test)]
mod tests {
    use super::{TargetText, Text};
    use crate::normalise::Redactor;

    #[test]
    fn text_of_a_target_does_not_show_itself() {
        assert_eq!(format!("{:?}", TargetText::new("secret")), "TargetText(6 bytes)");
        assert_eq!(format!("{:?}", Text::from(TargetText::new("secret"))), "Text([Theirs(TargetText(6 bytes))])");
    }

    #[test]
    fn a_cut_text_says_so() {
        let shown = |text: Text| Redactor::default().show(&text).to_string();
        let text = || Text::from("ours ").and(TargetText::new("théirs")).and("!");
        assert_eq!(shown(text().cut(12)), "ours théirs!");
        assert_eq!(shown(text().cut(11)), "ours théirs…");
        assert_eq!(shown(text().cut(7)), "ours th…");
        assert_eq!(shown(text().cut(2)), "ou…");
    }
}
