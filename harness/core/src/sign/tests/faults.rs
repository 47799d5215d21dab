//! Applies each fault to a correctly signed request and checks which parts change, and whether the signature still
//! matches.

use super::{COMPACT, page, page_request};
use crate::http::Request;
use crate::sign::canonical::sha256;
use crate::sign::*;

const SECRET: &str = "secret";

/// The parts of the Authorization header.
struct Authorization {
    algorithm: String,
    access_key_id: String,
    scope: Scope,
    signed_headers: String,
    signature: String,
}

impl Authorization {
    fn of(request: &Request) -> Option<Self> {
        let mut all = request.headers.iter().filter(|header| header.name == "Authorization");
        let (text, None) = (all.next()?.text().into_owned(), all.next()) else { return None };
        let (algorithm, parts) = text.split_once(' ')?;
        let part = |name: &str| parts.split(", ").find_map(|part| part.strip_prefix(name)).map(str::to_owned);
        let credential = part("Credential=")?;
        let [access_key_id, date, region, service, terminator] = credential.split('/').collect::<Vec<_>>()[..] else {
            return None;
        };
        Some(Self {
            algorithm: algorithm.to_owned(),
            access_key_id: access_key_id.to_owned(),
            scope: Scope {
                date: date.to_owned(),
                region: region.to_owned(),
                service: service.to_owned(),
                terminator: terminator.to_owned(),
            },
            signed_headers: part("SignedHeaders=")?,
            signature: part("Signature=")?,
        })
    }

    /// Whether the signature matches this request, for the scope and the names in the header.
    fn fits(&self, request: &Request) -> bool {
        let names: Vec<String> = self.signed_headers.split(';').map(str::to_owned).collect();
        let canonical = canonical_request(
            request,
            &names,
            &sha256(&request.body),
            PathEncoding::Double,
            PathNormalisation::Resolved,
        );
        let date_time = String::from_utf8_lossy(request.header("x-amz-date").unwrap_or_default()).into_owned();
        self.signature == signature(SECRET, &self.scope, &string_to_sign(&date_time, &self.scope, &canonical))
    }
}

fn signing(mutation: Mutation) -> Signing {
    let mut signing = page(SECRET, Some(mutation));
    if matches!(mutation, Mutation::SessionTokenAltered | Mutation::SessionTokenAbsent) {
        signing.credentials.session_token = Some("token".to_owned());
    }
    signing
}

fn plain(mutation: Mutation) -> Request {
    sign(page_request(COMPACT), &Signing { mutation: None, ..signing(mutation) }).unwrap().request
}

fn faulty(mutation: Mutation) -> Request {
    sign(page_request(COMPACT), &signing(mutation)).unwrap().request
}

/// The names of the parts in which two requests differ, and whether the signature of the second one matches.
fn differences(base: &Request, other: &Request) -> String {
    let mut parts = Vec::new();
    let mut note = |name: &str, differs: bool| {
        if differs {
            parts.push(name.to_owned());
        }
    };
    note("method", base.method != other.method);
    note("target", base.target != other.target);
    note("body", base.body != other.body);
    note("framing", base.framing != other.framing);
    let mut names: Vec<&str> = base.headers.iter().chain(&other.headers).map(|header| header.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names.into_iter().filter(|name| *name != "Authorization") {
        let values = |request: &Request| -> Vec<Vec<u8>> {
            request.headers.iter().filter(|header| header.name == name).map(|header| header.value.clone()).collect()
        };
        note(name, values(base) != values(other));
    }
    let (Some(was), Some(is)) = (Authorization::of(base), Authorization::of(other)) else {
        note("Authorization", true);
        return parts.join(" ");
    };
    note("algorithm", was.algorithm != is.algorithm);
    note("access-key-id", was.access_key_id != is.access_key_id);
    note("scope-date", was.scope.date != is.scope.date);
    note("scope-region", was.scope.region != is.scope.region);
    note("scope-service", was.scope.service != is.scope.service);
    note("scope-terminator", was.scope.terminator != is.scope.terminator);
    note("signed-headers", was.signed_headers != is.signed_headers);
    note("signature", was.signature != is.signature);
    let fits = if is.fits(other) { "fits" } else { "does not fit" };
    format!("{}: {fits}", parts.join(" "))
}

#[test]
fn a_fault_changes_the_said_thing_and_nothing_else() {
    use Mutation as M;
    for mutation in M::ALL {
        let expected = match mutation {
            // The next test checks the text of the header.
            M::AuthorizationAbsent
            | M::AuthorizationEmpty
            | M::AuthorizationGarbage
            | M::AuthorizationTwice
            | M::CredentialAbsent
            | M::SignedHeadersAbsent
            | M::SignatureAbsent
            | M::CredentialShort
            | M::AuthorizationCompact => "Authorization",
            M::AlgorithmUnknown => "algorithm: fits",
            M::ScopeDate => "scope-date signature: fits",
            M::ScopeRegion => "scope-region signature: fits",
            M::ScopeService => "scope-service signature: fits",
            M::ScopeTerminator => "scope-terminator signature: fits",
            M::AccessKeyUnknown => "access-key-id: fits",
            M::WrongSecret | M::SignatureAltered | M::SignatureTruncated => "signature: does not fit",
            M::BodyAltered => "body Content-Length: does not fit",
            M::DateHeaderAltered | M::DateAbsent => "X-Amz-Date: does not fit",
            M::ContentTypeAltered => "Content-Type: does not fit",
            M::PathAltered | M::PathOther => "target: does not fit",
            // The signature fits a body that it does not cover.
            M::PayloadUnsigned => "X-Amz-Content-Sha256 signed-headers signature: does not fit",
            M::SignedHeaderRemoved => "signed-headers signature: does not fit",
            M::HostUnsigned => "signed-headers signature: fits",
            // This test reads the time from X-Amz-Date only.
            M::DateHeader => "Date X-Amz-Date signed-headers signature: does not fit",
            M::DateMalformed => "X-Amz-Date signature: fits",
            M::QueryAndHeader => "target signature: fits",
            M::SessionTokenAltered => "X-Amz-Security-Token signature: fits",
            M::SessionTokenAbsent => "X-Amz-Security-Token signed-headers signature: fits",
        };
        assert_eq!(differences(&plain(*mutation), &faulty(*mutation)), expected, "{mutation}");
    }
}

#[test]
fn a_fault_of_the_header_changes_its_text_as_it_says() {
    let text = |request: &Request| -> Vec<String> {
        request
            .headers
            .iter()
            .filter(|header| header.name == "Authorization")
            .map(|header| header.text().into_owned())
            .collect()
    };
    let correct = text(&plain(Mutation::AuthorizationAbsent)).remove(0);
    let (_, parts) = correct.split_once(' ').unwrap();
    let [credential, names, signature] = parts.split(", ").collect::<Vec<_>>()[..] else { panic!("{correct}") };
    for (mutation, expected) in [
        (Mutation::AuthorizationAbsent, vec![]),
        (Mutation::AuthorizationEmpty, vec![String::new()]),
        (Mutation::AuthorizationGarbage, vec!["AWS4-HMAC-SHA256 garbage".to_owned()]),
        (Mutation::AuthorizationTwice, vec![correct.clone(), correct.clone()]),
        (Mutation::CredentialAbsent, vec![format!("AWS4-HMAC-SHA256 {names}, {signature}")]),
        (Mutation::SignedHeadersAbsent, vec![format!("AWS4-HMAC-SHA256 {credential}, {signature}")]),
        (Mutation::SignatureAbsent, vec![format!("AWS4-HMAC-SHA256 {credential}, {names}")]),
        (
            Mutation::CredentialShort,
            vec![format!(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20161107/us-east-2/kms, {names}, {signature}"
            )],
        ),
        (Mutation::AuthorizationCompact, vec![format!("AWS4-HMAC-SHA256 {credential},{names},{signature}")]),
    ] {
        assert_eq!(text(&faulty(mutation)), expected, "{mutation}");
    }
}

#[test]
fn the_altered_values_are_the_ones_that_are_described() {
    let header = |mutation: Mutation, name: &str| {
        faulty(mutation).header(name).map(|value| String::from_utf8_lossy(value).into_owned())
    };
    let authorization = |mutation| Authorization::of(&faulty(mutation)).unwrap();
    assert_eq!(authorization(Mutation::ScopeDate).scope.date, "20161106");
    assert_eq!(authorization(Mutation::AlgorithmUnknown).algorithm, "AWS4-HMAC-MD5");
    assert_eq!(authorization(Mutation::HostUnsigned).signed_headers, "content-type;x-amz-date;x-amz-target");
    assert_eq!(authorization(Mutation::SignatureTruncated).signature.len(), 63);
    assert_eq!(authorization(Mutation::SignatureAltered).signature.len(), 64);
    assert_eq!(
        authorization(Mutation::SignedHeaderRemoved).signed_headers,
        "content-type;host;x-amz-date;x-amz-meta-trentcheck;x-amz-target"
    );
    assert_eq!(header(Mutation::DateHeaderAltered, "x-amz-date").unwrap(), "20161107T213533Z");
    assert_eq!(header(Mutation::DateMalformed, "x-amz-date").unwrap(), "2016-11-07T21:35:32Z");
    assert_eq!(
        header(Mutation::ContentTypeAltered, "content-type").unwrap(),
        "application/x-amz-json-1.1; charset=utf-8"
    );
    assert_eq!(header(Mutation::BodyAltered, "content-length").unwrap(), "49");
    assert_eq!(faulty(Mutation::BodyAltered).body, COMPACT.replace('}', " }").into_bytes());
    assert_eq!(faulty(Mutation::PathAltered).target, "/?trentcheck=1");
}

#[test]
fn a_date_header_goes_with_the_date() {
    let mut request = page_request(COMPACT);
    request.set_header("Date", "Mon, 07 Nov 2016 21:35:32 GMT");
    let request = sign(request, &signing(Mutation::DateAbsent)).unwrap().request;
    assert_eq!((request.header("date"), request.header("x-amz-date")), (None, None));
}

#[test]
fn a_presigned_request_takes_no_fault_but_an_altered_signature() {
    for mutation in Mutation::ALL.iter().filter(|mutation| **mutation != Mutation::SignatureAltered) {
        let presigned = Signing { location: Location::Query, ..signing(*mutation) };
        let result = sign(page_request(COMPACT), &presigned);
        assert!(matches!(result, Err(SignError::Fault(refused)) if refused == *mutation), "{mutation}");
    }
}

#[test]
fn the_last_digit_of_a_presigned_signature_is_altered() {
    let signed = |mutation| {
        let presigned = Signing { location: Location::Query, ..page(SECRET, mutation) };
        sign(page_request(COMPACT), &presigned).unwrap().request.target
    };
    let (right, wrong) = (signed(None), signed(Some(Mutation::SignatureAltered)));
    let differ: Vec<usize> = (0..right.len()).filter(|at| right.as_bytes()[*at] != wrong.as_bytes()[*at]).collect();
    assert_eq!((right.len(), differ.len()), (wrong.len(), 1));
    let digits = right.split("X-Amz-Signature=").nth(1).unwrap().split('&').next().unwrap();
    assert_eq!(right.find("X-Amz-Signature=").unwrap() + "X-Amz-Signature=".len() + digits.len() - 1, differ[0]);
}

#[test]
fn a_fault_without_its_subject_is_an_error() {
    for mutation in [Mutation::SessionTokenAltered, Mutation::SessionTokenAbsent] {
        let result = sign(page_request(COMPACT), &page(SECRET, Some(mutation)));
        assert!(matches!(result, Err(SignError::Fault(_))), "{mutation}");
    }
    let mut request = page_request("");
    request.remove_header("Content-Type");
    for mutation in [Mutation::ContentTypeAltered, Mutation::BodyAltered] {
        let result = sign(request.clone(), &page(SECRET, Some(mutation)));
        assert!(matches!(result, Err(SignError::Fault(_))), "{mutation}");
    }
}
