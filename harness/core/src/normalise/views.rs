//! A text as it reads once codings are taken off: percent, JSON and C escapes, entities of HTML, quoted-printable,
//! characters that nobody sees, separators between hexadecimal digits.

use super::invisible::is_invisible;
use std::borrow::Cow;
use std::ops::Range;

/// How many codings may lie over each other: JSON can be a string of JSON.
const DEPTH: usize = 3;

/// A text with codings taken off, and where each of its bytes was.
pub(super) struct View<'a> {
    bytes: Cow<'a, [u8]>,
    steps: Vec<Step>,
    /// The text that codings were taken off.
    below: Option<&'a View<'a>>,
}

/// From here on, bytes of a view have been there in the text below. A text can be nothing but spellings, so a step is small.
#[derive(Clone, Copy)]
struct Step {
    here: u32,
    there: u32,
    /// Whether these bytes are one spelling, which begins there.
    is_spelt: bool,
}

impl Step {
    fn new(here: usize, there: usize, is_spelt: bool) -> Self {
        let small = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        Self { here: small(here), there: small(there), is_spelt }
    }

    fn here(self) -> usize {
        self.here as usize
    }

    fn there(self) -> usize {
        self.there as usize
    }

    /// Where a byte was that is behind the beginning of this step.
    fn of(self, offset: usize) -> usize {
        self.there() + (offset - self.here())
    }
}

impl View<'_> {
    /// The text.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where a byte was, or the end, in the text that all codings were taken off.
    fn at(&self, offset: usize) -> usize {
        let Some(below) = self.below else { return offset };
        let next = self.steps.partition_point(|step| step.here() <= offset);
        let there = match next.checked_sub(1).map(|last| self.steps[last]) {
            Some(step) if step.is_spelt => step.there(),
            Some(step) => step.of(offset),
            None => offset,
        };
        below.at(there)
    }

    /// Where a byte ended in the text that all codings were taken off, with its whole spelling; `offset` is behind it. What is
    /// dropped behind it is not a part of it.
    fn end(&self, offset: usize) -> usize {
        let (Some(below), Some(last)) = (self.below, offset.checked_sub(1)) else { return offset };
        let next = self.steps.partition_point(|step| step.here() <= last);
        let there = match next.checked_sub(1).map(|at| (self.steps[at], self.steps.get(at + 1))) {
            Some((step, Some(behind))) if step.is_spelt => behind.there(),
            Some((step, _)) => step.of(offset),
            None => offset,
        };
        below.end(there)
    }

    /// Where a part of this text was.
    pub(super) fn place(&self, range: Range<usize>) -> Range<usize> {
        let start = self.at(range.start);
        start..self.end(range.end).max(start)
    }
}

/// Signs of codings, as bits.
type Signs = u8;
const PERCENT: Signs = 1;
const ESCAPE: Signs = 2;
const ENTITY: Signs = 4;
const PRINTABLE: Signs = 8;
const UNSEEN: Signs = 16;

/// The sign that a byte can be.
const SIGNS: [Signs; 256] = {
    let mut signs = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        if byte < 0x20 || byte > 0x7e {
            signs[byte] = UNSEEN;
        }
        byte += 1;
    }
    signs[b'%' as usize] = PERCENT;
    signs[b'\\' as usize] = ESCAPE;
    signs[b'&' as usize] = ENTITY;
    signs[b'=' as usize] = PRINTABLE;
    signs
};

/// Hands over the text as it is, with each coding taken off alone, and with all that there are taken off at once, up to
/// three times. Views are made where the sign of a coding occurs, one at a time.
pub(super) fn views(text: &[u8], seen: &mut dyn FnMut(&View<'_>)) {
    let whole = View { bytes: Cow::Borrowed(text), steps: Vec::new(), below: None };
    seen(&whole);
    // Nothing that the program reads or writes is longer than steps reach.
    if u32::try_from(text.len()).is_err() {
        return;
    }
    if let Some(joined) = joined_hex(&whole) {
        seen(&joined);
    }
    let signs = signs(text);
    if signs == 0 {
        return;
    }
    let mut alone = 0;
    for sign in [PERCENT, ESCAPE, ENTITY, PRINTABLE, UNSEEN] {
        if signs & sign != 0
            && let Some(view) = decoded(&whole, sign)
        {
            alone |= sign;
            seen(&view);
            // With one coding alone taken off, another may show: the rest is taken off at once.
            below(&view, 1, seen);
        }
    }
    if alone.count_ones() > 1
        && let Some(view) = decoded(&whole, alone)
    {
        seen(&view);
        below(&view, 1, seen);
    }
}

fn below(view: &View<'_>, depth: usize, seen: &mut dyn FnMut(&View<'_>)) {
    if let Some(joined) = joined_hex(view) {
        seen(&joined);
    }
    if depth == DEPTH {
        return;
    }
    let signs = signs(view.bytes());
    let mut next = |which| {
        if let Some(next) = decoded(view, which) {
            seen(&next);
            below(&next, depth + 1, seen);
        }
    };
    next(Signs::MAX);
    // What nobody sees may stand inside another spelling, and has to be taken off before it: `\`, NUL, `057`.
    if signs & UNSEEN != 0 && signs & !UNSEEN != 0 {
        next(UNSEEN);
    }
}

/// Whether something in a text can be a sign of a coding.
pub(super) fn is_coded(text: &[u8]) -> bool {
    signs(text) != 0
}

/// The signs that occur.
fn signs(text: &[u8]) -> Signs {
    text.iter().fold(0, |signs, byte| signs | SIGNS[usize::from(*byte)])
}

/// What is spelt, and how long its spelling is.
struct Spelt {
    bytes: [u8; 4],
    count: usize,
    length: usize,
}

impl Spelt {
    fn byte(byte: u8, length: usize) -> Self {
        Self { bytes: [byte, 0, 0, 0], count: 1, length }
    }

    fn letter(letter: char, length: usize) -> Self {
        let mut bytes = [0; 4];
        let count = letter.encode_utf8(&mut bytes).len();
        Self { bytes, count, length }
    }

    fn nothing(length: usize) -> Self {
        Self { bytes: [0; 4], count: 0, length }
    }
}

/// Takes these codings off, if there are any.
fn decoded<'a>(below: &'a View<'a>, which: Signs) -> Option<View<'a>> {
    let text = below.bytes();
    let first = text.iter().position(|byte| SIGNS[usize::from(*byte)] & which != 0)?;
    let mut bytes = Vec::new();
    let mut steps = Vec::new();
    let (mut at, mut copied) = (first, 0);
    while at < text.len() {
        let sign = SIGNS[usize::from(text[at])] & which;
        if sign == 0 {
            at += 1;
            continue;
        }
        match read(sign, &text[at..]) {
            Ok(spelt) => {
                // Between two spellings is nothing to tell, but for the end of one before something that is dropped.
                if copied < at || spelt.count == 0 {
                    steps.push(Step::new(bytes.len(), copied, false));
                    bytes.extend_from_slice(&text[copied..at]);
                }
                if spelt.count > 0 {
                    steps.push(Step::new(bytes.len(), at, true));
                    bytes.extend_from_slice(&spelt.bytes[..spelt.count]);
                }
                at += spelt.length;
                copied = at;
            }
            Err(length) => at += length,
        }
    }
    if copied == 0 {
        return None;
    }
    steps.push(Step::new(bytes.len(), copied, false));
    bytes.extend_from_slice(&text[copied..]);
    Some(View { bytes: Cow::Owned(bytes), steps, below: Some(below) })
}

/// What is spelt at the beginning of a text, or how many bytes stand for themselves.
fn read(sign: Signs, text: &[u8]) -> Result<Spelt, usize> {
    let spelt = match sign {
        PERCENT => hexadecimal(&text[1..]).map(|byte| Spelt::byte(byte, 3)),
        ESCAPE => escape(text),
        ENTITY => entity(text),
        PRINTABLE => printable(text),
        _ => return unseen(text),
    };
    spelt.ok_or(1)
}

/// Two digits.
fn hexadecimal(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// `\/`, `\"`, `\n`, `\u002f`, `\u{2f}` as our own lines have it, `\x2f`, and `\057`.
fn escape(text: &[u8]) -> Option<Spelt> {
    let rest = &text[1..];
    let plain = |byte: u8| Some(Spelt::byte(byte, 2));
    match rest.first()? {
        b'u' | b'U' => {
            let (digits, length) = match rest.get(1)? {
                b'{' => {
                    let end = rest.iter().take(10).position(|byte| *byte == b'}')?;
                    (rest.get(2..end)?, end + 2)
                }
                _ => (rest.get(1..5)?, 6),
            };
            let digits = std::str::from_utf8(digits).ok()?;
            let letter = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            Some(Spelt::letter(letter, length))
        }
        letter @ (b'x' | b'X') => match hexadecimal(&rest[1..]) {
            Some(byte) => Some(Spelt::byte(byte, 4)),
            None => plain(*letter),
        },
        b'0'..=b'7' => {
            let digits = rest.iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7'));
            let (value, count) =
                digits.fold((0_u32, 0), |(value, count), byte| (value * 8 + u32::from(byte - b'0'), count + 1));
            Some(Spelt::byte(u8::try_from(value).ok()?, count + 1))
        }
        b'n' => plain(b'\n'),
        b'r' => plain(b'\r'),
        b't' => plain(b'\t'),
        other if other.is_ascii() => plain(*other),
        _ => None,
    }
}

/// `&amp;`, `&#47;`, `&#x2f;`.
fn entity(text: &[u8]) -> Option<Spelt> {
    const NAMED: [(&str, char); 12] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("sol", '/'),
        ("bsol", '\\'),
        ("plus", '+'),
        ("equals", '='),
        ("lowbar", '_'),
        ("hyphen", '-'),
        ("colon", ':'),
    ];
    // The longest is `&#x10ffff;`, with zeros in front of it a few more.
    let end = text.iter().take(16).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&text[1..end]).ok()?;
    let number = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => number.parse().ok(),
        },
        None => NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, letter)| u32::from(*letter)),
    };
    Some(Spelt::letter(char::from_u32(number?)?, end + 1))
}

/// `=2F`, and the end of a line that is none.
fn printable(text: &[u8]) -> Option<Spelt> {
    match text {
        [b'=', b'\r', b'\n', ..] => Some(Spelt::nothing(3)),
        [b'=', b'\n', ..] => Some(Spelt::nothing(2)),
        _ => hexadecimal(&text[1..]).map(|byte| Spelt::byte(byte, 3)),
    }
}

/// A terminal, a log or a parser drops what nobody sees.
fn unseen(text: &[u8]) -> Result<Spelt, usize> {
    let width = match text[0] {
        0x00..=0x1f | 0x7f => return Ok(Spelt::nothing(1)),
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let letter = text.get(..width).and_then(|letter| std::str::from_utf8(letter).ok()?.chars().next());
    match letter {
        // A byte that is no text is dropped as well.
        None => Ok(Spelt::nothing(1)),
        Some(letter) if letter.is_control() || is_invisible(letter) => Ok(Spelt::nothing(width)),
        Some(_) => Err(width),
    }
}

/// Without what stands between pairs of hexadecimal digits, where there are many such pairs: `77:4a`, `77 4a`, `0x77, 0x4a`.
fn joined_hex<'a>(below: &'a View<'a>) -> Option<View<'a>> {
    /// Pairs in a row that no harmless text has; a secret has at least as many letters.
    const PAIRS: usize = 8;
    let text = below.bytes();
    let (mut bytes, mut steps) = (Vec::new(), Vec::new());
    let (mut at, mut copied) = (0, 0);
    while let Some(first) = next_pair(text, at) {
        let (count, last) = pairs_from(text, first).fold((0, first), |(count, _), pair| (count + 1, pair));
        at = last + 2;
        if count < PAIRS {
            continue;
        }
        steps.push(Step::new(bytes.len(), copied, false));
        bytes.extend_from_slice(&text[copied..first]);
        for pair in pairs_from(text, first) {
            steps.push(Step::new(bytes.len(), pair, false));
            bytes.extend_from_slice(&text[pair..pair + 2]);
        }
        copied = at;
    }
    if copied == 0 {
        return None;
    }
    steps.push(Step::new(bytes.len(), copied, false));
    bytes.extend_from_slice(&text[copied..]);
    Some(View { bytes: Cow::Owned(bytes), steps, below: Some(below) })
}

/// Where the next pair of hexadecimal digits begins that something behind it can separate from another.
fn next_pair(text: &[u8], from: usize) -> Option<usize> {
    // A separator is looked for first: most texts have fewer of them than digits.
    let ends = text.get(from + 2..)?.iter().enumerate().filter(|(_, byte)| SEPARATORS[usize::from(**byte)]);
    ends.map(|(at, _)| from + at).find(|first| is_pair(&text[*first..]))
}

/// Where pairs begin that follow each other, from the first one on.
fn pairs_from(text: &[u8], first: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(first), |at| {
        let next = at + 2 + separator(&text[at + 2..])?;
        is_pair(&text[next..]).then_some(next)
    })
}

/// Whether two hexadecimal digits come with no third behind them.
fn is_pair(text: &[u8]) -> bool {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_hexdigit);
    is_digit(0) && is_digit(1) && !is_digit(2)
}

/// How long what stands between two pairs is.
fn separator(text: &[u8]) -> Option<usize> {
    let length = text.iter().take(4).take_while(|byte| SEPARATORS[usize::from(**byte)]).count();
    let prefixed = text.get(length..length + 2).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"0x"));
    (length > 0).then_some(length + 2 * usize::from(prefixed))
}

/// What can stand between two pairs. A table, since every byte of every text is looked up.
const SEPARATORS: [bool; 256] = {
    let (mut separators, all) = ([false; 256], b" ,:-._");
    let mut at = 0;
    while at < all.len() {
        separators[all[at] as usize] = true;
        at += 1;
    }
    separators
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_nothing_but_spellings_has_one_small_step_for_each() {
        let text = "\\u003c%3C&lt;".repeat(1000);
        let whole = View { bytes: Cow::Borrowed(text.as_bytes()), steps: Vec::new(), below: None };
        let view = decoded(&whole, Signs::MAX).expect("there are spellings");
        assert_eq!(view.bytes(), "<".repeat(3000).as_bytes());
        assert_eq!((view.steps.len(), size_of::<Step>()), (3001, 12));
        for (at, (start, length)) in [(0, (0, 6)), (1, (6, 3)), (2, (9, 4)), (2999, (13 * 999 + 9, 4))] {
            assert_eq!(view.place(at..at + 1), start..start + length);
        }
    }

    #[test]
    fn what_is_dropped_behind_a_spelling_is_no_part_of_it() {
        let whole = View { bytes: Cow::Borrowed(b"%3C\0\0%3Ca"), steps: Vec::new(), below: None };
        let view = decoded(&whole, Signs::MAX).expect("there are spellings");
        assert_eq!(view.bytes(), b"<<a");
        assert_eq!([view.place(0..1), view.place(1..2), view.place(2..3)], [0..3, 5..8, 8..9]);
    }
}
