//! One fault in a request that is otherwise correctly signed.

use super::canonical::Scope;
use super::signer::{Own, SignError, Signed, Signing, authorised};
use crate::fixture::Mutation;
use crate::http::{Header, Request};
use std::time::Duration;

/// What clients of S3 sign instead of the hash of a body that they do not sign.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Signs the request and applies a fault. Date and session token are already in the request.
pub(super) fn mutate(mut request: Request, signing: &Signing, mutation: Mutation) -> Result<Signed, SignError> {
    use Mutation as M;
    let is_without_subject = match mutation {
        M::SessionTokenAltered | M::SessionTokenAbsent => signing.credentials.session_token.is_none(),
        M::ContentTypeAltered => request.header("content-type").is_none(),
        M::BodyAltered => request.body.is_empty(),
        _ => false,
    };
    if is_without_subject {
        return Err(SignError::Fault(mutation));
    }
    match mutation {
        M::ScopeDate | M::ScopeRegion | M::ScopeService | M::ScopeTerminator => {
            let scope = wrong_scope(signing, mutation)?;
            resigned(request, signing, &scope, &signing.date_time()?)
        }
        M::WrongSecret | M::AccessKeyUnknown | M::HostUnsigned => authorised(request, &otherwise(signing, mutation)),
        M::DateMalformed => {
            let extended = jiff::Timestamp::try_from(signing.time)?.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            request.set_header("X-Amz-Date", extended.as_str());
            resigned(request, signing, &signing.scope()?, &extended)
        }
        M::DateHeader => {
            let date = jiff::Timestamp::try_from(signing.time)?.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            request.remove_header("X-Amz-Date");
            request.headers.push(Header::new("Date", date));
            resigned(request, signing, &signing.scope()?, &signing.date_time()?)
        }
        M::PayloadUnsigned => {
            request.headers.push(Header::new("X-Amz-Content-Sha256", UNSIGNED_PAYLOAD));
            let (scope, date_time) = (signing.scope()?, signing.date_time()?);
            let own = Own::with_payload_hash(&request, signing, &scope, &date_time, UNSIGNED_PAYLOAD);
            Ok(own.signed(request, signing, &scope))
        }
        M::SessionTokenAltered => {
            let token = signing.credentials.session_token.clone().unwrap_or_default();
            request.set_header("X-Amz-Security-Token", format!("{token}-but-wrong"));
            resigned(request, signing, &signing.scope()?, &signing.date_time()?)
        }
        M::SessionTokenAbsent => {
            request.remove_header("X-Amz-Security-Token");
            let mut other = signing.clone();
            other.credentials.session_token = None;
            authorised(request, &other)
        }
        M::SignedHeaderRemoved => {
            request.headers.push(Header::new("X-Amz-Meta-Trentcheck", "1"));
            let mut signed = authorised(request, signing)?;
            signed.request.remove_header("X-Amz-Meta-Trentcheck");
            Ok(signed)
        }
        M::QueryAndHeader => {
            let scope = signing.scope()?;
            let credential = format!("{}/{}", signing.credentials.access_key_id, scope.text()).replace('/', "%2F");
            let mark = if request.target.contains('?') { '&' } else { '?' };
            request.target.push_str(&format!(
                "{mark}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={}&X-Amz-SignedHeaders=host&X-Amz-Signature={}",
                signing.date_time()?,
                "0".repeat(64)
            ));
            authorised(request, signing)
        }
        _ => {
            let mut signed = authorised(request, signing)?;
            afterwards(&mut signed.request, signing, mutation)?;
            Ok(signed)
        }
    }
}

/// Signs with a scope or a date that does not match the request, so that the request has only this fault.
fn resigned(request: Request, signing: &Signing, scope: &Scope, date_time: &str) -> Result<Signed, SignError> {
    Ok(Own::of(&request, signing, scope, date_time).signed(request, signing, scope))
}

/// The settings for the signature that the fault requires.
fn otherwise(signing: &Signing, mutation: Mutation) -> Signing {
    let mut other = signing.clone();
    match mutation {
        Mutation::WrongSecret => other.credentials.secret_access_key.push_str("-but-wrong"),
        Mutation::AccessKeyUnknown => other.credentials.access_key_id = "AKIDNOBODYHASTHISKEY".to_owned(),
        _ => other.not.push("host".to_owned()),
    }
    other
}

fn wrong_scope(signing: &Signing, mutation: Mutation) -> Result<Scope, SignError> {
    let mut scope = signing.scope()?;
    match mutation {
        Mutation::ScopeDate => {
            const DAY: Duration = Duration::from_secs(24 * 60 * 60);
            let mut before = signing.clone();
            before.time = signing.time - DAY;
            scope.date = before.scope()?.date;
        }
        Mutation::ScopeRegion => {
            let other = if signing.region == "us-west-1" { "us-east-1" } else { "us-west-1" };
            scope.region = other.to_owned();
        }
        Mutation::ScopeService => scope.service = "s3".to_owned(),
        _ => scope.terminator = "aws3_request".to_owned(),
    }
    Ok(scope)
}

/// Applies faults that do not need another signature.
fn afterwards(request: &mut Request, signing: &Signing, mutation: Mutation) -> Result<(), SignError> {
    use Mutation as M;
    let value =
        request.header("authorization").map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default();
    match mutation {
        M::AuthorizationAbsent => request.remove_header("Authorization"),
        M::AuthorizationEmpty => request.set_header("Authorization", ""),
        M::AuthorizationGarbage => request.set_header("Authorization", "AWS4-HMAC-SHA256 garbage"),
        M::AuthorizationTwice => request.headers.push(Header::new("Authorization", value)),
        M::CredentialAbsent => request.set_header("Authorization", without(&value, "Credential=")),
        M::SignedHeadersAbsent => request.set_header("Authorization", without(&value, "SignedHeaders=")),
        M::SignatureAbsent => request.set_header("Authorization", without(&value, "Signature=")),
        M::AlgorithmUnknown => {
            request.set_header("Authorization", value.replacen("AWS4-HMAC-SHA256", "AWS4-HMAC-MD5", 1))
        }
        M::CredentialShort => request.set_header("Authorization", value.replacen("/aws4_request", "", 1)),
        M::SignatureAltered => {
            let (rest, last) = value.split_at(value.len().saturating_sub(1));
            request.set_header("Authorization", format!("{rest}{}", if last == "0" { '1' } else { '0' }));
        }
        M::SignatureTruncated => request.set_header("Authorization", &value[..value.len().saturating_sub(1)]),
        M::AuthorizationCompact => request.set_header("Authorization", value.replace(", ", ",")),
        M::BodyAltered => {
            let at = request.body.len().saturating_sub(1);
            request.body.insert(at, b' ');
            if request.header("content-length").is_some() {
                let length = request.body.len().to_string();
                request.set_header("Content-Length", length);
            }
        }
        M::DateHeaderAltered => {
            let mut later = signing.clone();
            later.time += Duration::from_secs(1);
            request.set_header("X-Amz-Date", later.date_time()?);
        }
        M::ContentTypeAltered => {
            let kind = request
                .header("content-type")
                .map(|value| String::from_utf8_lossy(value).into_owned())
                .unwrap_or_default();
            request.set_header("Content-Type", format!("{kind}; charset=utf-8"));
        }
        M::DateAbsent => {
            request.remove_header("X-Amz-Date");
            request.remove_header("Date");
        }
        M::PathAltered => {
            let mark = if request.target.contains('?') { '&' } else { '?' };
            request.target.push_str(&format!("{mark}trentcheck=1"));
        }
        M::PathOther => {
            let at = request.target.find('?').unwrap_or(request.target.len());
            request.target.replace_range(..at, "/trentcheck");
        }
        _ => unreachable!("faults that need another signature were made before"),
    }
    Ok(())
}

/// The Authorization value without one of its parts.
fn without(value: &str, part: &str) -> String {
    let (algorithm, parts) = value.split_once(' ').unwrap_or((value, ""));
    let kept: Vec<&str> = parts.split(", ").filter(|known| !known.starts_with(part)).collect();
    format!("{algorithm} {}", kept.join(", "))
}
