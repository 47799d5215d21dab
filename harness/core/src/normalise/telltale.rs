//! What gives itself away without being known, by its form or by what stands around it: accounts, access key ids, signatures,
//! tokens, passwords in URLs.

use memchr::memmem::{self, Finder};
use regex::bytes::Regex;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// Accounts that AWS uses in its documentation and emulators by default: nobody's.
const PUBLIC_ACCOUNTS: &[&str] = &["000000000000", "111122223333", "123456789012", "444455556666"];

/// What stands for what is not shown.
pub(super) type Name = Cow<'static, str>;

/// Where the accounts of ARNs are. A search and no [`crate::arn::Arn`]: in running text nothing says where an ARN ends, and
/// the account of one that is not well formed must not be shown either.
pub(super) fn accounts_of_arns(text: &[u8]) -> Vec<Range<usize>> {
    static ARN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("arn:"));
    let mut found = Vec::new();
    for at in ARN.find_iter(text) {
        // Partition, service, Region, account.
        let mut fields = text[at..].splitn(6, |byte| *byte == b':');
        let before: usize = fields.by_ref().take(4).map(|field| field.len() + 1).sum();
        // An ARN may end there: the text was cut, or a quote or a blank follows.
        if let Some(account) = fields.next()
            && account.iter().take_while(|byte| byte.is_ascii_digit()).count() == 12
        {
            found.push(at + before..at + before + 12);
        }
    }
    found.dedup();
    found
}

pub(super) fn is_public(account: &str) -> bool {
    PUBLIC_ACCOUNTS.contains(&account)
}

/// Every number that can be an account.
pub(super) fn possible_accounts(text: &[u8]) -> Vec<Range<usize>> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| bytes_pattern("[0-9]{12,}"));
    let is_account = |range: Range<usize>| is_apart(text, &range) && !ends_an_id(&text[..range.start]);
    let numbers = NUMBER.find_iter(text).filter(|found| found.len() == 12 && is_account(found.range()));
    let accounts = numbers.filter(|found| std::str::from_utf8(found.as_bytes()).is_ok_and(|text| !is_public(text)));
    accounts.map(|found| found.range()).collect()
}

/// Whether a text ends with all of a UUID but its last group. One id in three hundred ends in twelve decimal digits.
fn ends_an_id(text: &[u8]) -> bool {
    const GROUPS: [usize; 4] = [8, 4, 4, 4];
    let Some(front) = text.len().checked_sub(GROUPS.iter().sum::<usize>() + GROUPS.len()) else { return false };
    let mut groups = text[front..].split(|byte| *byte == b'-');
    let is_group = |length: &usize| {
        groups.next().is_some_and(|group| group.len() == *length && group.iter().all(u8::is_ascii_hexdigit))
    };
    GROUPS.iter().all(is_group) && text.ends_with(b"-")
}

/// Where a word is that stands alone.
pub(super) fn words(text: &[u8], word: &str) -> Vec<Range<usize>> {
    let at = memmem::find_iter(text, word);
    at.map(|at| at..at + word.len()).filter(|range| is_apart(text, range)).collect()
}

/// Whether no letter and no digit stands beside it.
fn is_apart(text: &[u8], range: &Range<usize>) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    !is_letter(range.start.checked_sub(1).and_then(|at| text.get(at))) && !is_letter(text.get(range.end))
}

/// Access key ids of whomever.
fn key_ids(text: &[u8]) -> Vec<Range<usize>> {
    static FRONTS: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| ["AKIA", "ASIA"].map(Finder::new));
    const LENGTH: usize = 20;
    let is_id = |range: &Range<usize>| {
        let id = text.get(range.clone());
        id.is_some_and(|id| id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
            && is_apart(text, range)
    };
    FRONTS.iter().flat_map(|front| front.find_iter(text)).map(|at| at..at + LENGTH).filter(is_id).collect()
}

/// What gives itself away, each with what to show instead.
pub(super) fn patterns_in(text: &[u8], add: &mut dyn FnMut(Range<usize>, Name)) {
    for row in PATTERNS.iter() {
        if row.can_be_in(text) {
            let Pattern { pattern, name, .. } = row;
            let values = pattern.captures_iter(text).filter_map(|captures| captures.get(1));
            values.for_each(|value| add(value.range(), Name::Borrowed(name)));
        }
    }
    key_ids(text).into_iter().for_each(|range| add(range, "<access-key-id>".into()));
}

/// What of these was not replaced, each with what it is in words.
pub(super) fn unreplaced_in(text: &[u8], add: &mut dyn FnMut(Range<usize>, &'static str)) {
    for Pattern { unreplaced, what, .. } in PATTERNS.iter().filter(|pattern| pattern.sign.find(text).is_some()) {
        unreplaced.find_iter(text).for_each(|found| add(found.range(), what));
    }
    key_ids(text).into_iter().for_each(|range| add(range, "access key id"));
}

/// Something that gives itself away by its surroundings.
struct Pattern {
    /// What every text with it holds; looking for that is quick.
    sign: Finder<'static>,
    /// If this byte follows the sign, nothing has to be replaced there: it begins the name that already stands for the value.
    never_behind: Option<u8>,
    /// Its first group is what is not shown.
    pattern: Regex,
    name: &'static str,
    /// What is there if it was not replaced.
    unreplaced: Regex,
    what: &'static str,
}

impl Pattern {
    /// Whether it is worth a closer look.
    fn can_be_in(&self, text: &[u8]) -> bool {
        let length = self.sign.needle().len();
        self.sign.find_iter(text).any(|at| {
            let behind = text.get(at + length).copied();
            self.never_behind.is_none_or(|never| behind != Some(never))
        })
    }
}

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let row = |sign, never_behind, text: &str, name, unreplaced: &str, what| Pattern {
        sign: Finder::new(sign),
        never_behind,
        pattern: bytes_pattern(text),
        name,
        unreplaced: bytes_pattern(unreplaced),
        what,
    };
    // A value of these characters, with names of secrets that were removed in it. One that is nothing but names stays.
    let value = |of: &str| format!("((?:<[a-z0-9-]+>)*{of}(?:{of}|<[a-z0-9-]+>)*)");
    // Import tokens and wrapped material are as good as secrets; a body inside a string has its quotes escaped, and some
    // servers escape slashes. A line of ours ends a value.
    let inside = value(r#"(?:[^"<\\\n]|\\+/|\\+u[0-9a-fA-F]{4})"#);
    let material = |member: &str| {
        (
            format!(r#"{member}\\?"[[:space:]]*:[[:space:]]*\\?"{inside}"#),
            // A line that is cut right here, or ends, has nothing left of the value.
            format!(r#"{member}\\?"[[:space:]]*:[[:space:]]*\\?"(?:[^"<\\\n\xe2]|\xe2[^\x80]|\xe2\x80[^\xa6])"#),
        )
    };
    let (token, token_left) = material("ImportToken");
    let (wrapped, wrapped_left) = material("EncryptedKeyMaterial");
    // Neither has a quote or a backslash: there a string ends that it stands in.
    let parameter = |name: &str| format!(r#"{name}([^[:space:],&<"\\]+)"#);
    vec![
        row(
            "Signature=",
            Some(b'<'),
            &parameter("Signature="),
            "<signature>",
            "Signature=[0-9a-fA-F]{64}",
            "signature",
        ),
        row(
            "X-Amz-Security-Token=",
            Some(b'<'),
            &parameter("X-Amz-Security-Token="),
            "<session-token>",
            "X-Amz-Security-Token=[A-Za-z0-9%+/=]",
            "session token",
        ),
        row("ImportToken", None, &token, "<removed>", &token_left, "import token"),
        row("EncryptedKeyMaterial", None, &wrapped, "<removed>", &wrapped_left, "wrapped material"),
        row(
            "://",
            None,
            &format!("://{}@", value(r#"[^[:space:]/@"<]"#)),
            "<user>",
            // Formats escape what stands for it.
            r#"://(?:[^[:space:]/@"<&\\]|&[^l][^t]|\\[^u])[^[:space:]/@"<]*@"#,
            "user name or password of a URL",
        ),
    ]
});

/// A pattern over bytes that need not be text: views are made byte by byte.
fn bytes_pattern(text: &str) -> Regex {
    Regex::new(&format!("(?s-u){text}")).expect("the pattern is a constant that the tests compile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_id_is_no_account() {
        for (text, count) in [
            ("446e4989-82d3-4803-9381-418422350695", 0),
            ("key/446E4989-82D3-4803-9381-418422350695 418422350695", 1),
            ("446e4989-82d3-4803-938-418422350695", 1),
            ("g46e4989-82d3-4803-9381-418422350695", 1),
            ("82d3-4803-9381-418422350695", 1),
            ("446e4989-82d3-4803-9381--418422350695", 1),
            ("418422350695", 1),
        ] {
            assert_eq!(possible_accounts(text.as_bytes()).len(), count, "{text}");
        }
    }
}
