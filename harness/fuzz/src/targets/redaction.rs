//! Redaction and escape: nothing planted comes out, and harmless text stays.

use super::spelling::{Choices, spelt};
use super::visible::must_be_visible;
use std::sync::LazyLock;
use trentcheck_core::http::{Delivery, Framing, Header, Request};
use trentcheck_core::normalise::{Redactor, request_lines, response_lines};
use trentcheck_core::send::{Response, ResponseFraming, Version};
use trentcheck_core::text::{TargetText, Text};

pub(super) const WORDS: &[&str] = &[
    "%",
    "%2",
    "\\",
    "\\u",
    "\\u00",
    "\\x",
    "&",
    "&#",
    "&#x",
    "&amp;",
    "=",
    "=\r\n",
    "0x",
    ":",
    "…",
    "://a:b@c",
    "AKIA",
    "Signature=",
    "X-Amz-Security-Token=",
    "\"ImportToken\":\"",
    "\\\"EncryptedKeyMaterial\\\":\\\"",
    "\u{200b}",
    "\n::error::",
    "arn:aws:kms:us-east-2:111111111111:key/",
    "\u{1b}[2J",
    "<",
    ">",
];

/// Secrets of the forms that AWS gives out.
const SECRETS: [(&str, &str); 2] = [
    ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "<secret-access-key>"),
    ("IQoJb3JpZ2luX2VjEEXAMPLE//+TOKEN0123456789abcdefghiJKLMNOPqrstuv==", "<session-token>"),
];

static REDACTOR: LazyLock<Redactor> =
    LazyLock::new(|| Redactor::new(SECRETS.map(|(secret, name)| (secret.to_owned(), name))));

/// The longest spelling that is looked at, in bytes: longer ones are of the same kinds, and take as long as many short ones.
const LONGEST: usize = 4096;

/// Text of a target with a spelt secret in its middle; where it stands and how it is spelt follow from the end of the
/// input.
pub(super) fn planted(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let (secret, _) = SECRETS[usize::from(choices.below(2))];
    let spelt = spelt(secret, &mut choices);
    if spelt.len() > LONGEST {
        return;
    }
    let at = usize::from(choices.below(255));
    let around = String::from_utf8_lossy(choices.0);
    let at = around.char_indices().map(|(at, _)| at).nth(at).unwrap_or(around.len());
    // What stands beside it would otherwise be a part of the spelling: `%` before `41`, for example.
    let text = format!("{} {spelt} {}", &around[..at], &around[at..]);
    let redacted = REDACTOR.redact(&text);
    must_be_gone(&redacted, &spelt);
    assert_eq!(REDACTOR.leaks(&redacted), [], "{}", redacted.escape_debug());
    for shown in shown(&text) {
        must_be_gone(&shown, &spelt);
        must_be_visible(&shown);
        assert_eq!(REDACTOR.leaks(&shown), [], "{}", shown.escape_debug());
    }
    // Cut anywhere, it shows no more of it.
    let whole = Text::from("answers ").and(TargetText::new(&*text));
    for characters in [choices.below(255), choices.below(255)].map(usize::from) {
        must_be_gone(&REDACTOR.show(&whole.clone().cut(at + characters)), &spelt);
    }
}

/// Every way in which text of a target becomes printable.
fn shown(text: &str) -> Vec<String> {
    let (header, body) = (Header::new("Server", text), text.as_bytes().to_vec());
    let target = TargetText::new(text);
    let mut shown = vec![REDACTOR.show_text(&target).to_string()];
    shown.push(REDACTOR.show(&Text::from("answers ").and(target)).to_string());
    let response = Response {
        version: Version::Http11,
        status: 400,
        reason: text.to_owned(),
        headers: vec![header.clone()],
        body: body.clone(),
        framing: ResponseFraming::Length(body.len() as u64),
        interim: Vec::new(),
        leftover: 0,
        closes: false,
    };
    shown.extend(response_lines(&response, &REDACTOR));
    let target = format!("/?{text}");
    let request = Request {
        method: "POST".to_owned(),
        target,
        headers: vec![header],
        body,
        framing: Framing::ContentLength,
        delivery: Delivery::AtOnce,
    };
    shown.extend(request_lines(&request, &REDACTOR));
    shown
}

/// Not three quarters of a spelling in a row may be left.
#[track_caller]
fn must_be_gone(text: &str, spelt: &str) {
    let letters: Vec<(usize, char)> = spelt.char_indices().collect();
    let long = (letters.len() * 3 / 4).max(1);
    let ends = letters.iter().map(|(at, _)| *at).chain([spelt.len()]).collect::<Vec<_>>();
    for window in ends.windows(long + 1) {
        let part = &spelt[window[0]..window[long]];
        assert!(!text.contains(part), "{} is left of {}", part.escape_debug(), spelt.escape_debug());
    }
}

/// Prose without anything to hide is left as it is; redacting twice is redacting once, for any text; and what a redactor
/// lets through, it finds no leak in.
pub(super) fn harmless(bytes: &[u8]) {
    const LETTERS: &[u8] = b"etaoinshrdlucmfwypvbgkqxjz ,.;()'-\n THE";
    let prose: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    assert_eq!(REDACTOR.redact(&prose), prose);
    assert_eq!(REDACTOR.leaks(&prose), []);
    let text = String::from_utf8_lossy(bytes);
    let once = REDACTOR.redact_all(&text);
    assert_eq!(REDACTOR.redact_all(&once), once);
    assert_eq!(REDACTOR.leaks(&once), [], "{}", once.escape_debug());
    shown(&text).iter().for_each(|line| must_be_visible(line));
}
