//! Our own canonical request and signature. They explain a signature, and they sign requests that aws-sigv4 refuses to
//! sign or that a case must sign wrongly.

use crate::http::{Header, Request};
use aws_lc_rs::{digest, hmac};

/// How often the path is percent-encoded. All services except S3 encode it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathEncoding {
    /// The path of the request line is used unchanged.
    Single,
    /// The path of the request line is encoded once more.
    Double,
}

/// Whether dot segments and empty segments of the path are resolved. All services except S3 resolve them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathNormalisation {
    /// They are resolved.
    Resolved,
    /// The path stays as it is.
    AsIs,
}

/// The credential scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// `YYYYMMDD`.
    pub date: String,
    /// The Region.
    pub region: String,
    /// The service.
    pub service: String,
    /// `aws4_request`.
    pub terminator: String,
}

impl Scope {
    /// The scope as text.
    pub fn text(&self) -> String {
        format!("{}/{}/{}/{}", self.date, self.region, self.service, self.terminator)
    }
}

/// How a signature is calculated, for comparison with the calculation of a target. It holds no secret key, but the
/// canonical request contains the session token if that is a signed header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The canonical request, with bytes that are not UTF-8 replaced. Its hash is calculated from the original bytes.
    pub canonical_request: String,
    /// The string to sign.
    pub string_to_sign: String,
    /// The names of the signed headers, separated by `;`.
    pub signed_headers: String,
}

/// Bytes that the canonical request of an ordinary request has at most.
const ORDINARY: usize = 512;

/// The canonical request over these headers (lower-case names).
pub fn canonical_request(
    request: &Request,
    signed: &[String],
    payload_hash: &str,
    encoding: PathEncoding,
    normalisation: PathNormalisation,
) -> Vec<u8> {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut names: Vec<&str> = signed.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let mut text = Vec::with_capacity(ORDINARY);
    let mut add = |part: &[u8]| text.extend_from_slice(part);
    for line in [&request.method, &canonical_path(path, encoding, normalisation), &canonical_query(query)] {
        add(line.as_bytes());
        add(b"\n");
    }
    for name in &names {
        add(name.as_bytes());
        add(b":");
        let values = request.headers.iter().filter(|header| header.name.trim().eq_ignore_ascii_case(name));
        for (number, header) in values.enumerate() {
            if number > 0 {
                add(b",");
            }
            canonical_value(header, &mut add);
        }
        add(b"\n");
    }
    for part in ["\n", &names.join(";"), "\n", payload_hash] {
        add(part.as_bytes());
    }
    text
}

/// The string to sign.
pub fn string_to_sign(date_time: &str, scope: &Scope, canonical_request: &[u8]) -> String {
    format!("AWS4-HMAC-SHA256\n{date_time}\n{}\n{}", scope.text(), sha256(canonical_request))
}

/// The signature of a string, in lower-case hex.
pub fn signature(secret: &str, scope: &Scope, string_to_sign: &str) -> String {
    sign_text(&signing_key(secret, scope), string_to_sign)
}

/// The key that signs in this scope.
pub(super) fn signing_key(secret: &str, scope: &Scope) -> hmac::Key {
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [&scope.date, &scope.region, &scope.service, &scope.terminator] {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    hmac::Key::new(hmac::HMAC_SHA256, &key)
}

/// The signature of a string with a signing key, in lower-case hex.
pub(super) fn sign_text(key: &hmac::Key, string_to_sign: &str) -> String {
    in_hex(hmac::sign(key, string_to_sign.as_bytes()).as_ref())
}

/// SHA-256 in lower-case hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    in_hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// As `hex::encode`, which goes letter by letter.
fn in_hex(bytes: &[u8]) -> String {
    let mut digits = vec![0; bytes.len() * 2];
    hex::encode_to_slice(bytes, &mut digits).expect("there are two digits for each byte");
    String::from_utf8(digits).expect("digits are text")
}

/// Removes white space around a value and reduces runs of blanks in it to one blank.
fn canonical_value(header: &Header, add: &mut impl FnMut(&[u8])) {
    let words = header.value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    for (number, word) in words.enumerate() {
        if number > 0 {
            add(b" ");
        }
        add(word);
    }
}

fn canonical_path(path: &str, encoding: PathEncoding, normalisation: PathNormalisation) -> String {
    let normal = match normalisation {
        PathNormalisation::Resolved => resolved(path),
        PathNormalisation::AsIs => path.to_owned(),
    };
    match encoding {
        PathEncoding::Single => encode(normal.as_bytes(), |byte| byte == b'/' || byte == b'%'),
        PathEncoding::Double => encode(normal.as_bytes(), |byte| byte == b'/'),
    }
}

fn resolved(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let mut normal = format!("/{}", segments.join("/"));
    let is_directory = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    if is_directory && normal.len() > 1 {
        normal.push('/');
    }
    normal
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(&decode(name), |_| false), encode(&decode(value), |_| false))
        })
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    decoded
}

fn encode(bytes: &[u8], keep: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
