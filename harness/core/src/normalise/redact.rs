//! What leaves the program leaves without secrets.

use super::pattern::pattern;
use super::secrets::{Finder, Secret, apart};
use super::spellings::Spellings;
use regex::Regex;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// Header lines whose values are secrets or made with one.
pub(super) const SECRET_HEADERS: &[&str] = &["authorization", "x-amz-security-token"];

/// Accounts that AWS uses in its documentation and emulators by default: nobody's.
const PUBLIC_ACCOUNTS: &[&str] = &["000000000000", "111122223333", "123456789012", "444455556666"];

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
    finders: Vec<Arc<Finder>>,
    accounts: Vec<String>,
}

impl Redactor {
    /// A redactor of these values, each with what to show instead.
    pub fn new(secrets: impl IntoIterator<Item = (String, &'static str)>) -> Self {
        let secrets = secrets.into_iter().map(|(value, name)| Secret { value, name });
        Self { finders: vec![Arc::new(Finder::new(secrets, Spellings::All))], accounts: Vec::new() }
    }

    /// A redactor of what the body of an import holds, which a target may repeat anywhere.
    pub fn of_import(body: &[u8]) -> Option<Self> {
        let body: serde_json::Value = crate::json::parse(body).ok()?;
        let members = ["ImportToken", "EncryptedKeyMaterial"].into_iter().filter_map(|name| body.get(name)?.as_str());
        let secrets: Vec<_> = members.map(|value| Secret { value: value.to_owned(), name: "<removed>" }).collect();
        (!secrets.is_empty())
            .then(|| Self { finders: vec![Arc::new(Finder::new(secrets, Spellings::Likely))], accounts: Vec::new() })
    }

    /// This one, for the secrets of another as well.
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.finders.extend(other.finders.iter().cloned());
        both.accounts.extend(other.accounts.iter().filter(|account| !self.accounts.contains(account)).cloned());
        both
    }

    /// Where the text holds a secret, in order, without overlaps.
    fn found(&self, text: &[u8]) -> Vec<(Range<usize>, &'static str)> {
        apart(self.finders.iter().flat_map(|finder| finder.find(text)).collect())
    }

    /// This one, for these accounts as well. [`Self::redact`] leaves accounts alone, since recordings give them
    /// placeholders of their own.
    pub fn with_accounts<'a>(mut self, accounts: impl IntoIterator<Item = &'a str>) -> Self {
        for account in accounts {
            let is_new = !self.accounts.iter().any(|known| known == account);
            if is_new && !PUBLIC_ACCOUNTS.contains(&account) && account.len() == 12 {
                self.accounts.push(account.to_owned());
            }
        }
        self
    }

    /// The text without secrets, signatures and what a request imports.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // Secrets first: a pattern could take the front of one, and its rest would not be recognised.
        for (range, name) in self.found(text.as_bytes()).into_iter().rev() {
            // A spelling that ends inside a letter takes the whole letter with it.
            let start = (0..=range.start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let end = (range.end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            text.replace_range(start..end, name);
        }
        for Pattern { sign, pattern, replacement, .. } in PATTERNS.iter() {
            if text.contains(sign) {
                text = pattern.replace_all(&text, *replacement).into_owned();
            }
        }
        text
    }

    /// Bytes without secrets. What is no text is shown in hexadecimal, which nothing can be found in afterwards.
    pub fn redact_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut redacted = Cow::Borrowed(bytes);
        for (range, name) in self.found(bytes).into_iter().rev() {
            redacted.to_mut().splice(range, name.bytes());
        }
        redacted
    }

    /// The text without secrets and without account ids: for everything that a person reads or a report keeps.
    pub fn redact_all(&self, text: &str) -> String {
        let mut text = self.redact(text);
        for range in accounts_of_arns(&text).into_iter().rev() {
            if !PUBLIC_ACCOUNTS.contains(&&text[range.clone()]) {
                let name = self.account(&text[range.clone()]);
                text.replace_range(range, &name);
            }
        }
        for account in &self.accounts {
            for range in words(&text, account).into_iter().rev() {
                text.replace_range(range, &self.account(account));
            }
        }
        text
    }

    /// Every secret that a text still holds, by line.
    pub fn leaks(&self, text: &str) -> Vec<Leak> {
        let mut leaks = Vec::new();
        let line_of = |at: usize| text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        let mut add = |at: usize, what: &str| leaks.push(Leak { line: line_of(at), what: what.to_owned() });
        for (range, name) in self.found(text.as_bytes()) {
            add(range.start, name.trim_matches(['<', '>']).replace('-', " ").as_str());
        }
        for Pattern { unreplaced, what, .. } in PATTERNS.iter().filter(|pattern| text.contains(pattern.sign)) {
            unreplaced.find_iter(text).for_each(|found| add(found.start(), what));
        }
        for account in &self.accounts {
            words(text, account).into_iter().for_each(|range| add(range.start, "account id"));
        }
        leaks.sort_by_key(|leak| leak.line);
        leaks.dedup();
        leaks
    }

    /// The accounts that are in use are numbered; others can only be told apart from those.
    fn account(&self, account: &str) -> String {
        match self.accounts.iter().position(|known| known == account) {
            Some(0) => "<account>".to_owned(),
            Some(number) => format!("<account-{}>", number + 1),
            None => "<other-account>".to_owned(),
        }
    }
}

/// Where the accounts of ARNs are. A search and no [`crate::arn::Arn`]: in running text nothing says where an ARN ends, and
/// the account of one that is not well formed must not be shown either.
fn accounts_of_arns(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("arn:") {
        // Partition, service, Region, account.
        let mut fields = text[at..].splitn(6, ':');
        let before: usize = fields.by_ref().take(4).map(|field| field.len() + 1).sum();
        if let Some(account) = fields.next()
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
        {
            found.push(at + before..at + before + 12);
        }
    }
    found.dedup();
    found
}

/// Where a word is that stands alone.
fn words(text: &str, word: &str) -> Vec<Range<usize>> {
    let is_apart = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
    text.match_indices(word)
        .map(|(at, _)| at..at + word.len())
        .filter(|range| is_apart(text[..range.start].chars().next_back()) && is_apart(text[range.end..].chars().next()))
        .collect()
}

/// Something that gives itself away by its surroundings.
struct Pattern {
    /// What every text with it holds; looking for that is quick.
    sign: &'static str,
    pattern: Regex,
    replacement: &'static str,
    /// What is there if it was not replaced.
    unreplaced: Regex,
    what: &'static str,
}

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let row = |sign, text: &str, replacement, unreplaced: &str, what| Pattern {
        sign,
        pattern: pattern(text),
        replacement,
        unreplaced: pattern(unreplaced),
        what,
    };
    // A value of these characters, with names of secrets that were removed in it. One that is nothing but names stays.
    let value = |of: &str| format!("(?:<[a-z0-9-]+>)*{of}(?:{of}|<[a-z0-9-]+>)*");
    // Import tokens and wrapped material are as good as secrets; a body inside a string has its quotes escaped, and some
    // servers escape slashes.
    let inside = value(r#"(?:[^"<\\]|\\+/|\\+u[0-9a-fA-F]{4})"#);
    let material = |member: &str| {
        (
            format!(r#"({member}\\?"[[:space:]]*:[[:space:]]*\\?"){inside}"#),
            // A line that is cut right here has nothing left of the value.
            format!(r#"{member}\\?"[[:space:]]*:[[:space:]]*\\?"[^"<\\…]"#),
        )
    };
    let (token, token_left) = material("ImportToken");
    let (wrapped, wrapped_left) = material("EncryptedKeyMaterial");
    let key_id = |front: &str| format!(r"\b{front}[A-Z0-9]{{16}}\b");
    vec![
        row("Signature=", r"(Signature=)[^[:space:],&<]+", "${1}<signature>", "Signature=[0-9a-fA-F]{64}", "signature"),
        row(
            "X-Amz-Security-Token=",
            r"(X-Amz-Security-Token=)[^[:space:],&<]+",
            "${1}<session-token>",
            "X-Amz-Security-Token=[A-Za-z0-9%+/=]",
            "session token",
        ),
        row("ImportToken", &token, "${1}<removed>", &token_left, "import token"),
        row("EncryptedKeyMaterial", &wrapped, "${1}<removed>", &wrapped_left, "wrapped material"),
        row(
            "://",
            &format!("(://){}@", value(r#"[^[:space:]/@"<]"#)),
            "${1}<user>@",
            r#"://[^[:space:]/@"<]+@"#,
            "user name or password of a URL",
        ),
        row("AKIA", &key_id("AKIA"), "<access-key-id>", &key_id("AKIA"), "access key id"),
        row("ASIA", &key_id("ASIA"), "<access-key-id>", &key_id("ASIA"), "access key id"),
    ]
});

/// An Authorization value without what a key made: scope and list of signed headers stay, since cases are about them.
pub(super) fn secret_value(value: &str) -> String {
    static CREDENTIAL: LazyLock<Regex> = LazyLock::new(|| pattern(r"Credential=[^/,[:space:]]+"));
    static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| pattern(r"Signature=[^,[:space:]]*"));
    if !value.contains("Credential=") && !value.contains("Signature=") && !value.contains("SignedHeaders=") {
        return if value.is_empty() { String::new() } else { format!("<{} characters>", value.len()) };
    }
    let value = CREDENTIAL.replace_all(value, "Credential=<access-key-id>");
    SIGNATURE.replace_all(&value, "Signature=<signature>").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new([("a-s3cr3t-k3y".to_owned(), "<secret-access-key>")])
            .with_accounts(["210987654321", "998877665544"])
    }

    #[test]
    fn secrets_and_signatures_do_not_pass() {
        for (text, expected) in [
            ("a a-s3cr3t-k3y, Signature=0a1b, b", "a <secret-access-key>, Signature=<signature>, b"),
            (r#"{"ImportToken": "abc","x":1}"#, r#"{"ImportToken": "<removed>","x":1}"#),
            (r#""{\"ImportToken\":\"abc\"}""#, r#""{\"ImportToken\":\"<removed>\"}""#),
            ("?X-Amz-Security-Token=abc%2F&b", "?X-Amz-Security-Token=<session-token>&b"),
            ("https://jane:pw@host/", "https://<user>@host/"),
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
    }

    #[test]
    fn accounts_in_use_and_those_of_arns_are_replaced_where_asked() {
        let text =
            "210987654321 arn:aws:kms:r:998877665544:key/x arn:aws:iam::555555555555:user/y 111122223333 777777777777";
        assert_eq!(redactor().redact(text), text);
        assert_eq!(
            redactor().redact_all(text),
            "<account> arn:aws:kms:r:<account-2>:key/x arn:aws:iam::<other-account>:user/y 111122223333 777777777777"
        );
    }

    #[test]
    fn what_is_left_is_told_by_line_and_not_by_value() {
        let text = "fine\n  a-s3cr3t-k3y and AKIAABCDEFGHIJKLMNOP\n\n210987654321\n\"ImportToken\":\"abc\"\n";
        let leaks = redactor().leaks(text);
        let told: Vec<(usize, &str)> = leaks.iter().map(|leak| (leak.line, leak.what.as_str())).collect();
        assert_eq!(told, [(2, "secret access key"), (2, "access key id"), (4, "account id"), (5, "import token")]);
        assert_eq!(redactor().leaks("\"ImportToken\":\"…"), []);
        assert_eq!(redactor().leaks("<access-key-id> AKIA 123456789012 \"ImportToken\":\"<removed>\""), []);
    }
}
