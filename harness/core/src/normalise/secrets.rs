//! Finds secrets in any text, in every spelling that [`spellings`] and [`views`] know, and secrets of which a few characters
//! at an end are missing.

use super::fronts::{Fronts, cuts, is_cut};
use super::needles::{self, Needles};
use super::spellings::{Spellings, spellings};
use super::views::View;
use std::collections::HashMap;
use std::iter;
use std::ops::Range;
use std::sync::OnceLock;

/// Shorter values are no secrets: those of AWS have sixteen characters and more, and what emulators are given instead
/// (`test`, for example) is a part of ordinary words.
const SHORTEST: usize = 8;
const _: () = assert!(SHORTEST >= needles::SHORTEST, "every secret can be looked for");

/// Shorter parts of a secret can be parts of ordinary words.
const SHORTEST_PART: usize = 12;

/// Spellings up to this length are looked for by their front and their end, longer ones by pieces.
const SHORT: usize = 96;

/// Bytes of such a piece.
const PIECE: usize = 32;

/// Pieces of a long spelling.
const PIECES: usize = 4;

/// Bytes that are compared to tell parts from whole secrets, for each byte of a text: a text that is made so that this takes
/// long is hidden from there on.
const PATIENCE: usize = 16;

/// A value that must not leave the program, and what to show instead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Secret {
    pub(super) value: String,
    pub(super) name: &'static str,
}

/// A part of a spelling of a secret.
#[derive(Clone, Copy, Debug)]
struct Part {
    secret: usize,
    spelling: usize,
    /// Where the part is in the spelling.
    at: usize,
    /// Bytes of the whole spelling.
    whole: usize,
}

/// Secrets to look for.
#[derive(Clone, Debug)]
pub(super) struct Finder {
    secrets: Vec<Secret>,
    spelt: Spellings,
    /// Made at the first search: most imports of a self-check are never searched for.
    sought: OnceLock<Sought>,
}

/// Secrets, ready to be looked for.
#[derive(Clone, Debug)]
struct Sought {
    search: Needles,
    parts: Vec<Part>,
    /// The fronts of all spellings.
    fronts: Vec<(Vec<u8>, &'static str)>,
    /// The same, made when a text has an ellipsis: few have.
    before_cuts: OnceLock<Fronts>,
}

impl Sought {
    fn new(secrets: &[Secret], spelt: Spellings) -> Self {
        let (mut patterns, mut parts, mut fronts) = (Vec::new(), Vec::new(), Vec::new());
        for (number, secret) in secrets.iter().enumerate() {
            for (spelling, text) in spellings(secret.value.as_bytes(), spelt).into_iter().enumerate() {
                if text.len() < SHORTEST {
                    continue;
                }
                for range in searched(text.len()) {
                    parts.push(Part { secret: number, spelling, at: range.start, whole: text.len() });
                    patterns.push(text[range].to_vec());
                }
                fronts.push((text[..text.len().min(SHORT)].to_vec(), secret.name));
            }
        }
        let search = Needles::new(patterns);
        Self { search, parts, fronts, before_cuts: OnceLock::new() }
    }

    /// The fronts of secrets whose rest was cut off, which an ellipsis shows.
    fn cut_off(&self, view: &View<'_>, found: &mut dyn FnMut(Range<usize>, &'static str)) {
        let text = view.bytes();
        if cuts(text).next().is_some() {
            let fronts = self.before_cuts.get_or_init(|| Fronts::new(&self.fronts));
            fronts.before_cuts(text, &mut |range, name| found(view.place(range), name));
        }
    }
}

impl Finder {
    /// Looks for these; those too short to be looked for are left out.
    pub(super) fn new(secrets: impl IntoIterator<Item = Secret>, spelt: Spellings) -> Self {
        let mut secrets: Vec<Secret> = secrets.into_iter().filter(|secret| secret.value.len() >= SHORTEST).collect();
        secrets.sort();
        secrets.dedup();
        Self { secrets, spelt, sought: OnceLock::new() }
    }

    /// Where a view holds a secret, and what to show instead: places of the text that codings were taken off.
    pub(super) fn find_in(&self, view: &View<'_>, found: &mut dyn FnMut(Range<usize>, &'static str)) {
        let sought = self.sought.get_or_init(|| Sought::new(&self.secrets, self.spelt));
        let text = view.bytes();
        sought.cut_off(view, found);
        let mut written: HashMap<usize, Vec<Vec<u8>>> = HashMap::new();
        let mut covered: HashMap<(usize, usize), Range<usize>> = HashMap::new();
        let mut patience = Some(PATIENCE * text.len());
        sought.search.find_in(text, &mut |part, hit| {
            let part = sought.parts[part];
            let secret = &self.secrets[part.secret];
            let is_inside = |covered: &Range<usize>| covered.start <= hit.start && hit.end <= covered.end;
            let Some(left) = patience else { return };
            if covered.get(&(part.secret, part.spelling)).is_some_and(is_inside) {
                return;
            }
            let mut range = hit.clone();
            if hit.len() < part.whole {
                let written =
                    written.entry(part.secret).or_insert_with(|| spellings(secret.value.as_bytes(), self.spelt));
                let (extended, is_secret) = extended(text, hit.clone(), &written[part.spelling], part.at);
                patience = left.checked_sub(extended.len() - hit.len());
                if patience.is_none() {
                    return found(view.place(hit.start..text.len()), secret.name);
                }
                if !is_secret {
                    return;
                }
                range = extended;
            }
            found(view.place(range.clone()), secret.name);
            covered.insert((part.secret, part.spelling), range);
        });
    }
}

/// The places in order, with those that overlap as one.
pub(super) fn apart<Name>(mut found: Vec<(Range<usize>, Name)>) -> Vec<(Range<usize>, Name)> {
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut apart: Vec<(Range<usize>, Name)> = Vec::new();
    for (range, name) in found {
        match apart.last_mut() {
            Some((last, _)) if range.start < last.end => last.end = last.end.max(range.end),
            _ => apart.push((range, name)),
        }
    }
    apart
}

/// How many characters of a spelling may be missing at one end.
fn missing(length: usize) -> usize {
    (length / 8).min(8)
}

/// The parts of a spelling that are looked for, none of which is too short.
fn searched(length: usize) -> Vec<Range<usize>> {
    let missing = missing(length);
    match length {
        length if missing == 0 || length - missing < SHORTEST_PART => iter::once(0..length).collect(),
        length if length <= SHORT => vec![0..length - missing, missing..length],
        length => {
            let last = length - PIECE - missing;
            let piece = |number: usize| missing + (last - missing) * number / (PIECES - 1);
            let pieces = (0..PIECES).map(|number| piece(number)..piece(number) + PIECE);
            // The front alone tells a secret that was cut off.
            iter::once(0..PIECE).chain(pieces).collect()
        }
    }
}

/// As much of a spelling as there is around a part of it, and whether that is the secret: no more than a few of its characters
/// are missing, or the rest was cut off.
fn extended(text: &[u8], hit: Range<usize>, spelling: &[u8], at: usize) -> (Range<usize>, bool) {
    let same = |text: &u8, spelt: &u8| text.eq_ignore_ascii_case(spelt);
    let before = text[..hit.start].iter().rev().zip(spelling[..at].iter().rev());
    let start = hit.start - before.take_while(|(text, spelt)| same(text, spelt)).count();
    let behind = text[hit.end..].iter().zip(&spelling[at + hit.len()..]);
    let end = hit.end + behind.take_while(|(text, spelt)| same(text, spelt)).count();
    let is_whole = end - start + missing(spelling.len()) >= spelling.len();
    (start..end, is_whole || is_cut(&text[end..]))
}

#[cfg(test)]
mod tests {
    use super::super::views::views;
    use super::*;
    use base64::Engine;
    use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn finder() -> Finder {
        Finder::new([Secret { value: SECRET.to_owned(), name: "<secret>" }], Spellings::All)
    }

    impl Finder {
        fn find(&self, text: &[u8]) -> Vec<(Range<usize>, &'static str)> {
            let mut found = Vec::new();
            views(text, &mut |view| self.find_in(view, &mut |range, name| found.push((range, name))));
            apart(found)
        }
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

    /// The spellings that a gateway, a logger or a template makes.
    #[test]
    fn spellings_that_others_make_are_found() {
        let each = |spell: &dyn Fn(u8) -> String| SECRET.bytes().map(spell).collect::<String>();
        let between = |text: &str, between: &str| {
            text.as_bytes()
                .chunks(2)
                .map(|pair| String::from_utf8_lossy(pair).into_owned())
                .collect::<Vec<_>>()
                .join(between)
        };
        let signs = |byte: u8| !byte.is_ascii_alphanumeric();
        let wide =
            |order: fn(u8) -> [u8; 2]| BASE64_STANDARD.encode(SECRET.bytes().flat_map(order).collect::<Vec<u8>>());
        let hexadecimal = hex::encode(SECRET);
        let soft = format!("{}=\r\n{}", &SECRET[..20].replace('/', "=2F"), &SECRET[20..].replace('+', "=2B"));
        for spelt in [
            each(&|byte| format!("&#{byte};")),
            each(&|byte| format!("&#x{byte:x};")),
            SECRET.replace('/', "&sol;").replace('+', "&plus;"),
            SECRET.replace('/', "&#x2F;"),
            each(&|byte| if signs(byte) { format!("={byte:02X}") } else { char::from(byte).to_string() }),
            each(&|byte| format!("={byte:02X}")),
            soft,
            each(&|byte| format!("\\x{byte:02x}")),
            SECRET.replace('/', "\\x2f"),
            each(&|byte| format!("\\{byte:03o}")),
            SECRET.replace('/', "\\057"),
            BASE64_STANDARD.encode(BASE64_STANDARD.encode(SECRET)),
            BASE64_STANDARD.encode(BASE64_STANDARD.encode(format!("x{SECRET}"))),
            wide(|byte| [byte, 0]),
            wide(|byte| [0, byte]),
            between(&hexadecimal, ":"),
            between(&hexadecimal, " "),
            between(&hexadecimal.to_uppercase(), "-"),
            format!("0x{}", between(&hexadecimal, ", 0x")),
            each(&|byte| format!("{}\u{200b}", char::from(byte))),
            each(&|byte| format!("{}\0", char::from(byte))),
            each(&|byte| format!("{}\\u0000", char::from(byte))),
            // In upper case the letters of a coding are, too.
            each(&|byte| format!("\\U{byte:04X}")),
            each(&|byte| format!("\\X{byte:02X}")),
            SECRET.replace('/', "&SOL;"),
            // Octal digits with what nobody sees between them, all of it spelt once more.
            each(&|byte| format!("\\{byte:03o}").bytes().map(|sign| format!("\\x{sign:02x}\\x1b")).collect()),
            SECRET[1..].to_owned(),
            SECRET[..SECRET.len() - 1].to_owned(),
            SECRET[4..].to_owned(),
            SECRET[..SECRET.len() - 4].to_owned(),
            hexadecimal[4..].to_owned(),
            hexadecimal[..hexadecimal.len() - 4].to_owned(),
        ] {
            let found = finder().find(format!("a {spelt} b").as_bytes());
            let covered: usize = found.iter().map(|(range, _)| range.len()).sum();
            assert!(covered + 9 >= spelt.len() && covered <= spelt.len(), "{spelt}: {found:?}");
        }
        for (before, behind) in [("", ""), ("x", ""), ("xy", "z"), ("xyz", "zz"), ("xyzz", "zzz")] {
            let spelt = super::super::spellings::tests::in_base32(&format!("{before}{SECRET}{behind}"));
            assert_eq!(finder().find(spelt.as_bytes()).len(), 1, "{spelt}");
        }
    }

    #[test]
    fn harmless_text_is_not_hidden() {
        for text in [
            &SECRET[..20],
            &SECRET[12..],
            &hex::encode(SECRET)[..40],
            "a=b&c=d%20e &amp; =3D \\x41\\101 77:4a:61:6c:72:58:55:74:6e:46:45:4d",
            "2026-11-25T22:46:15.123Z 00:11:22:33:44:55:66:77:88:99 de-ad-be-ef",
        ] {
            assert_eq!(finder().find(text.as_bytes()), [], "{text}");
        }
    }

    #[test]
    fn a_long_secret_is_found_whole_cut_off_and_nearly_whole() {
        let long: String = (0..100_000_u32)
            .map(|number| char::from(b'a' + (number.wrapping_mul(2_654_435_761) >> 27) as u8 % 26))
            .collect();
        let finder = Finder::new([Secret { value: long.clone(), name: "<secret>" }], Spellings::Likely);
        let text = format!("a {long} b");
        assert_eq!(finder.find(text.as_bytes()), [(2..2 + long.len(), "<secret>")]);
        let text = format!("a {}… b", &long[..50_000]);
        assert_eq!(finder.find(text.as_bytes()), [(2..50_002, "<secret>")]);
        let text = format!("a {} b", &long[3..99_997]);
        assert_eq!(finder.find(text.as_bytes()), [(2..99_996, "<secret>")]);
        assert_eq!(finder.find(&long.as_bytes()[..50_000]), []);
        // All alike: each place is a hit.
        let alike = "A".repeat(100_000);
        let finder = Finder::new([Secret { value: alike.clone(), name: "<secret>" }], Spellings::Likely);
        assert_eq!(finder.find(alike.as_bytes()).len(), 1);
    }

    #[test]
    fn half_a_secret_before_a_cut_is_found() {
        let text = format!("a {}… b", &SECRET[..20]);
        assert_eq!(finder().find(text.as_bytes()), [(2..22, "<secret>")]);
        assert_eq!(finder().find(format!("a {} b", &SECRET[..20]).as_bytes()), []);
    }

    #[test]
    fn a_front_before_a_cut_is_found_in_every_coding() {
        let coded = |spell: &dyn Fn(u8) -> String| SECRET.bytes().map(spell).collect::<String>();
        for (spelt, each) in [
            (coded(&|byte| char::from(byte).to_string()), 1),
            (coded(&|byte| format!("%{byte:02x}")), 3),
            (coded(&|byte| format!("\\u{byte:04x}")), 6),
            (coded(&|byte| format!("&#x{byte:x};")), 6),
            (coded(&|byte| format!("%5cu{byte:04x}")), 8),
            (coded(&|byte| format!("\\\\u{byte:04x}")), 7),
            (SECRET.replace('/', "\\/").replace('+', "%2b"), 1),
            (hex::encode(SECRET), 2),
        ] {
            for cut in 4 * each..spelt.len() {
                let text = format!("a {}… b", &spelt[..cut]);
                let covered: usize = finder().find(text.as_bytes()).iter().map(|(range, _)| range.len()).sum();
                // At most what is left of one letter.
                assert!(covered + each > cut, "{covered} of {text}");
            }
        }
    }

    #[test]
    fn hits_before_a_secret_do_not_uncover_it() {
        let token: String = (0..516_u32).map(|number| char::from(b'a' + (number * number % 25) as u8)).collect();
        let secrets = ["ASIAPL4NTEDKEY01".to_owned(), token.clone()].map(|value| Secret { value, name: "<secret>" });
        let finder = Finder::new(secrets, Spellings::All);
        for front in ["ASIAPL4NTEDKEY", &token[..32], &token[..300], &token[200..500]] {
            let text = format!("{} {token} {token}", format!("{front}!").repeat(1100));
            let found = finder.find(text.as_bytes());
            let at = text.len() - 2 * token.len() - 1;
            let is_hidden = |at: usize| found.iter().any(|(range, _)| range.contains(&at));
            assert!((at..at + token.len()).chain(at + token.len() + 1..text.len()).all(is_hidden), "{front}");
        }
    }

    #[test]
    fn what_is_too_short_is_not_looked_for() {
        let finder = Finder::new([Secret { value: "test".to_owned(), name: "<secret>" }], Spellings::All);
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
