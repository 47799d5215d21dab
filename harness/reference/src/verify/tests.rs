//! Compares the verifier with a signer and a verifier from other projects.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use crate::config::Config;
use crate::request::Incoming;
use crate::verify::verify;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use chrono::DateTime;
use proptest::prelude::*;
use scratchstack_aws_signature::principal::User;
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, NO_ADDITIONAL_SIGNED_HEADERS, SignatureOptions,
    service_for_signing_key_fn, sigv4_validate_request,
};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

const REGION: &str = "us-east-2";
/// The other verifier accepts only secrets of 40 characters.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// 2026-01-01T00:00:00Z
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

fn config() -> Config {
    let mut config = Config { clock: now, ..Config::default() };
    config.principals[0].secret_access_key = SECRET.to_owned();
    config
}

/// A request that aws-sigv4 signed.
fn signed(query: &str, extra: &str, body: &[u8], location: SignatureLocation, secret: &str) -> Incoming {
    let identity: Identity = Credentials::new("AKIDTRENTCHECK000001", secret, None, None, "tests").into();
    let mut settings = SigningSettings::default();
    settings.signature_location = location;
    settings.expires_in = (location == SignatureLocation::QueryParams).then_some(Duration::from_secs(300));
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("kms")
        .time(now())
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let mut headers = vec![
        ("host".to_owned(), "127.0.0.1:1234".to_owned()),
        ("x-amz-target".to_owned(), "TrentService.DeleteImportedKeyMaterial".to_owned()),
        ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
        ("x-extra".to_owned(), extra.to_owned()),
    ];
    let uri = format!("http://127.0.0.1:1234/?{query}");
    let signable = SignableRequest::new(
        "POST",
        &uri,
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())),
        SignableBody::Bytes(body),
    )
    .unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let mut query = query.to_owned();
    for (name, value) in instructions.params() {
        query.push_str(&format!("&{name}={}", value.replace('/', "%2F").replace(';', "%3B")));
    }
    headers.extend(instructions.headers().map(|(name, value)| (name.to_lowercase(), value.to_owned())));
    Incoming {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query,
        headers,
        body: body.to_vec(),
        behind: Default::default(),
    }
}

fn accepts(request: &Incoming) -> bool {
    verify(&config(), REGION, request).is_ok()
}

async fn signing_key(
    request: GetSigningKeyRequest,
) -> Result<GetSigningKeyResponse, Box<dyn std::error::Error + Send + Sync>> {
    let key = KSecretKey::from_str(SECRET)?.to_ksigning(request.request_date(), request.region(), request.service());
    let user = User::new("aws", "111122223333", "/", "primary")?;
    Ok(GetSigningKeyResponse::builder().principal(user).signing_key(key).build()?)
}

fn other_accepts(request: &Incoming) -> Result<(), String> {
    let mut builder = http::Request::builder().method("POST").uri(format!("http://127.0.0.1:1234/?{}", request.query));
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let request = builder.body(request.body.clone()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let date = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
    let mut keys = service_for_signing_key_fn(signing_key);
    runtime
        .block_on(sigv4_validate_request(
            request,
            REGION,
            "kms",
            &mut keys,
            date,
            &NO_ADDITIONAL_SIGNED_HEADERS,
            SignatureOptions::default(),
        ))
        .map(drop)
        .map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_library_signs_is_accepted_by_both_verifiers(
        query in "[a-z]{1,3}=[a-zA-Z0-9._~-]{0,5}(&[a-z]{1,3}=[a-z]{1,2}){0,2}",
        extra in "[!-~]( {0,3}[!-~]){0,8}",
        body in "[ -~]{0,60}",
    ) {
        let request = signed(&query, &extra, body.as_bytes(), SignatureLocation::Headers, SECRET);
        prop_assert!(accepts(&request));
        prop_assert_eq!(other_accepts(&request), Ok(()));
    }

    #[test]
    fn one_altered_byte_is_refused_by_both_verifiers(body in "[ -~]{1,60}", at in 0_usize..60, part in 0_u8..5) {
        let mut request = signed("a=b", "value", body.as_bytes(), SignatureLocation::Headers, SECRET);
        match part {
            0 => {
                let at = at % request.body.len();
                request.body[at] ^= 1;
            }
            1 => request.query = "a=c".to_owned(),
            2 => request.headers.iter_mut().filter(|(name, _)| name == "x-extra").for_each(|(_, value)| value.push('x')),
            3 => request.headers.retain(|(name, _)| name != "x-extra"),
            _ => request = signed("a=b", "value", body.as_bytes(), SignatureLocation::Headers, "another/secret/EXAMPLE/of/forty/characters"),
        }
        prop_assert!(!accepts(&request));
        prop_assert!(other_accepts(&request).is_err());
    }
}

#[test]
fn a_presigned_request_is_accepted_and_an_altered_one_refused() {
    let mut request = signed("a=b", "value", b"{}", SignatureLocation::QueryParams, SECRET);
    assert!(accepts(&request));
    request.body = b"[]".to_vec();
    assert!(!accepts(&request));
}

/// The time this many seconds after `now`, or before it if the number is negative.
fn late(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { now() - distance } else { now() + distance }
}

#[test]
fn dates_outside_the_window_are_refused_on_both_sides_and_the_message_names_the_limit() {
    let message = |seconds: i64| match crate::verify::within_window(now(), late(seconds)) {
        Ok(()) => String::new(),
        Err(refusal) => String::from_utf8(refusal.body().0).unwrap(),
    };
    for seconds in [0, 299, 300, -299, -300] {
        assert_eq!(message(seconds), "", "{seconds}");
    }
    assert_eq!(
        message(301),
        r#"{"__type":"InvalidSignatureException","message":"Signature expired: 20260101T000000Z is now earlier than 20260101T000001Z (20260101T000501Z - 5 min.)"}"#
    );
    assert_eq!(
        message(-301),
        r#"{"__type":"InvalidSignatureException","message":"Signature not yet current: 20260101T000000Z is still later than 20251231T235959Z (20251231T235459Z + 5 min.)"}"#
    );
    assert!(accepts(&signed("a=b", "value", b"{}", SignatureLocation::Headers, SECRET)));
}

#[test]
fn a_mutant_s_window_is_wrong_on_the_side_that_its_name_says() {
    for (name, accepted, refused) in [
        ("window-too-narrow", &[0, 60, -60][..], &[61, -61, 301, -301][..]),
        ("past-unchecked", &[0, 300, 301, -300], &[-301]),
        ("future-unchecked", &[0, -300, -301, 300], &[301]),
    ] {
        let config = Config { mutant: crate::mutant::mutant(name), ..config() };
        let is_in = |seconds: i64| {
            // The configuration's clock stands still, so the test moves the request's date.
            crate::verify::in_window(&config, late(-seconds)).is_ok()
        };
        for seconds in accepted {
            assert!(is_in(*seconds), "{name} {seconds}");
        }
        for seconds in refused {
            assert!(!is_in(*seconds), "{name} {seconds}");
        }
    }
}
