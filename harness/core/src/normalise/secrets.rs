//! Finds secrets in any text, in every common spelling: as they are, in hexadecimal, in base64 at any offset, and each
//! of these percent-encoded or JSON-escaped.

use super::invisible::is_invisible;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use std::ops::Range;

/// Shorter values are no secrets: those of AWS have sixteen characters and more, and what emulators are given instead
/// (`test`, for example) is a part of ordinary words.
const SHORTEST: usize = 8;

/// A value that must not leave the program, and what to show instead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Secret {
    pub(super) value: String,
    pub(super) name: &'static str,
}

/// Secrets, ready to be looked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Finder {
    search: Option<AhoCorasick>,
    spelt: Vec<(Vec<u8>, &'static str)>,
}

impl Finder {
    /// Looks for these; those too short to be looked for are left out.
    pub(super) fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut secrets: Vec<Secret> = secrets.into_iter().filter(|secret| secret.value.len() >= SHORTEST).collect();
        secrets.sort();
        secrets.dedup();
        let spelt: Vec<(Vec<u8>, &'static str)> = secrets
            .iter()
            .flat_map(|secret| spellings(secret.value.as_bytes()).into_iter().map(|spelt| (spelt, secret.name)))
            .collect();
        let search = match spelt.is_empty() {
            true => None,
            false => AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                // A client can write the names of headers in lower case, a target anything in upper case.
                .ascii_case_insensitive(true)
                .build(spelt.iter().map(|(spelt, _)| spelt))
                .ok(),
        };
        Self { search, spelt }
    }

    /// Where the text holds a secret, and which kind; in order, without overlaps.
    pub(super) fn find(&self, text: &[u8]) -> Vec<(Range<usize>, &'static str)> {
        let Some(search) = &self.search else { return Vec::new() };
        let mut found = Vec::new();
        for view in views(text) {
            for hit in search.find_overlapping_iter(&view.bytes) {
                let range = view.at(hit.start())..view.at(hit.end());
                found.push((range, self.spelt[hit.pattern().as_usize()].1));
            }
        }
        found.extend(self.cut_off(text));
        apart(found)
    }
}

/// The places in order, with those that overlap as one.
pub(super) fn apart(mut found: Vec<(Range<usize>, &'static str)>) -> Vec<(Range<usize>, &'static str)> {
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut apart: Vec<(Range<usize>, &'static str)> = Vec::new();
    for (range, name) in found {
        match apart.last_mut() {
            Some((last, _)) if range.start < last.end => last.end = last.end.max(range.end),
            _ => apart.push((range, name)),
        }
    }
    apart
}

impl Finder {
    /// The fronts of secrets whose rest was cut off, which an ellipsis shows.
    fn cut_off(&self, text: &[u8]) -> Vec<(Range<usize>, &'static str)> {
        const FEWEST: usize = 4;
        let Ok(whole) = std::str::from_utf8(text) else { return Vec::new() };
        let mut found = Vec::new();
        for (at, _) in whole.match_indices('…') {
            for (spelt, name) in &self.spelt {
                let longest = (FEWEST..spelt.len()).rev().find(|length| {
                    let front = at.checked_sub(*length).map(|from| &text[from..at]);
                    front.is_some_and(|front| front.eq_ignore_ascii_case(&spelt[..*length]))
                });
                found.extend(longest.map(|length| (at - length..at, *name)));
            }
        }
        found
    }
}

/// The spellings of a secret that no view takes off.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut spellings = vec![secret.to_vec(), hex::encode(secret).into_bytes()];
    for skipped in 0..3_usize {
        let shifted = [vec![0; skipped], secret.to_vec()].concat();
        // Characters that hold bits of what stands before or behind are left out.
        let front = [0, 2, 3][skipped];
        let whole = (shifted.len() * 8) / 6;
        for encoded in [BASE64_STANDARD_NO_PAD.encode(&shifted), BASE64_URL_SAFE_NO_PAD.encode(&shifted)] {
            if let Some(inner) = encoded.as_bytes().get(front..whole) {
                spellings.push(inner.to_vec());
            }
        }
    }
    spellings.retain(|spelt| spelt.len() >= SHORTEST);
    spellings.sort();
    spellings.dedup();
    spellings
}

/// What is spelt, and how long its spelling is.
type Spelt = (Vec<u8>, usize);

/// A text with codings taken off, and where each of its bytes was.
struct View {
    bytes: Vec<u8>,
    /// Absent where nothing was taken off; else one more than there are bytes.
    places: Option<Vec<usize>>,
}

impl View {
    fn at(&self, offset: usize) -> usize {
        match &self.places {
            Some(places) => places[offset],
            None => offset,
        }
    }

    /// Without the characters that nobody sees, if there are any: a terminal, a log or a parser drops them.
    fn without_invisible(&self) -> Option<Self> {
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
        if self.bytes.iter().all(is_plain) {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut places = Vec::with_capacity(self.bytes.len() + 1);
        let mut at = 0;
        for chunk in self.bytes.utf8_chunks() {
            for letter in chunk.valid().chars() {
                if !letter.is_control() && !is_invisible(letter) {
                    places.extend((at..at + letter.len_utf8()).map(|at| self.at(at)));
                    bytes.extend_from_slice(&self.bytes[at..at + letter.len_utf8()]);
                }
                at += letter.len_utf8();
            }
            // A byte that is no text is dropped as well.
            at += chunk.invalid().len();
        }
        places.push(self.at(self.bytes.len()));
        (bytes.len() < self.bytes.len()).then_some(Self { bytes, places: Some(places) })
    }

    /// Takes a coding off, if there is any: behind a sign, `read` gives what is spelt and how long its spelling is.
    fn decoded(&self, sign: u8, read: fn(&[u8]) -> Option<Spelt>) -> Option<Self> {
        if !self.bytes.contains(&sign) {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut places = Vec::with_capacity(self.bytes.len() + 1);
        let mut at = 0;
        while at < self.bytes.len() {
            let byte = self.bytes[at];
            match if byte == sign { read(&self.bytes[at..]) } else { None } {
                Some((spelt, length)) => {
                    places.extend(std::iter::repeat_n(self.at(at), spelt.len()));
                    bytes.extend(spelt);
                    at += length;
                }
                None => {
                    places.push(self.at(at));
                    bytes.push(byte);
                    at += 1;
                }
            }
        }
        places.push(self.at(self.bytes.len()));
        (bytes.len() < self.bytes.len()).then_some(Self { bytes, places: Some(places) })
    }
}

/// The text as it is and as it reads with one, two or three codings taken off: JSON can be a string of JSON.
fn views(text: &[u8]) -> Vec<View> {
    const DEPTH: usize = 3;
    let mut views = vec![View { bytes: text.to_vec(), places: None }];
    let mut from = 0;
    for _ in 0..DEPTH {
        let until = views.len();
        for at in from..until {
            views.extend(views[at].decoded(b'%', percent));
            views.extend(views[at].decoded(b'\\', escape));
            views.extend(views[at].without_invisible());
        }
        from = until;
    }
    views
}

/// `%2F`.
fn percent(text: &[u8]) -> Option<Spelt> {
    let digits = text.strip_prefix(b"%")?.get(..2)?;
    Some((hex::decode(digits).ok()?, 3))
}

/// `\/`, `\"`, `\n`, `\u002f`, and `\u{2f}` as our own lines have it.
fn escape(text: &[u8]) -> Option<Spelt> {
    let rest = text.strip_prefix(b"\\")?;
    let plain = |byte: u8| Some((vec![byte], 2));
    match rest.first()? {
        b'u' => {
            let (digits, length) = match rest.get(1)? {
                b'{' => {
                    let end = rest.iter().take(10).position(|byte| *byte == b'}')?;
                    (rest.get(2..end)?, end + 2)
                }
                _ => (rest.get(1..5)?, 6),
            };
            let digits = std::str::from_utf8(digits).ok()?;
            let letter = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            Some((letter.to_string().into_bytes(), length))
        }
        b'n' => plain(b'\n'),
        b'r' => plain(b'\r'),
        b't' => plain(b'\t'),
        other => plain(*other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn finder() -> Finder {
        Finder::new([Secret { value: SECRET.to_owned(), name: "<secret>" }])
    }

    fn percent_encoded(text: &str, every: bool) -> String {
        let spell = |byte: u8| match byte.is_ascii_alphanumeric() && !every {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02x}"),
        };
        text.bytes().map(spell).collect()
    }

    #[test]
    fn every_spelling_is_found() {
        let escaped: String = SECRET.bytes().map(|byte| format!("\\u{byte:04X}")).collect();
        let braced: String = SECRET.bytes().map(|byte| format!("\\u{{{byte:x}}}")).collect();
        for spelt in [
            SECRET.to_owned(),
            hex::encode(SECRET),
            hex::encode_upper(SECRET),
            SECRET.to_uppercase(),
            percent_encoded(SECRET, false),
            percent_encoded(SECRET, true),
            SECRET.replace('/', "\\/"),
            SECRET.replace('/', "\\\\\\/"),
            percent_encoded(&percent_encoded(SECRET, false), false),
            percent_encoded(&SECRET.replace('/', "\\/"), false),
            escaped,
            braced,
        ] {
            let text = format!("a {spelt} b");
            assert_eq!(finder().find(text.as_bytes()), [(2..2 + spelt.len(), "<secret>")], "{spelt}");
        }
    }

    #[test]
    fn half_a_secret_before_a_cut_is_found() {
        let text = format!("a {}… b", &SECRET[..20]);
        assert_eq!(finder().find(text.as_bytes()), [(2..22, "<secret>")]);
        assert_eq!(finder().find(format!("a {} b", &SECRET[..20]).as_bytes()), []);
    }

    #[test]
    fn what_is_too_short_is_not_looked_for() {
        let finder = Finder::new([Secret { value: "test".to_owned(), name: "<secret>" }]);
        assert_eq!(finder.find(b"a test"), []);
    }

    proptest! {
        #[test]
        fn base64_at_any_offset_is_found(
            before in proptest::collection::vec(any::<u8>(), 0..7),
            after in proptest::collection::vec(any::<u8>(), 0..7),
        ) {
            let all = [before, SECRET.as_bytes().to_vec(), after].concat();
            for encoded in [BASE64_STANDARD_NO_PAD.encode(&all), BASE64_URL_SAFE_NO_PAD.encode(&all)] {
                prop_assert!(!finder().find(encoded.as_bytes()).is_empty(), "{encoded}");
            }
        }

        #[test]
        fn any_bytes_are_taken(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = finder().find(&text);
            let _ = finder().find(&[b"\\u{", &text[..]].concat());
        }
    }
}
