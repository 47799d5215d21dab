//! What leaves the program leaves without secrets.

use super::secrets::{Finder as Secrets, Secret, apart};
use super::spellings::Spellings;
use super::telltale::{Name, accounts_of_arns, is_public, patterns_in, possible_accounts, unreplaced_in, words};
use super::views::{View, is_coded, views};
use crate::text::{AROUND, TargetText, beside_account};
use memchr::memmem;
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// Header lines whose values are secrets or made with one.
pub(super) const SECRET_HEADERS: &[&str] = &["authorization", "x-amz-security-token"];

/// What stands between texts that are looked through at once: no sign of a coding, no end of one, and nothing that can stand
/// inside a secret.
pub(super) const BETWEEN: &str = "\"";

/// Of an account that is not in use.
const OTHER_ACCOUNT: &str = "<other-account>";

/// Which accounts are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accounts {
    /// None: recordings give them placeholders of their own.
    Shown,
    /// Those of ARNs and those that are known to be in use.
    Known,
    /// These, and every number that can be one.
    Any,
}

/// A secret in what is about to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// The line, from 1.
    pub line: usize,
    /// What kind of secret it is, in words.
    pub what: String,
}

/// Removes secrets from what leaves the program, and finds those that are left.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    finders: Vec<Arc<Secrets>>,
    accounts: Vec<String>,
}

impl Redactor {
    /// A redactor of these values, each with what to show instead.
    pub fn new(secrets: impl IntoIterator<Item = (String, &'static str)>) -> Self {
        let secrets = secrets.into_iter().map(|(value, name)| Secret { value, name });
        Self { finders: vec![Arc::new(Secrets::new(secrets, Spellings::All))], accounts: Vec::new() }
    }

    /// A redactor of what the body of an import holds, which a target may repeat anywhere.
    pub fn of_import(body: &[u8]) -> Option<Self> {
        let body: serde_json::Value = crate::json::parse(body).ok()?;
        let members = ["ImportToken", "EncryptedKeyMaterial"].into_iter().filter_map(|name| body.get(name)?.as_str());
        let secrets: Vec<_> = members.map(|value| Secret { value: value.to_owned(), name: "<removed>" }).collect();
        (!secrets.is_empty())
            .then(|| Self { finders: vec![Arc::new(Secrets::new(secrets, Spellings::Likely))], accounts: Vec::new() })
    }

    /// This one, for the secrets of another as well.
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.finders.extend(other.finders.iter().cloned());
        both.accounts.extend(other.accounts.iter().filter(|account| !self.accounts.contains(account)).cloned());
        both
    }

    /// This one, for these accounts as well. [`Self::redact`] leaves accounts alone, since recordings give them
    /// placeholders of their own.
    pub fn with_accounts<'a>(mut self, accounts: impl IntoIterator<Item = &'a str>) -> Self {
        for account in accounts {
            let is_new = !self.accounts.iter().any(|known| known == account);
            if is_new && !is_public(account) && account.len() == 12 {
                self.accounts.push(account.to_owned());
            }
        }
        self
    }

    /// The text without secrets, signatures and what a request imports.
    pub fn redact(&self, text: &str) -> String {
        self.without(text, Accounts::Shown)
    }

    /// The text without secrets and without account ids: for everything that a person reads or a report keeps.
    pub fn redact_all(&self, text: &str) -> String {
        self.without(text, Accounts::Known)
    }

    /// Each of these texts as [`Self::redact_all`] leaves it.
    pub fn redact_each(&self, texts: &[&str]) -> Vec<String> {
        /// Texts that are looked through at once: most have nothing to hide.
        const TOGETHER: usize = 32;
        let redacted = texts.chunks(TOGETHER).flat_map(|together| {
            // Where codings are taken off, one text could hide what another holds.
            let is_plain = |text: &&str| !is_coded(text.as_bytes());
            let plain: Vec<&str> = together.iter().copied().filter(is_plain).collect();
            let is_clean = self.found(plain.join(BETWEEN).as_bytes(), Accounts::Known).is_empty();
            together.iter().map(move |text| match is_clean && is_plain(text) {
                true => (*text).to_owned(),
                false => self.redact_all(text),
            })
        });
        redacted.collect()
    }

    /// As [`Self::redact`]. What was cut off around the text is looked through as well: it tells what is a part of a secret.
    pub(super) fn redact_part(&self, part: &TargetText) -> String {
        let Some(around) = part.around() else { return self.redact(part.raw()) };
        let whole = around.whole(part.raw());
        let inside = around.inside(part.raw());
        let found = self.found(whole.as_bytes(), Accounts::Shown);
        let found = found.into_iter().filter(|(range, _)| range.start < inside.end && inside.start < range.end);
        let found = found.map(|(range, name)| (range.start.max(inside.start)..range.end.min(inside.end), name));
        let front = replaced(&whole.as_bytes()[..inside.end], in_letters(&whole[..inside.end], found));
        let text = String::from_utf8_lossy(&front[inside.start..]).into_owned();
        self.redact(&format!("{text}{}", around.sign()))
    }

    /// Bytes without secrets. What is no text is shown in hexadecimal, which nothing can be found in afterwards.
    pub fn redact_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        self.redact_front(bytes, bytes.len())
    }

    /// At most so many bytes, without secrets. An ellipsis stands for the rest. A secret that reaches into the rest is found.
    pub(super) fn redact_front<'a>(&self, bytes: &'a [u8], most: usize) -> Cow<'a, [u8]> {
        let looked = front(bytes, most + AROUND);
        let mut end = front(bytes, most).len();
        let mut found = self.secrets(&match looked.len() < bytes.len() {
            true => Cow::Owned([looked, "…".as_bytes()].concat()),
            false => Cow::Borrowed(looked),
        });
        found.retain(|(range, _)| range.start < end);
        if let Some((last, _)) = found.last_mut() {
            last.end = last.end.min(looked.len());
            end = end.max(last.end);
        }
        if found.is_empty() && end == bytes.len() {
            return Cow::Borrowed(bytes);
        }
        let mut kept = replaced(&bytes[..end], found);
        if end < bytes.len() {
            kept.extend_from_slice("…".as_bytes());
        }
        Cow::Owned(kept)
    }

    /// Whether [`Self::redact`] leaves a text as it is.
    pub(super) fn is_clean(&self, text: &str) -> bool {
        self.found(text.as_bytes(), Accounts::Shown).is_empty()
    }

    /// Whether bytes hold something that text would not be shown with, or a number that can be an account.
    pub(super) fn hides(&self, bytes: &[u8]) -> bool {
        !self.found(bytes, Accounts::Any).is_empty()
    }

    /// Every secret that a text still holds, by line.
    pub fn leaks(&self, text: &str) -> Vec<Leak> {
        self.leaks_beyond(text, "")
    }

    /// Whether a JSON text that has each value on a line of its own holds no secret. No value goes over the end of a line, so
    /// that a line which occurs again is looked through once: most lines of a report are such. Codings are looked for only in
    /// lines that can have some.
    pub fn is_clean_json(&self, text: &str) -> bool {
        let mut known = HashSet::new();
        let lines = text.lines().map(str::trim_start).filter(|line| known.insert(*line));
        let (coded, plain): (Vec<&str>, Vec<&str>) = lines.partition(|line| is_coded(line.as_bytes()));
        let mut texts = coded.into_iter().map(Cow::Borrowed).chain([Cow::Owned(plain.join(BETWEEN))]);
        texts.all(|text| self.leaks(&text).is_empty())
    }

    /// The same without those that are words of ours: a secret can be a word that every report has, such as the name of a
    /// member. `ours` has these words.
    pub fn leaks_beyond(&self, text: &str, ours: &str) -> Vec<Leak> {
        let mut leaks = Vec::new();
        let ours = ours.to_ascii_lowercase();
        let line_of = |at: usize| text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        let mut add = |range: Range<usize>, what: &str| {
            let is_ours = text.get(range.clone()).is_some_and(|text| ours.contains(&text.to_ascii_lowercase()));
            if !is_ours {
                leaks.push(Leak { line: line_of(range.start), what: what.to_owned() });
            }
        };
        for (range, name) in self.secrets(text.as_bytes()) {
            add(range, name.trim_matches(['<', '>']).replace('-', " ").as_str());
        }
        unreplaced_in(text.as_bytes(), &mut add);
        for account in &self.accounts {
            words(text.as_bytes(), account).into_iter().for_each(|range| add(range, "account id"));
        }
        leaks.sort_by_key(|leak| leak.line);
        leaks.dedup();
        leaks
    }

    /// Where the text holds a secret, in order, without overlaps.
    fn secrets(&self, text: &[u8]) -> Vec<(Range<usize>, Name)> {
        let mut found = Vec::new();
        views(text, &mut |view| self.secrets_in(view, &mut found));
        apart(found)
    }

    fn secrets_in(&self, view: &View<'_>, found: &mut Vec<(Range<usize>, Name)>) {
        for finder in &self.finders {
            finder.find_in(view, &mut |range, name| found.push((range, Name::Borrowed(name))));
        }
    }

    /// Where the text holds what is not shown, in order, without overlaps.
    fn found(&self, text: &[u8], accounts: Accounts) -> Vec<(Range<usize>, Name)> {
        let mut found = Vec::new();
        views(text, &mut |view| {
            self.secrets_in(view, &mut found);
            let mut add = |range: Range<usize>, name: Name| {
                let range = view.place(range);
                // Lines of ours are apart. A line break of a target is escaped by now.
                let is_one_line = || !text[range.clone()].contains(&b'\n');
                if accounts != Accounts::Known || is_one_line() {
                    found.push((range, name));
                }
            };
            patterns_in(view.bytes(), &mut add);
            if accounts != Accounts::Shown {
                self.accounts_in(view.bytes(), accounts, &mut add);
            }
        });
        apart(found)
    }

    fn accounts_in(&self, text: &[u8], accounts: Accounts, add: &mut dyn FnMut(Range<usize>, Name)) {
        for range in accounts_of_arns(text) {
            if let Some(account) = std::str::from_utf8(&text[range.clone()]).ok().filter(|account| !is_public(account))
            {
                add(range, self.account(account));
            }
        }
        for account in &self.accounts {
            words(text, account).into_iter().for_each(|range| add(range, self.account(account)));
        }
        if accounts == Accounts::Any {
            possible_accounts(text).into_iter().for_each(|range| add(range, OTHER_ACCOUNT.into()));
        }
    }

    /// The text without what is found, again and again: what stands for one can show another.
    fn without(&self, text: &str, accounts: Accounts) -> String {
        /// Codings lie over each other three times, and accounts stand beside secrets.
        const ROUNDS: usize = 6;
        let mut text = Cow::Borrowed(text);
        for _ in 0..ROUNDS {
            let found = self.found(text.as_bytes(), accounts);
            if found.is_empty() {
                return text.into_owned();
            }
            let clean = replaced(text.as_bytes(), in_letters(&text, found));
            text = Cow::Owned(String::from_utf8_lossy(&clean).into_owned());
        }
        // Nobody writes such a text by mistake.
        "<removed>".to_owned()
    }

    /// The accounts that are in use are numbered; others can only be told apart from those.
    fn account(&self, account: &str) -> Name {
        match self.accounts.iter().position(|known| known == account) {
            Some(0) => "<account>".into(),
            Some(number) => format!("<account-{}>", number + 1).into(),
            None => OTHER_ACCOUNT.into(),
        }
    }
}

/// The text with these places replaced.
fn replaced(text: &[u8], found: impl IntoIterator<Item = (Range<usize>, Name)>) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut at = 0;
    for (range, name) in found {
        replaced.extend_from_slice(&text[at.min(range.start)..range.start]);
        replaced.extend_from_slice(name.as_bytes());
        at = at.max(range.end);
    }
    replaced.extend_from_slice(&text[at..]);
    replaced
}

/// A spelling that ends inside a letter takes the whole letter with it.
fn in_letters(
    text: &str,
    found: impl IntoIterator<Item = (Range<usize>, Name)>,
) -> impl Iterator<Item = (Range<usize>, Name)> {
    let mut done = 0;
    found.into_iter().map(move |(range, name)| {
        let start = (done..=range.start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(range.start.max(done));
        let end = (range.end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        done = end;
        (start..end.max(start), name)
    })
}

/// The front of bytes, at most so many. Of text, no letter is cut in two, nor a number that can be an account id.
fn front(bytes: &[u8], most: usize) -> &[u8] {
    if bytes.len() <= most {
        return bytes;
    }
    let is_continued = |at: &usize| bytes[*at] & 0xc0 == 0x80;
    let at = (most.saturating_sub(3)..=most).rev().find(|at| !is_continued(at)).unwrap_or(most);
    &bytes[..beside_account(bytes, at)]
}

/// An Authorization value without what a key made: scope and list of signed headers stay, since cases are about them.
pub(super) fn secret_value(value: &str) -> String {
    if !["Credential=", "Signature=", "SignedHeaders="].iter().any(|word| find(value, word).is_some()) {
        return if value.is_empty() { String::new() } else { format!("<{} characters>", value.len()) };
    }
    let ends = |letter: char| matches!(letter, ',' | '\x0b') || letter.is_ascii_whitespace();
    let value = with_instead(value, "Credential=", |letter| letter == '/' || ends(letter), "<access-key-id>");
    with_instead(&value, "Signature=", ends, "<signature>")
}

/// Where a word is. As `str::find`, which takes longer to begin and is slower on short values.
fn find(text: &str, word: &str) -> Option<usize> {
    memmem::find(text.as_bytes(), word.as_bytes())
}

/// The text with `instead` in the place of what follows each occurrence of a word, up to a letter that ends it. If nothing
/// follows, nothing is put there.
fn with_instead(text: &str, word: &str, ends: impl Fn(char) -> bool, instead: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find(rest, word) {
        let (before, behind) = rest.split_at(at + word.len());
        replaced.push_str(before);
        let end = behind.find(&ends).unwrap_or(behind.len());
        if end > 0 {
            replaced.push_str(instead);
        }
        rest = &behind[end..];
    }
    replaced.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn redactor() -> Redactor {
        Redactor::new([("a-s3cr3t-k3y".to_owned(), "<secret-access-key>")])
            .with_accounts(["210987654321", "998877665544"])
    }

    #[test]
    fn texts_that_are_looked_through_together_are_redacted_as_alone() {
        let texts = [
            "plain",
            "a a-s3cr3t-k3y b",
            "Sig\u{200b}nature=0a1b",
            "x\ny",
            "a%2561-s3cr3t-k3y&gt",
            "arn:aws:kms:x:210987654321:key/a",
            "998877665544",
            "a-s3cr3t-",
            "k3y",
            "\\",
            "=41",
            "Signature=",
            "0a1b",
        ];
        let redactor = redactor();
        let alone: Vec<String> = texts.iter().map(|text| redactor.redact_all(text)).collect();
        assert_eq!(redactor.redact_each(&texts), alone);
        for first in texts {
            for second in texts {
                let alone = [first, second].map(|text| redactor.redact_all(text));
                assert_eq!(redactor.redact_each(&[first, second]), alone, "{first} {second}");
            }
        }
    }

    #[test]
    fn secrets_and_signatures_do_not_pass() {
        for (text, expected) in [
            ("a a-s3cr3t-k3y, Signature=0a1b, b", "a <secret-access-key>, Signature=<signature>, b"),
            (r#"{"ImportToken": "abc","x":1}"#, r#"{"ImportToken": "<removed>","x":1}"#),
            (r#""{\"ImportToken\":\"abc\"}""#, r#""{\"ImportToken\":\"<removed>\"}""#),
            ("?X-Amz-Security-Token=abc%2F&b", "?X-Amz-Security-Token=<session-token>&b"),
            ("https://jane:pw@host/", "https://<user>@host/"),
            (
                r#"{"a":"Signature=ab","b":"?X-Amz-Security-Token=c"}"#,
                r#"{"a":"Signature=<signature>","b":"?X-Amz-Security-Token=<session-token>"}"#,
            ),
            ("of AKIAABCDEFGHIJKLMNOP.", "of <access-key-id>."),
            ("é%61-s3cr3t-k3yé", "é<secret-access-key>é"),
            // A pattern that ends inside a secret does not hide the rest of it, nor the other way round.
            (r#"{"ImportToken":"x a-s3cr3t\055k3y y"}"#, r#"{"ImportToken":"<removed>"}"#),
            (r#"{"ImportToken":"ab\/cd\u002bef=","x":1}"#, r#"{"ImportToken":"<removed>","x":1}"#),
            (r#"{"ImportToken":"<removed>","x":1}"#, r#"{"ImportToken":"<removed>","x":1}"#),
            ("https://jane:a-s3cr3t-k3y@host/", "https://<user>@host/"),
            (
                "[\n\"Signature=<signature>\",\n\"https://<user>@host\"\n]",
                "[\n\"Signature=<signature>\",\n\"https://<user>@host\"\n]",
            ),
        ] {
            assert_eq!(redactor().redact(text), expected);
            assert_eq!(redactor().leaks(&redactor().redact(text)), []);
        }
        let value = "AWS4-HMAC-SHA256 Credential=AKID/20260101/r/kms/aws4_request, SignedHeaders=host, Signature=00";
        assert_eq!(
            secret_value(value),
            "AWS4-HMAC-SHA256 Credential=<access-key-id>/20260101/r/kms/aws4_request, SignedHeaders=host, Signature=<signature>"
        );
        for (value, expected) in [
            (
                "Credential=AKID Signature=00,Signature=01",
                "Credential=<access-key-id> Signature=<signature>,Signature=<signature>",
            ),
            // Where nothing is, nothing is said to be.
            ("Credential=/20260101, Signature=", "Credential=/20260101, Signature="),
            ("Credential=,Signature= 0", "Credential=,Signature= 0"),
        ] {
            assert_eq!(secret_value(value), expected);
        }
    }

    #[test]
    fn accounts_in_use_and_those_of_arns_are_replaced_where_asked() {
        let text = "210987654321 arn:aws:kms:r:998877665544:key/x arn:aws:iam::555555555555:user/y 111122223333 777777777777 arn:aws:sts::555555555555… \"arn:aws:sts::555555555555\"";
        assert_eq!(redactor().redact(text), text);
        assert_eq!(
            redactor().redact_all(text),
            "<account> arn:aws:kms:r:<account-2>:key/x arn:aws:iam::<other-account>:user/y 111122223333 777777777777 arn:aws:sts::<other-account>… \"arn:aws:sts::<other-account>\""
        );
    }

    #[test]
    fn no_cut_uncovers_a_part_of_a_secret() {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let redactor = Redactor::new([(secret.to_owned(), "<secret>")]);
        let each = |spell: fn(u8) -> String| secret.bytes().map(spell).collect::<String>();
        for spelt in [
            secret.to_owned(),
            secret.replace('/', "\\/"),
            secret.replace('/', "%2f").replace('+', "%2B"),
            each(|byte| format!("%{byte:02x}")),
            each(|byte| format!("\\u{byte:04x}")),
            each(|byte| format!("&#x{byte:x};")),
            each(|byte| format!("{byte:02x}:")),
            hex::encode(secret),
        ] {
            let whole = format!("{} {spelt} {}", "z".repeat(50), "z".repeat(50));
            for characters in 51..whole.len() {
                let shown = [
                    redactor.show_text(&TargetText::front(&whole, characters)).to_string(),
                    redactor.show_text(&TargetText::beginning(&whole, characters)).to_string(),
                    redactor.show(&Text::from("says ").and(TargetText::new(&*whole)).cut(characters)).to_string(),
                    redactor.show_text(&TargetText::front(&whole, characters).part(20..characters)).to_string(),
                    redactor.show_text(&TargetText::new(&*whole).part(characters..whole.len())).to_string(),
                    String::from_utf8_lossy(&redactor.redact_front(whole.as_bytes(), characters)).into_owned(),
                ];
                for shown in shown {
                    let rest = shown
                        .trim_start_matches("says ")
                        .replace("<secret>", "")
                        .replace("\\u{20}", "")
                        .replace(['z', ' ', '…'], "");
                    assert!(rest.len() <= 1, "{rest} of {spelt} in {shown}");
                }
            }
        }
    }

    #[test]
    fn no_cut_leaves_digits_of_an_account() {
        for account in ["210987654321", "arn:aws:kms:r:555555555555:key/x"] {
            let whole = format!("{}:{account}:{}", "z".repeat(50), "z".repeat(50));
            for characters in 51..whole.len() {
                let text = TargetText::new(&*whole);
                for shown in [
                    redactor().show_text(&TargetText::front(&whole, characters)).to_string(),
                    redactor().show_text(&TargetText::beginning(&whole, characters)).to_string(),
                    redactor().show(&Text::from(text.clone()).cut(characters)).to_string(),
                    redactor().show(&Text::from(whole.clone()).cut(characters)).to_string(),
                    redactor().show_text(&text).cut(characters).to_string(),
                    String::from_utf8_lossy(&redactor().redact_front(whole.as_bytes(), characters)).into_owned(),
                ] {
                    let left = redactor().redact_all(shown.split(" (").next().unwrap_or_default());
                    assert!(!left.contains(|letter: char| letter.is_ascii_digit()), "{left}");
                }
            }
        }
    }

    #[test]
    fn what_gives_itself_away_does_so_in_every_coding() {
        for (text, expected) in [
            ("of\\n210987654321.", "of\\n<account>."),
            ("of\\t210987654321\\n", "of\\t<account>\\n"),
            ("of_210987654321_", "of_<account>_"),
            ("%31210987654321 x210987654321 2109876543210", "%31210987654321 x210987654321 2109876543210"),
            ("\\nAKIAABCDEFGHIJKLMNOP\\t", "\\n<access-key-id>\\t"),
            ("_AKIAABCDEFGHIJKLMNOP_", "_<access-key-id>_"),
            ("%41KIAABCDEFGHIJKLMNOP", "<access-key-id>"),
            ("xAKIAABCDEFGHIJKLMNOP AKIAABCDEFGHIJKLMNOPQ", "xAKIAABCDEFGHIJKLMNOP AKIAABCDEFGHIJKLMNOPQ"),
            ("arn%3Aaws%3Akms%3Ar%3A998877665544%3Akey", "arn%3Aaws%3Akms%3Ar%3A<account-2>%3Akey"),
            ("arn\\u003aaws:kms:r:555555555555:key", "arn\\u003aaws:kms:r:<other-account>:key"),
            ("%22ImportToken%22%3A%22abc%22", "%22ImportToken%22%3A%22<removed>%22"),
            ("https%3A%2F%2Fjane%3Apw%40host", "https%3A%2F%2F<user>%40host"),
            // Where a string ends, a value does.
            (r#"{"a":"Signature=0a","b":1}"#, r#"{"a":"Signature=<signature>","b":1}"#),
            (r#""{\"a\":\"Signature=0a\"}""#, r#""{\"a\":\"Signature=<signature>\"}""#),
            ("\"Signature=\",", "\"Signature=\","),
        ] {
            let once = redactor().redact_all(text);
            assert_eq!(once, expected);
            assert_eq!(redactor().redact_all(&once), once);
        }
        // Two lines of ours stay two.
        let dump = "30  7b  {\"ImportToken\":\"\n40  61  abcdef\"\nSignature=\nfine";
        assert_eq!(redactor().redact_all(dump).lines().count(), 4);
    }

    #[test]
    fn a_secret_in_json_is_found_on_whatever_line_it_stands() {
        let pretty = |value: serde_json::Value| format!("{value:#}");
        for secret in ["A-s3cr3t-k3y", "A-s3cr3t\\u002dk3y", "A%2Ds3cr3t%2Dk3y"] {
            let once = serde_json::json!({ "x": ["line", "line", secret], "y": { "z": "line" } });
            let again = serde_json::json!([{ "x": secret }, { "x": secret }, [{ "x": "line" }]]);
            let name = serde_json::json!({ secret: 1 });
            for value in [once, again, name] {
                assert!(!redactor().is_clean_json(&pretty(value.clone())), "{value}");
            }
        }
        assert!(redactor().is_clean_json(&pretty(serde_json::json!({ "x": ["A-s3cr3t", "-k3y", "line", "line"] }))));
    }

    #[test]
    fn words_of_ours_are_no_leak() {
        let text = r#"{"a-s3cr3t-k3y":"fine"}"#;
        assert_eq!(redactor().leaks(text).len(), 1);
        assert_eq!(redactor().leaks_beyond(text, r#"{"A-s3cr3t-k3y":""}"#), []);
        assert_eq!(redactor().leaks_beyond("AKIAABCDEFGHIJKLMNOP", r#"{"A-s3cr3t-k3y":""}"#).len(), 1);
    }

    #[test]
    fn what_is_left_is_told_by_line_and_not_by_value() {
        let text = "fine\n  a-s3cr3t-k3y and AKIAABCDEFGHIJKLMNOP\n\n210987654321\n\"ImportToken\":\"abc\"\n";
        let leaks = redactor().leaks(text);
        let told: Vec<(usize, &str)> = leaks.iter().map(|leak| (leak.line, leak.what.as_str())).collect();
        assert_eq!(told, [(2, "secret access key"), (2, "access key id"), (4, "account id"), (5, "import token")]);
        assert_eq!(redactor().leaks("\"ImportToken\":\"…"), []);
        assert_eq!(redactor().leaks("\"ImportToken\":\"\n<removed>\""), []);
        assert_eq!(redactor().leaks("http://&lt;user&gt;@h http://\\u003cuser\\u003e@h"), []);
        assert_eq!(redactor().leaks("http://joe:pw@h http://&amp;pw@h").len(), 1);
        assert_eq!(redactor().leaks("<access-key-id> AKIA 123456789012 \"ImportToken\":\"<removed>\""), []);
    }
}
