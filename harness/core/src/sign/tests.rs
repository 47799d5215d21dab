//! The signer against the published vectors, against the library, and each fault against a correct request.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use super::canonical::sha256;
use super::*;
use crate::http::{Framing, Header, Request};
use proptest::prelude::*;
use serde::Deserialize;
use std::time::{Duration, SystemTime};

#[derive(Deserialize)]
struct Vectors {
    vector: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Vector {
    name: String,
    access_key_id: String,
    secret: String,
    token: Option<String>,
    omit_token: bool,
    normalise: bool,
    sign_body: bool,
    region: String,
    service: String,
    timestamp: String,
    request: String,
    canonical_request: String,
    string_to_sign: String,
    signature: String,
    signed_request: String,
}

fn vectors() -> Vec<Vector> {
    toml::from_str::<Vectors>(include_str!("../../../../fixtures/sigv4/vectors.toml")).unwrap().vector
}

fn instant(vector: &Vector) -> jiff::Timestamp {
    vector.timestamp.parse().unwrap()
}

fn parse(text: &str) -> Request {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap();
    let (method, rest) = first.split_once(' ').unwrap();
    let target = rest.strip_suffix(" HTTP/1.1").unwrap();
    let mut headers: Vec<Header> = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        match line.split_once(':') {
            Some((name, value)) if !line.starts_with(' ') => headers.push(Header::new(name, value)),
            // A value on several lines.
            _ => headers.last_mut().unwrap().value.extend(format!("\n{line}").into_bytes()),
        }
    }
    Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: body.as_bytes().to_vec(),
        framing: Framing::ContentLength,
    }
}

#[test]
fn the_published_vectors_are_met_stage_by_stage() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 38);
    for vector in vectors {
        let request = parse(&vector.signed_request);
        let mut tail = vector.canonical_request.lines().rev();
        let payload_hash = tail.next().unwrap();
        let names: Vec<String> = tail.next().unwrap().split(';').map(str::to_owned).collect();
        // The one vector whose path is encoded once only.
        let encoding = if vector.name == "get-space-normalized" { PathEncoding::Single } else { PathEncoding::Double };
        let normalisation = if vector.normalise { PathNormalisation::Resolved } else { PathNormalisation::AsIs };
        let canonical = canonical_request(&request, &names, payload_hash, encoding, normalisation);
        assert_eq!(canonical, vector.canonical_request, "{}", vector.name);
        let date_time = instant(&vector).strftime("%Y%m%dT%H%M%SZ").to_string();
        let scope = Scope {
            date: date_time[..8].to_owned(),
            region: vector.region.clone(),
            service: vector.service.clone(),
            terminator: "aws4_request".to_owned(),
        };
        let to_sign = string_to_sign(&date_time, &scope, &canonical);
        assert_eq!(to_sign, vector.string_to_sign, "{}", vector.name);
        assert_eq!(signature(&vector.secret, &scope, &to_sign), vector.signature, "{}", vector.name);
    }
}

#[test]
fn signing_meets_the_published_signatures() {
    // What `sign` does as KMS wants it and these vectors want otherwise: the path's rules, and a header for the body.
    let differs = |vector: &Vector| {
        !vector.normalise || vector.sign_body || vector.omit_token || vector.name == "get-space-normalized"
    };
    let mut compared = 0;
    for vector in vectors().into_iter().filter(|vector| !differs(vector)) {
        let credentials = Credentials {
            access_key_id: vector.access_key_id.clone(),
            secret_access_key: vector.secret.clone(),
            session_token: vector.token.clone(),
        };
        let signing = Signing {
            credentials,
            region: vector.region.clone(),
            service: vector.service.clone(),
            time: SystemTime::UNIX_EPOCH + Duration::from_secs(instant(&vector).as_second().unsigned_abs()),
            location: Location::Header,
            also: vec!["content-length".to_owned()],
            not: Vec::new(),
            mutation: None,
        };
        let signed = sign(parse(&vector.request), &signing).unwrap();
        let value = String::from_utf8_lossy(signed.request.header("authorization").unwrap()).into_owned();
        assert!(value.ends_with(&format!("Signature={}", vector.signature)), "{}: {value}", vector.name);
        compared += 1;
    }
    assert!(compared >= 25, "only {compared} vectors were compared");
}

const COMPACT: &str = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#;
const SPACED: &str = r#"{"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}"#;

/// The page's request; 2016-11-07T21:35:32Z.
fn page(secret: &str, mutation: Option<Mutation>) -> Signing {
    Signing {
        credentials: Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: secret.to_owned(),
            session_token: None,
        },
        region: "us-east-2".to_owned(),
        service: "kms".to_owned(),
        time: SystemTime::UNIX_EPOCH + Duration::from_secs(1_478_554_532),
        location: Location::Header,
        also: Vec::new(),
        not: Vec::new(),
        mutation,
    }
}

fn page_request(body: &str) -> Request {
    crate::plan::base_request("kms.us-east-2.amazonaws.com", "DeleteImportedKeyMaterial", body.as_bytes().to_vec())
}

/// Computed by an independent script and by botocore 1.44.5, which agree.
#[test]
fn the_page_example_is_signed_as_botocore_signs_it() {
    for (body, hash, canonical, secret, expected) in [
        (
            COMPACT,
            "fb6f4a0d02fe5c621667821cc3d876d5477c611c27709a1283f5c399e0faea7f",
            "139125ab4fd4acbc78efd9556085597dba5bf56c60391b3fa9e46e8cbaf861d3",
            "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
            "1c3494fc59994f7e8d112119c486dfb1bd38abfcf11d8e1b003dc22b85c4701f",
        ),
        (
            SPACED,
            "8bf22c037cfe51c8fa0de7ae4855972b278682e9886f6ec6673390584f613d12",
            "305368fc69560043854af30f0f6d847ceca6d086296c58bde653967edd811151",
            "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
            "f5865fd607718cde86fb1a6c0cb3b4e5e54487251d9ccb105ba932fcbf665198",
        ),
        (
            COMPACT,
            "fb6f4a0d02fe5c621667821cc3d876d5477c611c27709a1283f5c399e0faea7f",
            "139125ab4fd4acbc78efd9556085597dba5bf56c60391b3fa9e46e8cbaf861d3",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "ef5b7fc3d61f2416b1522221bd467fc0f55ed7d02e5302982a0dfc4d5c68ec86",
        ),
        (
            SPACED,
            "8bf22c037cfe51c8fa0de7ae4855972b278682e9886f6ec6673390584f613d12",
            "305368fc69560043854af30f0f6d847ceca6d086296c58bde653967edd811151",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "9a312e3c8e09d146acd8962b7a520dbdffbc21ce5d2343f10d68582005c90a50",
        ),
    ] {
        assert_eq!(sha256(body.as_bytes()), hash);
        let signed = sign(page_request(body), &page(secret, None)).unwrap();
        let explanation = signed.explanation.unwrap();
        assert_eq!(sha256(explanation.canonical_request.as_bytes()), canonical);
        assert_eq!(explanation.signed_headers, "content-type;host;x-amz-date;x-amz-target");
        let value = String::from_utf8_lossy(signed.request.header("authorization").unwrap()).into_owned();
        assert!(value.ends_with(expected), "{value}");
    }
}

#[test]
fn a_fault_changes_the_request_and_nothing_else_does() {
    let correct = sign(page_request(COMPACT), &page("secret", None)).unwrap().request;
    for mutation in Mutation::ALL {
        let mut signing = page("secret", Some(*mutation));
        let mut base = correct.clone();
        if matches!(mutation, Mutation::SessionTokenAltered | Mutation::SessionTokenAbsent) {
            signing.credentials.session_token = Some("token".to_owned());
            let plain = Signing { mutation: None, ..signing.clone() };
            base = sign(page_request(COMPACT), &plain).unwrap().request;
        }
        let mutated = sign(page_request(COMPACT), &signing).unwrap().request;
        assert_ne!(mutated, base, "{mutation}");
        assert_eq!(mutated.method, base.method, "{mutation}");
        let is_about_body = *mutation == Mutation::BodyAltered;
        assert_eq!(mutated.body != base.body, is_about_body, "{mutation}");
        let is_about_target = matches!(mutation, Mutation::PathAltered | Mutation::QueryAndHeader);
        assert_eq!(mutated.target != base.target, is_about_target, "{mutation}");
        let changed: Vec<&str> = ["Host", "X-Amz-Target", "X-Amz-Date", "Content-Type", "X-Amz-Security-Token"]
            .into_iter()
            .filter(|name| mutated.header(name) != base.header(name))
            .collect();
        let expected: &[&str] = match mutation {
            Mutation::DateHeaderAltered | Mutation::DateAbsent | Mutation::DateMalformed => &["X-Amz-Date"],
            Mutation::ContentTypeAltered => &["Content-Type"],
            Mutation::SessionTokenAltered | Mutation::SessionTokenAbsent => &["X-Amz-Security-Token"],
            _ => &[],
        };
        assert_eq!(changed, expected, "{mutation}");
    }
}

#[test]
fn credentials_do_not_show_their_secrets() {
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "hidden-secret".to_owned(),
        session_token: Some("hidden-token".to_owned()),
    };
    let text = format!("{credentials:?}");
    assert!(text.contains("AKIDEXAMPLE") && !text.contains("hidden"), "{text}");
}

proptest! {
    /// The library signs wherever its types hold the request, so this compares both implementations.
    #[test]
    fn our_signature_is_the_library_s(
        path in "(/[a-zA-Z0-9._~%-]{0,6}){1,4}",
        query in "([a-z]{1,3}=[a-zA-Z0-9._~-]{0,5}&){0,3}[a-z]{1,3}=[A-Z]{0,3}",
        value in "[ -~]{0,20}",
        body in proptest::collection::vec(any::<u8>(), 0..60),
        has_token in any::<bool>(),
    ) {
        // Escapes that are none are the client's to avoid.
        let path = path.replace('%', "%20");
        let mut signing = page("secret", None);
        signing.credentials.session_token = has_token.then(|| "token".to_owned());
        let mut request = page_request("");
        request.body = body;
        request.target = format!("{path}?{query}");
        request.headers.push(Header::new("X-Amz-Meta-A", value.as_str()));
        let signed = sign(request, &signing).unwrap();
        let explanation = signed.explanation.unwrap();
        let own = signature(&signing.credentials.secret_access_key, &signing.scope().unwrap(), &explanation.string_to_sign);
        let value = String::from_utf8_lossy(signed.request.header("authorization").unwrap()).into_owned();
        let shown = format!("Signature={own}");
        prop_assert!(value.ends_with(&shown), "{} against {}", value, own);
    }
}
