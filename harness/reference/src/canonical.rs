//! The verifier's canonical request. It is made only from the request that arrived.

use crate::request::Incoming;
use aws_lc_rs::{digest, hmac};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// What the client says it signed.
pub(crate) struct Signed<'a> {
    /// Names of the signed headers, in lower case and in the order of the client's list.
    pub(crate) headers: &'a [String],
    /// `YYYYMMDDTHHMMSSZ`
    pub(crate) date_time: &'a str,
    /// Whether the signature is a parameter of the query string. The canonical query then leaves this parameter out.
    pub(crate) is_query: bool,
    /// What takes the place of the hash of the body. Only a mutant believes it.
    pub(crate) payload: Option<&'a str>,
    /// `date/region/service/terminator`
    pub(crate) scope: &'a [String],
}

/// The signature that the request should have.
pub(crate) fn expected_signature(request: &Incoming, signed: &Signed<'_>, secret: &str) -> String {
    let canonical = canonical_request(request, signed);
    let scope = signed.scope.join("/");
    let hash = hex::encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{hash}", signed.date_time);
    hex::encode(hmac::sign(&signing_key(secret, &scope), to_sign.as_bytes()))
}

/// The key that signs in this scope. Deriving it takes four of five HMACs of a request, so that it is kept.
fn signing_key(secret: &str, scope: &str) -> hmac::Key {
    /// Clients choose scopes, so that they must not fill the memory.
    const MOST: usize = 64;
    static KNOWN: LazyLock<Mutex<HashMap<String, hmac::Key>>> = LazyLock::new(Mutex::default);
    let name = format!("{secret}\n{scope}");
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = known.get(&name) {
        return key.clone();
    }
    let key = |bytes: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
    let seed = key(format!("AWS4{secret}").as_bytes());
    let derived = scope.split('/').fold(seed, |by, part| key(hmac::sign(&by, part.as_bytes()).as_ref()));
    if known.len() == MOST {
        known.clear();
    }
    known.insert(name, derived.clone());
    derived
}

fn canonical_request(request: &Incoming, signed: &Signed<'_>) -> String {
    let headers = signed.headers;
    let mut lines = vec![request.method.clone(), path(&request.path), query(&request.query, signed.is_query)];
    for name in headers {
        let values: Vec<String> = request.values(name).map(squeezed).collect();
        lines.push(format!("{name}:{}", values.join(",")));
    }
    lines.push(String::new());
    lines.push(headers.join(";"));
    let hash = || hex::encode(digest::digest(&digest::SHA256, &request.body));
    lines.push(signed.payload.map_or_else(hash, str::to_owned));
    lines.join("\n")
}

/// A header value without white space at its ends and with single blanks inside.
pub(crate) fn squeezed(value: &str) -> String {
    let mut out = String::new();
    for word in value.split([' ', '\t']).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// The canonical path: dot segments and empty segments are resolved, and the result is percent-encoded once more.
pub(crate) fn path(raw: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for part in raw.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            kept.pop();
        } else {
            kept.push(part);
        }
    }
    let mut out: String = kept.iter().map(|part| format!("/{}", percent(part.as_bytes()))).collect();
    if out.is_empty() || raw.ends_with('/') {
        out.push('/');
    }
    out
}

/// The canonical query: sorted parameters, without the signature.
pub(crate) fn query(raw: &str, is_query: bool) -> String {
    let mut pairs: Vec<(String, String)> = parameters(raw)
        .into_iter()
        .filter(|(name, _)| !(is_query && name == b"X-Amz-Signature"))
        .map(|(name, value)| (percent(&name), percent(&value)))
        .collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The parameters of a query string, percent-decoded.
pub(crate) fn parameters(raw: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    raw.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| match part.split_once('=') {
            Some((name, value)) => (unescaped(name), unescaped(value)),
            None => (unescaped(part), Vec::new()),
        })
        .collect()
}

/// A path with its escapes decoded.
pub(crate) fn unescaped_path(text: &str) -> String {
    String::from_utf8_lossy(&unescaped(text)).into_owned()
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        // `from_str_radix` accepts a sign, so the digits are checked first.
        let pair = tail.get(..2).filter(|pair| pair.iter().all(u8::is_ascii_hexdigit));
        let pair = pair.and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = &tail[2..];
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

pub(crate) fn percent(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_hexadecimal_digits_are_an_escape() {
        assert_eq!(unescaped("a%2fb%2Fc"), b"a/b/c");
        assert_eq!(unescaped("%+f%4%zz%"), b"%+f%4%zz%");
    }

    #[test]
    fn a_path_is_normalised_and_encoded_twice() {
        assert_eq!(path(""), "/");
        assert_eq!(path("//a/./b/../c%20d/"), "/a/c%2520d/");
    }

    #[test]
    fn white_space_in_a_value_is_squeezed() {
        assert_eq!(squeezed(" a \t b  c "), "a b c");
    }
}
