//! Checks our own canonicaliser, aws-sigv4 and the signer against the published vectors.

use crate::http::{Framing, Header, Request};
use crate::sign::*;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SessionTokenMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use serde::Deserialize;
use std::time::{Duration, SystemTime};

/// The validity of presigned requests in the suite.
const EXPIRES: Duration = Duration::from_secs(3600);

/// Vectors for which aws-sigv4 gives another result.
const LIBRARY_DEVIATES: &[&str] = &[
    // The path must be encoded once, as for S3. By default, aws-sigv4 and our signer encode it twice.
    "get-space-normalized",
    // The request-target holds a raw space, which the URI type of aws-sigv4 refuses.
    "get-space-unnormalized",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
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
    query_canonical_request: String,
    query_string_to_sign: String,
    query_signature: String,
    query_signed_request: String,
}

impl Vector {
    fn instant(&self) -> jiff::Timestamp {
        self.timestamp.parse().unwrap()
    }

    fn time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.instant().as_second().unsigned_abs())
    }

    /// Canonical request, string to sign and signature of a signed request, calculated by our own code.
    fn own(&self, signed_request: &Request, canonical_request_expected: &str) -> (String, String, String) {
        let mut tail = canonical_request_expected.lines().rev();
        let payload_hash = tail.next().unwrap();
        let names: Vec<String> = tail.next().unwrap().split(';').map(str::to_owned).collect();
        // This is the only vector whose path is encoded once.
        let encoding = if self.name == "get-space-normalized" { PathEncoding::Single } else { PathEncoding::Double };
        let normalisation = if self.normalise { PathNormalisation::Resolved } else { PathNormalisation::AsIs };
        let canonical = canonical_request(signed_request, &names, payload_hash, encoding, normalisation);
        let date_time = self.instant().strftime("%Y%m%dT%H%M%SZ").to_string();
        let scope = Scope {
            date: date_time[..8].to_owned(),
            region: self.region.clone(),
            service: self.service.clone(),
            terminator: "aws4_request".to_owned(),
        };
        let to_sign = string_to_sign(&date_time, &scope, &canonical);
        let signature = signature(&self.secret, &scope, &to_sign);
        (String::from_utf8(canonical).unwrap(), to_sign, signature)
    }

    fn by_library(&self, location: SignatureLocation) -> String {
        let mut settings = SigningSettings::default();
        settings.signature_location = location;
        settings.expires_in = (location == SignatureLocation::QueryParams).then_some(EXPIRES);
        settings.uri_path_normalization_mode = UriPathNormalizationMode::from(self.normalise);
        if self.sign_body {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        if self.omit_token {
            settings.session_token_mode = SessionTokenMode::Exclude;
        }
        let identity: Identity = aws_credential_types::Credentials::new(
            &self.access_key_id,
            &self.secret,
            self.token.clone(),
            None,
            "vectors",
        )
        .into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(self.time())
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let request = parse(&self.request);
        // A value on several lines is joined with blanks, because aws-sigv4 refuses line ends.
        let headers: Vec<(String, String)> =
            request.headers.iter().map(|header| (header.name.clone(), header.text().replace('\n', " "))).collect();
        let host = String::from_utf8_lossy(request.header("host").unwrap()).into_owned();
        let signable = SignableRequest::new(
            &request.method,
            format!("https://{host}{}", request.target),
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            SignableBody::Bytes(&request.body),
        )
        .unwrap();
        aws_sigv4::http_request::sign(signable, &parameters).unwrap().into_parts().1
    }
}

#[track_caller]
fn vectors() -> Vec<Vector> {
    let vectors = toml::from_str::<Vectors>(include_str!("../../../../../fixtures/sigv4/vectors.toml")).unwrap().vector;
    assert_eq!(vectors.len(), 38);
    vectors
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
            // The value continues on a further line.
            _ => headers.last_mut().unwrap().value.extend(format!("\n{line}").into_bytes()),
        }
    }
    Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: body.as_bytes().to_vec(),
        framing: Framing::ContentLength,
        delivery: Default::default(),
    }
}

/// Removes query parameters that no signature covers.
fn without(target: &str, unsigned: &[&str]) -> String {
    let (path, query) = target.split_once('?').unwrap();
    let is_covered = |pair: &&str| !unsigned.iter().any(|name| pair.starts_with(&format!("{name}=")));
    format!("{path}?{}", query.split('&').filter(is_covered).collect::<Vec<_>>().join("&"))
}

#[test]
fn the_published_header_vectors_are_met_stage_by_stage() {
    for vector in vectors() {
        let (canonical, to_sign, signature) = vector.own(&parse(&vector.signed_request), &vector.canonical_request);
        assert_eq!(canonical, vector.canonical_request, "{}", vector.name);
        assert_eq!(to_sign, vector.string_to_sign, "{}", vector.name);
        assert_eq!(signature, vector.signature, "{}", vector.name);
    }
}

#[test]
fn the_published_query_vectors_are_met_stage_by_stage() {
    for vector in vectors() {
        let mut request = parse(&vector.query_signed_request);
        let unsigned: &[&str] =
            if vector.omit_token { &["X-Amz-Signature", "X-Amz-Security-Token"] } else { &["X-Amz-Signature"] };
        request.target = without(&request.target, unsigned);
        let (canonical, to_sign, signature) = vector.own(&request, &vector.query_canonical_request);
        assert_eq!(canonical, vector.query_canonical_request, "{}", vector.name);
        assert_eq!(to_sign, vector.query_string_to_sign, "{}", vector.name);
        assert_eq!(signature, vector.query_signature, "{}", vector.name);
    }
}

#[test]
fn the_library_meets_all_published_signatures_but_two() {
    for vector in vectors() {
        if LIBRARY_DEVIATES.contains(&vector.name.as_str()) {
            continue;
        }
        assert_eq!(vector.by_library(SignatureLocation::Headers), vector.signature, "{}", vector.name);
        assert_eq!(vector.by_library(SignatureLocation::QueryParams), vector.query_signature, "{}", vector.name);
    }
}

#[test]
fn signing_meets_the_published_signatures() {
    // `sign` follows KMS. These vectors need other rules for the path, or a header for the body.
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
            time: vector.time(),
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
