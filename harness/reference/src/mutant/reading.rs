//! How frameworks read requests, and what they see in them.

use super::asked::Asked;
use crate::request::Incoming;
use serde_json::{Map, Value};

/// Whether the content type is that of the protocol, with or without parameters.
pub(super) fn is_right_type(asked: &Asked) -> bool {
    let essence = asked.header("content-type").and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/x-amz-json-1.1"))
}

/// Whether the request has a body that is not JSON.
pub(super) fn is_bad(asked: &Asked) -> bool {
    !asked.body.is_empty() && is_right_type(asked) && depth(&asked.body) < 100 && asked.json().is_none()
}

/// Whether the body is an object in which KeyId is absent or null.
pub(super) fn lacks_key_id(asked: &Asked) -> bool {
    asked.json().is_some_and(|value| value.is_object() && value.get("KeyId").is_none_or(Value::is_null))
}

/// Whether the body is an object with a member that the first edition does not know.
pub(super) fn has_unknown_member(asked: &Asked) -> bool {
    match asked.json() {
        Some(Value::Object(members)) => members.keys().any(|name| name != "KeyId"),
        _ => false,
    }
}

/// How many brackets and braces are open at the same time, strings apart.
pub(super) fn depth(body: &[u8]) -> usize {
    walk(body).max().unwrap_or_default()
}

/// After each byte, how many brackets and braces are open, strings apart.
fn walk(body: &[u8]) -> impl Iterator<Item = usize> {
    let (mut open, mut is_inside, mut is_escaped) = (0_usize, false, false);
    body.iter().map(move |byte| {
        match byte {
            b'"' if !is_escaped => is_inside = !is_inside,
            b'{' | b'[' if !is_inside => open += 1,
            b'}' | b']' if !is_inside => open = open.saturating_sub(1),
            _ => {}
        }
        is_escaped = *byte == b'\\' && !is_escaped;
        open
    })
}

/// Whether the body has a number of more than so many digits outside strings.
pub(super) fn has_long_number(body: &[u8], digits: usize) -> bool {
    let (mut run, mut is_inside) = (0, false);
    for byte in body {
        is_inside ^= *byte == b'"';
        run = if byte.is_ascii_digit() && !is_inside { run + 1 } else { 0 };
        if run > digits {
            return true;
        }
    }
    false
}

/// Keeps the first line of a header. `name` must be in lower case.
pub(super) fn only_first(request: &mut Incoming, name: &str) {
    let mut is_first = true;
    request.headers.retain(|(known, _)| known != name || std::mem::take(&mut is_first));
}

/// Sets the content type.
pub(super) fn content_type(request: &mut Incoming, value: &str) {
    request.headers.retain(|(name, _)| name != "content-type");
    request.headers.push(("content-type".to_owned(), value.to_owned()));
}

/// The request with the first of two lengths, and as much of the body.
pub(super) fn first_length(asked: &Asked) -> Option<Vec<u8>> {
    let is_length = |name: &str| name.eq_ignore_ascii_case("content-length");
    if asked.values("content-length").count() < 2 {
        return None;
    }
    let length: usize = asked.header("content-length")?.parse().ok()?;
    let mut is_first = true;
    let lines = asked.headers.iter().filter(|(name, _)| !is_length(name) || std::mem::take(&mut is_first));
    let whole = asked.with_headers(lines);
    Some(whole[..whole.len() - asked.body.len().saturating_sub(length)].to_vec())
}

/// Keeps the last line of a header. `name` must be in lower case.
pub(super) fn only_last(request: &mut Incoming, name: &str) {
    let last = request.values(name).count().saturating_sub(1);
    let mut number = 0..;
    request.headers.retain(|(known, _)| known != name || number.next() == Some(last));
}

/// The request with a length that has a plus sign before it, without this sign.
pub(super) fn length_without_sign(asked: &Asked) -> Option<Vec<u8>> {
    let is_length = |name: &str| name.eq_ignore_ascii_case("content-length");
    asked.header("content-length")?.strip_prefix('+')?;
    let lines: Vec<(String, String)> = asked
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), if is_length(name) { value.replace('+', "") } else { value.clone() }))
        .collect();
    Some(asked.with_headers(lines.iter()))
}

/// A chunked request with the first of its chunks as its whole body.
pub(super) fn first_chunk(asked: &Asked) -> Option<Vec<u8>> {
    asked.header("transfer-encoding")?;
    let (_, body) = asked.text.split_once("\r\n\r\n")?;
    let size = usize::from_str_radix(body.lines().next()?.trim(), 16).ok()?;
    let chunk = asked.body.get(..size)?.to_vec();
    let of_framing = ("Content-Length".to_owned(), size.to_string());
    let lines = asked
        .headers
        .iter()
        .map(|line| if line.0.eq_ignore_ascii_case("transfer-encoding") { &of_framing } else { line });
    let whole = asked.with_headers(lines);
    let head = whole.len() - asked.body.len();
    Some([&whole[..head], &chunk].concat())
}

/// Names KeyId whatever is KeyId apart from its case.
pub(super) fn names_without_case(request: &mut Incoming) {
    members(request, |(name, value)| match name.eq_ignore_ascii_case("KeyId") {
        true => ("KeyId".to_owned(), value),
        false => (name, value),
    });
}

/// Turns numbers and booleans into text.
pub(super) fn scalars_as_text(request: &mut Incoming) {
    members(request, |(name, value)| match value {
        Value::Number(_) | Value::Bool(_) => (name, Value::String(value.to_string())),
        _ => (name, value),
    });
}

fn members(request: &mut Incoming, change: fn((String, Value)) -> (String, Value)) {
    if let Ok(Value::Object(members)) = serde_json::from_slice(&request.body) {
        let members: Map<String, Value> = members.into_iter().map(change).collect();
        request.body = Value::Object(members).to_string().into_bytes();
    }
}

/// Gives another name to each KeyId of the object but the first.
pub(super) fn first_of_duplicates(request: &mut Incoming) {
    for at in key_ids(&request.body).into_iter().skip(1) {
        request.body[at..at + KEY_ID.len()].copy_from_slice(b"\"Other\"");
    }
}

const KEY_ID: &[u8] = b"\"KeyId\"";

/// Where the names KeyId of the object at the top begin.
pub(super) fn key_ids(body: &[u8]) -> Vec<usize> {
    (0..body.len())
        .filter(|at| body[*at..].starts_with(KEY_ID) && depth_at(body, *at) == 1)
        .filter(|at| body[at + KEY_ID.len()..].trim_ascii_start().starts_with(b":"))
        .collect()
}

/// How many brackets and braces are open before this byte, strings apart.
fn depth_at(body: &[u8], end: usize) -> usize {
    walk(&body[..end]).last().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Asked, depth, first_chunk, first_length, has_long_number, key_ids, length_without_sign};

    #[test]
    fn depth_and_digits_are_counted_outside_strings() {
        assert_eq!((depth(b"[{\"a[[\":[]}]"), depth(b"1"), depth(b"\"\\\"[\"")), (3, 0, 0));
        assert!(has_long_number(b"{\"a\":1234}", 3) && !has_long_number(b"{\"1234\":123}", 3));
    }

    #[test]
    fn only_names_of_the_object_at_the_top_count() {
        let body = br#"{"a":{"KeyId":1},"KeyId" :"KeyId","KeyId":["KeyId"]}"#;
        assert_eq!(key_ids(body), [17, 34]);
    }

    #[test]
    fn a_sign_before_the_length_is_dropped() {
        let signed = Asked::of(b"POST / HTTP/1.1\r\nContent-Length: +2\r\n\r\n{}");
        let dropped = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(length_without_sign(&signed).as_deref(), Some(&dropped[..]));
        assert_eq!(length_without_sign(&Asked::of(dropped)), None);
    }

    #[test]
    fn the_first_of_two_chunks_is_kept() {
        let chunked =
            Asked::of(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{ \t\r\n1\r\n}\r\n0\r\n\r\n");
        let first = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n{ \t";
        assert_eq!(first_chunk(&chunked).as_deref(), Some(&first[..]));
        assert_eq!(first_chunk(&Asked::of(first)), None);
    }

    #[test]
    fn one_of_two_lengths_is_kept() {
        let asked = Asked::of(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nHost: x\r\nContent-Length: 1\r\n\r\n{}");
        let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
        assert_eq!(text(first_length(&asked)), "POST / HTTP/1.1\r\nContent-Length: 2\r\nHost: x\r\n\r\n{}");
        assert_eq!(first_length(&Asked::of(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")), None);
    }
}
