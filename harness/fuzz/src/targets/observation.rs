//! What is understood of an answer. The first line of an input is the header `X-Amzn-Errortype`, the rest the body.

use super::visible::must_be_visible;
use serde_json::Value;
use trentcheck_core::http::Header;
use trentcheck_core::normalise::{Redactor, response_lines};
use trentcheck_core::observe::{Body, Message, observe};
use trentcheck_core::send::{Response, ResponseFraming, Version};
use trentcheck_core::text::TargetText;

pub(super) const WORDS: &[&str] = &[
    "\"__type\":",
    "\"code\":",
    "\"message\":",
    "\"Message\":",
    "null",
    "{}",
    "[]",
    "[",
    "{\"\":",
    "com.amazonaws.kms#",
    "NotFoundException",
    ":http://internal.amazon.com/",
    "\\ud800",
    "\\u0000",
];

/// Values of a body that are kept, and members of the whole that are kept even so.
const VALUES: usize = 20_000 + 100 * 101;

/// Characters of a type that are kept, with the ellipsis.
const TYPE: usize = 513;

/// The same of a message.
const MESSAGE: usize = 8193;

/// What is kept is bounded; JSON is what serde_json takes for JSON; an error's name has no namespace; and all of it can
/// be shown.
pub(super) fn check(bytes: &[u8]) {
    let (header, body) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (&b""[..], bytes),
    };
    for status in [200, 400] {
        let response = Response {
            version: Version::Http11,
            status,
            reason: String::new(),
            headers: if header.is_empty() { Vec::new() } else { vec![Header::new("X-Amzn-ErrorType", header)] },
            body: body.to_vec(),
            framing: ResponseFraming::Length(body.len() as u64),
            interim: Vec::new(),
            leftover: 0,
            closes: false,
        };
        let observed = observe(&response);
        assert_eq!((observed.status, &observed.bytes, &observed.headers), (status, &response.body, &response.headers));
        let parsed = serde_json::from_slice::<Value>(body).ok();
        match &observed.body {
            Body::Empty => assert!(body.is_empty()),
            Body::Other => assert_eq!(parsed, None),
            Body::Json(value) => {
                assert!(values(value) <= VALUES, "{} values", values(value));
                // Each value has at least one byte and a sign beside it.
                if body.len() < 20_000 {
                    assert_eq!(Some(value), parsed.as_ref());
                }
            }
        }
        if status == 200 {
            assert_eq!((&observed.error, &observed.message), (&None, &Message::Absent));
        }
        let shown = |text: &TargetText, most: usize| {
            assert!(text.raw().chars().count() <= most, "{} characters", text.raw().chars().count());
            must_be_visible(&Redactor::default().show_text(text));
        };
        if let Some(error) = &observed.error {
            shown(&error.raw, TYPE);
            shown(&error.name, TYPE);
            assert!(!error.name.is_empty() && !error.name.raw().contains([':', '#']));
            assert_eq!(error.name.raw(), error.name.raw().trim());
        }
        match &observed.message {
            Message::Absent => {}
            Message::Lower(text) | Message::Upper(text) | Message::NotString(text) => shown(text, MESSAGE),
        }
        response_lines(&response, &Redactor::default()).iter().for_each(|line| must_be_visible(line));
    }
}

fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(members) => members.values().map(values).sum(),
        _ => 0,
    }
}
