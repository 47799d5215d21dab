//! Compares the signer with botocore and with aws-sigv4, and checks what it refuses.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod faults;
mod vectors;

use super::canonical::sha256;
use super::signer::by_library;
use super::*;
use crate::http::{Header, Request};
use proptest::prelude::*;
use std::time::{Duration, SystemTime};

pub(super) const COMPACT: &str = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#;
const SPACED: &str = r#"{"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}"#;

/// Settings for the page's example request, 2016-11-07T21:35:32Z.
pub(super) fn page(secret: &str, mutation: Option<Mutation>) -> Signing {
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

pub(super) fn page_request(body: &str) -> Request {
    crate::plan::base_request(
        "kms.us-east-2.amazonaws.com",
        "TrentService.DeleteImportedKeyMaterial",
        body.as_bytes().to_vec(),
    )
}

/// The expected value was calculated by an independent script and by botocore 1.44.5, which agree.
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
fn credentials_do_not_show_their_secrets() {
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "hidden-secret".to_owned(),
        session_token: Some("hidden-token".to_owned()),
    };
    let text = format!("{credentials:?}");
    assert!(text.contains("AKIDEXAMPLE") && !text.contains("hidden"), "{text}");
}

/// The signature in the Authorization header, and our own signature of the explained canonical request.
fn sent_and_explained(signed: &Signed, signing: &Signing) -> (String, String) {
    let value = String::from_utf8_lossy(signed.request.header("authorization").unwrap()).into_owned();
    let (_, sent) = value.rsplit_once('=').unwrap();
    let explanation = signed.explanation.as_ref().unwrap();
    let secret = &signing.credentials.secret_access_key;
    (sent.to_owned(), signature(secret, &signing.scope().unwrap(), &explanation.string_to_sign))
}

#[test]
fn what_proxies_and_clients_set_is_not_signed_unless_asked_for() {
    let names = |also: &[&str], not: &[&str]| {
        let mut request = page_request(COMPACT);
        for name in ["Transfer-Encoding", "connection", "User-Agent", "EXPECT", "Accept", "Authorization", "X-Extra"] {
            request.headers.push(Header::new(name, "x"));
        }
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let signing = Signing { also: owned(also), not: owned(not), ..page("secret", None) };
        sign(request, &signing).unwrap().explanation.unwrap().signed_headers
    };
    assert_eq!(names(&[], &[]), "content-type;host;x-amz-date;x-amz-target;x-extra");
    assert_eq!(names(&["Content-Length"], &["X-Extra"]), "content-length;content-type;host;x-amz-date;x-amz-target");
}

#[test]
fn date_token_and_signature_stand_where_clients_put_them() {
    let mut signing = page("secret", None);
    signing.credentials.session_token = Some("token".to_owned());
    let request = sign(page_request(COMPACT), &signing).unwrap().request;
    let names: Vec<&str> = request.headers.iter().map(|header| header.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Host",
            "Content-Length",
            "X-Amz-Target",
            "X-Amz-Date",
            "Content-Type",
            "X-Amz-Security-Token",
            "Authorization"
        ]
    );
}

#[test]
fn a_presigned_request_carries_what_our_own_canonicaliser_signs() {
    for token in [None, Some("to/k+en=".to_owned())] {
        let mut signing = Signing { location: Location::Query, ..page("secret", None) };
        signing.credentials.session_token = token;
        let mut request = page_request(COMPACT);
        request.target = "/?a=b%20c".to_owned();
        let mut signed = sign(request, &signing).unwrap().request;
        assert_eq!(signed.header("authorization"), None);
        if signing.credentials.session_token.is_some() {
            assert!(signed.target.contains("&X-Amz-Security-Token=to%2Fk%2Ben%3D"), "{}", signed.target);
        }
        let pairs = signed.target.split_once('?').unwrap().1.split('&');
        let (sent, covered): (Vec<&str>, Vec<&str>) = pairs.partition(|pair| pair.starts_with("X-Amz-Signature="));
        let (sent, covered) = (sent.concat(), covered.join("&"));
        signed.target = format!("/?{covered}");
        let names = ["content-type", "host", "x-amz-target"].map(str::to_owned);
        let canonical = canonical_request(
            &signed,
            &names,
            &sha256(&signed.body),
            PathEncoding::Double,
            PathNormalisation::Resolved,
        );
        let scope = signing.scope().unwrap();
        let own = signature("secret", &scope, &string_to_sign("20161107T213532Z", &scope, &canonical));
        assert_eq!(sent, format!("X-Amz-Signature={own}"));
    }
}

#[test]
fn a_value_with_a_tab_is_signed_as_it_is_explained() {
    for value in ["a\tb", "a \t b", "\ta"] {
        let mut request = page_request(COMPACT);
        request.headers.push(Header::new("X-Amz-Meta-A", value));
        let signing = page("secret", None);
        let (sent, explained) = sent_and_explained(&sign(request, &signing).unwrap(), &signing);
        assert_eq!(sent, explained, "{value:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_signed_as_they_are() {
    let signatures = [0xe8, 0xe9].map(|byte| {
        let mut request = page_request(COMPACT);
        request.headers.push(Header::new("X-Amz-Meta-A", [byte]));
        let signing = page("secret", None);
        let (sent, explained) = sent_and_explained(&sign(request, &signing).unwrap(), &signing);
        assert_eq!(sent, explained);
        sent
    });
    assert_ne!(signatures[0], signatures[1]);
}

#[test]
fn a_request_that_the_library_cannot_hold_is_signed_all_the_same() {
    let alter: [fn(&mut Request); 6] = [
        |request| request.remove_header("Host"),
        |request| request.set_header("Host", ""),
        |request| request.set_header("Host", "a b"),
        |request| request.set_header("Host", "user@host:99999"),
        |request| request.target = "/a b".to_owned(),
        |request| request.headers.push(Header::new("X Y", "z")),
    ];
    for (at, alter) in alter.into_iter().enumerate() {
        let mut request = page_request(COMPACT);
        alter(&mut request);
        let signing = page("secret", None);
        let (sent, explained) = sent_and_explained(&sign(request, &signing).unwrap(), &signing);
        assert_eq!(sent, explained, "alteration {at}");
    }
}

#[test]
fn a_time_that_is_no_date_is_an_error() {
    for location in [Location::Header, Location::Query] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
        let signing = Signing { location, time, ..page("secret", None) };
        let error = sign(page_request(COMPACT), &signing).unwrap_err();
        assert!(matches!(error, SignError::Time(_)), "{error}");
    }
}

#[test]
fn a_presigned_request_without_signed_host_is_an_error() {
    let signing = Signing { location: Location::Query, not: vec!["Host".to_owned()], ..page("secret", None) };
    assert!(matches!(sign(page_request(COMPACT), &signing), Err(SignError::Presign)));
}

#[test]
fn a_value_that_is_no_text_cannot_be_presigned() {
    let mut request = page_request(COMPACT);
    request.headers.push(Header::new("X-Amz-Meta-A", [0xe9]));
    let signing = Signing { location: Location::Query, ..page("secret", None) };
    assert!(matches!(sign(request, &signing), Err(SignError::Presign)));
}

proptest! {
    /// aws-sigv4 signs every request that its types can hold. These requests it can hold.
    #[test]
    fn our_signature_is_the_library_s(
        path in "(/[a-zA-Z0-9._~%-]{0,6}){1,4}",
        query in "([a-z]{1,3}=[a-zA-Z0-9._~-]{0,5}&){0,3}[a-z]{1,3}=[A-Z]{0,3}",
        value in "[ -~]{0,20}",
        again in proptest::option::of("[ -~]{0,20}"),
        body in proptest::collection::vec(any::<u8>(), 0..60),
        has_token in any::<bool>(),
    ) {
        // A client must not send an invalid escape, so a bare `%` is replaced.
        let path = path.replace('%', "%20");
        let mut signing = page("secret", None);
        signing.credentials.session_token = has_token.then(|| "token".to_owned());
        let mut request = page_request("");
        request.body = body;
        request.target = format!("{path}?{query}");
        request.headers.push(Header::new("X-Amz-Meta-A", value.as_str()));
        if let Some(value) = again {
            request.headers.push(Header::new("x-amz-meta-a", value.as_str()));
        }
        let unsigned = request.clone();
        let signed = sign(request, &signing).unwrap();
        let (sent, explained) = sent_and_explained(&signed, &signing);
        prop_assert_eq!(&sent, &explained);
        // This comparison must use aws-sigv4, not our own signature twice.
        let names = signing.signed_names(&signed.request);
        let library = by_library(&signed.request, &signing, &names);
        prop_assert_eq!(library, Some(explained));
        // The remembered key is of another secret, of another scope, or the right one.
        let keys = SigningKeys::default();
        for other in [page("another", None), Signing { region: "us-west-1".to_owned(), ..signing.clone() }, signing.clone()] {
            sign_plainly(page_request(""), &other, &keys).unwrap();
            prop_assert_eq!(&sign_plainly(unsigned.clone(), &signing, &keys).unwrap(), &signed.request);
        }
    }
}
