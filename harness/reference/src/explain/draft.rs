//! A signature as some signer makes it, step by step, so that each step can be made otherwise.

use crate::canonical::{self, Signed};
use crate::request::Incoming;
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A step of a signature, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The request in the form that is hashed.
    CanonicalRequest,
    /// Algorithm, date, scope and hash.
    StringToSign,
    /// What is derived from the secret.
    Key,
    /// How the signature is sent.
    Header,
}

impl Step {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::CanonicalRequest => "canonical request",
            Self::StringToSign => "string to sign",
            Self::Key => "key",
            Self::Header => "header",
        }
    }
}

/// What of the canonical request goes into the string to sign.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hashed {
    /// Its hash, in small letters.
    Lower,
    /// Its hash, in capitals.
    Upper,
    /// The canonical request itself.
    Whole,
}

/// How bytes become text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Hexadecimal, in small letters.
    Hex,
    /// Hexadecimal, in capitals.
    UpperHex,
    /// Base64.
    Base64,
}

/// What each HMAC of the key gives to the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Chain {
    /// Its bytes.
    Bytes,
    /// Its bytes in hexadecimal.
    Hex,
}

/// All that a signature is made of.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// Names and values, in the order of the canonical request.
    pub(super) headers: Vec<(String, String)>,
    /// What stands between the headers and their names.
    pub(super) gap: &'static str,
    /// The names of the signed headers, in one line.
    pub(super) names: String,
    pub(super) payload: String,
    pub(super) algorithm: String,
    pub(super) date_time: String,
    /// The scope in the string to sign.
    pub(super) scope: String,
    pub(super) hashed: Hashed,
    pub(super) secret: Vec<u8>,
    /// What the key is derived from, part after part.
    pub(super) key_parts: Vec<String>,
    pub(super) chain: Chain,
    pub(super) spelling: Spelling,
}

impl Draft {
    /// The signature as this verifier makes it.
    pub(super) fn ours(request: &Incoming, signed: &Signed<'_>, secret: &str) -> Self {
        let headers = signed.headers.iter().map(|name| {
            let values: Vec<String> = request.values(name).map(canonical::squeezed).collect();
            (name.clone(), values.join(","))
        });
        Self {
            method: request.method.clone(),
            path: canonical::path(&request.path),
            query: canonical::query(&request.query, signed.is_query),
            headers: headers.collect(),
            gap: "\n",
            names: signed.headers.join(";"),
            payload: hash(&request.body),
            algorithm: "AWS4-HMAC-SHA256".to_owned(),
            date_time: signed.date_time.to_owned(),
            scope: signed.scope.join("/"),
            hashed: Hashed::Lower,
            secret: format!("AWS4{secret}").into_bytes(),
            key_parts: signed.scope.to_vec(),
            chain: Chain::Bytes,
            spelling: Spelling::Hex,
        }
    }

    pub(super) fn canonical_request(&self) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let Self { method, path, query, gap, names, payload, .. } = self;
        format!("{method}\n{path}\n{query}\n{headers}{gap}{names}\n{payload}")
    }

    pub(super) fn string_to_sign(&self) -> String {
        let canonical = self.canonical_request();
        let hashed = match self.hashed {
            Hashed::Lower => hash(canonical.as_bytes()),
            Hashed::Upper => hash(canonical.as_bytes()).to_uppercase(),
            Hashed::Whole => canonical,
        };
        format!("{}\n{}\n{}\n{hashed}", self.algorithm, self.date_time, self.scope)
    }

    pub(super) fn signature(&self) -> String {
        let key = self.key_parts.iter().fold(self.secret.clone(), |key, part| {
            let next = keyed(&key, part.as_bytes());
            if self.chain == Chain::Hex { hex::encode(next).into_bytes() } else { next }
        });
        let signature = keyed(&key, self.string_to_sign().as_bytes());
        match self.spelling {
            Spelling::Hex => hex::encode(signature),
            Spelling::UpperHex => hex::encode_upper(signature),
            Spelling::Base64 => STANDARD.encode(signature),
        }
    }
}

/// The SHA-256 of these bytes, in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

fn keyed(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}
