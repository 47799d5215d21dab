//! Text that a target sent, and sentences of ours that quote it. Neither can be printed: only
//! [`Redactor::show`](crate::normalise::Redactor::show) makes text that may leave the program.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// Bytes that are kept around a text that was cut out of a longer one. A secret in any spelling is shorter, but for import tokens
/// and wrapped material, of which the front is enough.
pub(crate) const AROUND: usize = 4 * 1024;

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
#[derive(Clone, Default)]
pub struct TargetText {
    text: String,
    around: Option<Arc<Around>>,
}

/// What stood around a text before it was cut out. Only [`Redactor`](crate::normalise::Redactor) reads it: a secret of which a
/// text has a part is not recognised in that part alone.
#[derive(Debug)]
pub(crate) struct Around {
    before: String,
    behind: String,
    /// What the text ends with in place of what stood behind it.
    sign: &'static str,
}

impl TargetText {
    /// Text of a target.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), around: None }
    }

    /// Bytes of a target; those that are not UTF-8 are replaced.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::new(String::from_utf8_lossy(bytes))
    }

    /// A part of this text.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let Some(around) = &self.around else { return Self::cut_out(&self.text, range, "") };
        let end = self.text.len() - around.sign.len();
        let sign = if range.end > end { around.sign } else { "" };
        let inside = |at: usize| around.before.len() + at.min(end);
        Self::cut_out(&around.whole(&self.text), inside(range.start)..inside(range.end), sign)
    }

    /// The first characters of a text, without a sign that more stood behind them.
    pub(crate) fn beginning(whole: &str, characters: usize) -> Self {
        Self::cut_out(whole, 0..place_of_cut(whole, characters).unwrap_or(whole.len()), "")
    }

    /// At most so many characters of a text. An ellipsis stands for the rest.
    pub(crate) fn front(whole: &str, characters: usize) -> Self {
        match place_of_cut(whole, characters) {
            Some(at) => Self::cut_out(whole, 0..at, "…"),
            None => Self::new(whole),
        }
    }

    fn cut_out(whole: &str, Range { start, end }: Range<usize>, sign: &'static str) -> Self {
        let text = format!("{}{sign}", &whole[start..end]);
        if start == 0 && end == whole.len() {
            return Self::new(text);
        }
        let from = (start.saturating_sub(AROUND)..=start).find(|at| whole.is_char_boundary(*at)).unwrap_or(start);
        let most = whole.len().min(end + AROUND);
        let to = (end..=most).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(end);
        let rest = if to < whole.len() { "…" } else { "" };
        let around =
            Around { before: whole[from..start].to_owned(), behind: format!("{}{rest}", &whole[end..to]), sign };
        Self { text, around: Some(Arc::new(around)) }
    }

    /// At most so many characters, or all if there are no more.
    fn shortened(&self, characters: usize) -> Option<Self> {
        let end = place_of_cut(&self.text, characters)?;
        let Some(around) = &self.around else { return Some(Self::cut_out(&self.text, 0..end, "…")) };
        let start = around.before.len();
        Some(Self::cut_out(&around.whole(&self.text), start..start + end, "…"))
    }

    /// The text as the target sent it: to compare, never to show.
    pub fn raw(&self) -> &str {
        &self.text
    }

    /// What stood around it.
    pub(crate) fn around(&self) -> Option<&Around> {
        self.around.as_deref()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl Around {
    /// The text with what stood around it.
    pub(crate) fn whole(&self, text: &str) -> String {
        format!("{}{}{}", self.before, &text[..text.len() - self.sign.len()], self.behind)
    }

    /// Where the text is in that.
    pub(crate) fn inside(&self, text: &str) -> Range<usize> {
        self.before.len()..self.before.len() + text.len() - self.sign.len()
    }

    /// What the text ends with in place of what stood behind it.
    pub(crate) fn sign(&self) -> &'static str {
        self.sign
    }
}

// Two texts are alike if they read alike, wherever they stood.

impl PartialEq for TargetText {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for TargetText {}

impl PartialOrd for TargetText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TargetText {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for TargetText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for TargetText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TargetText({} bytes)", self.text.len())
    }
}

impl From<&str> for TargetText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for TargetText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl PartialEq<str> for TargetText {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for TargetText {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

/// Where a text is cut that has more than so many characters: behind these, or before a number of twelve digits that reaches
/// over this place. Such a number can be an account id, and a part of one would not be recognised.
///
/// ```
/// use trentcheck_core::text::place_of_cut;
///
/// assert_eq!(place_of_cut("of 210987654321.", 5), Some(3));
/// assert_eq!(place_of_cut("of 2109876543210.", 5), Some(5));
/// assert_eq!(place_of_cut("of all", 6), None);
/// ```
pub fn place_of_cut(text: &str, characters: usize) -> Option<usize> {
    // A character has at least one byte, so that nothing has to be counted here.
    if text.len() <= characters {
        return None;
    }
    let (at, _) = text.char_indices().nth(characters)?;
    Some(beside_account(text.as_bytes(), at))
}

/// The place itself, or that before the number of twelve digits around it.
pub(crate) fn beside_account(text: &[u8], at: usize) -> usize {
    const ACCOUNT: usize = 12;
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    let before = text[..at].iter().rev().take(ACCOUNT).take_while(is_digit).count();
    let behind = text[at..].iter().take(ACCOUNT).take_while(is_digit).count();
    if behind > 0 && before + behind == ACCOUNT { at - before } else { at }
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
        TargetText::new(parts.collect::<String>())
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

    /// At most this many characters. An ellipsis stands for the rest.
    #[must_use]
    pub fn cut(self, characters: usize) -> Self {
        let mut left = characters;
        let mut kept = Vec::new();
        for part in self.0 {
            let cut = match &part {
                Part::Ours(text) => place_of_cut(text, left).map(|at| Part::Ours(format!("{}…", &text[..at]).into())),
                Part::Theirs(text) => text.shortened(left).map(Part::Theirs),
            };
            match cut {
                Some(front) => {
                    kept.push(front);
                    break;
                }
                None => {
                    left -= match &part {
                        Part::Ours(text) => text.chars().count(),
                        Part::Theirs(text) => text.raw().chars().count(),
                    };
                    kept.push(part);
                }
            }
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
