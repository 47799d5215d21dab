//! Verifies SigV4. Each check is one function. The order of the checks is the one observed on AWS services.

use crate::canonical::{Signed, expected_signature};
use crate::config::{Config, Permission, Principal};
use crate::credential::{ALGORITHM, Claim, claim, incomplete};
use crate::error::Refusal;
use crate::mutant::Point;
use crate::request::Incoming;
use std::time::{Duration, SystemTime};
use subtle::ConstantTimeEq;

/// How far a request's date may be from the server's time. KMS was recorded with five minutes, although AWS documents
/// fifteen.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// The service name in the credential scope.
const SERVICE: &str = "kms";

/// What takes the place of the hash of the body where a client of S3 does not sign the body. KMS does not know it.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Returns the principal that signed a request, or the refusal of the first check that fails.
pub(crate) fn verify<'a>(config: &'a Config, region: &str, request: &Incoming) -> Result<&'a Principal, Refusal> {
    let is_dateless = request.values("x-amz-date").next().is_none() && request.values("date").next().is_none();
    let is_without = !request.values("authorization").any(|value| !value.trim().is_empty()) && request.query.is_empty();
    if let Some(first) = config.principals.first()
        && (is_without && config.at(Point::AuthorizationOptional)
            || is_dateless && request.query.is_empty() && config.at(Point::DateOptional)
            || config.at(Point::GarbageAccepted)
                && !request.values("authorization").any(|value| value.contains("Credential=")))
    {
        return Ok(first);
    }
    let claim = claim(config, request)?;
    if !config.at(Point::DateFormUnchecked) && !is_waved_through(config, &claim) {
        let date = date(&claim)?;
        in_window(config, date)?;
    }
    if !config.at(Point::HostOptional) {
        covers_headers(config, request, &claim)?;
    }
    if !config.at(Point::AlgorithmUnchecked) {
        algorithm(&claim)?;
    }
    let (access_key_id, scope) = credential(config, &claim)?;
    in_scope(config, &scope, region, &claim.date)?;
    let principal = known(config, &access_key_id)?;
    signature(config, request, &claim, &scope, principal)?;
    session(config, request, &claim, principal)?;
    Ok(principal)
}

/// Checks that a request's date is near enough to the server's time.
pub(crate) fn in_window(config: &Config, date: SystemTime) -> Result<(), Refusal> {
    let now = (config.clock)();
    if config.at(Point::PastUnchecked) && date < now || config.at(Point::FutureUnchecked) && date > now {
        return Ok(());
    }
    const NARROW: Duration = Duration::from_secs(60);
    if config.at(Point::WindowTooNarrow) && (date + NARROW < now || date > now + NARROW) {
        return Err(invalid("Signature expired"));
    }
    const WIDE: Duration = Duration::from_secs(15 * 60);
    const WIDER: Duration = Duration::from_secs(18 * 60);
    let is_within = |window| date + window >= now && date <= now + window;
    if config.at(Point::WindowOfFifteen) && is_within(WIDE) || config.at(Point::WindowTooWide) && is_within(WIDER) {
        return Ok(());
    }
    within_window(date, now)
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidSignatureException", message)
}

fn unrecognised() -> Refusal {
    Refusal::new("UnrecognizedClientException", "The security token included in the request is invalid.")
}

pub(crate) fn date(claim: &Claim) -> Result<SystemTime, Refusal> {
    let wrong = || {
        incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601",
            claim.date
        ))
    };
    // `strptime` accepts missing digits, but the format does not allow them.
    if claim.date.len() != 16 {
        return Err(wrong());
    }
    let date = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", &claim.date).map_err(|_| wrong())?;
    let timestamp = jiff::tz::TimeZone::UTC.to_timestamp(date).map_err(|_| wrong())?;
    SystemTime::try_from(timestamp).map_err(|_| wrong())
}

/// Whether a mutant takes a date that it cannot read for a good one.
fn is_waved_through(config: &Config, claim: &Claim) -> bool {
    config.at(Point::UnreadableDateAccepted) && date(claim).is_err()
}

pub(crate) fn within_window(date: SystemTime, now: SystemTime) -> Result<(), Refusal> {
    let text = |time: SystemTime| {
        jiff::Timestamp::try_from(time).map(|time| time.strftime("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default()
    };
    if date + WINDOW < now {
        let limit = text(now - WINDOW);
        return Err(invalid(format!(
            "Signature expired: {} is now earlier than {limit} ({} - 5 min.)",
            text(date),
            text(now)
        )));
    }
    if date > now + WINDOW {
        let limit = text(now + WINDOW);
        return Err(invalid(format!(
            "Signature not yet current: {} is still later than {limit} ({} + 5 min.)",
            text(date),
            text(now)
        )));
    }
    Ok(())
}

/// Checks that `Host` is signed, and also the headers that say what is asked and when. AWS documents that every
/// `x-amz-` header must be signed. It is our reading that exactly these are checked.
pub(crate) fn covers_headers(config: &Config, request: &Incoming, claim: &Claim) -> Result<(), Refusal> {
    if config.at(Point::ExtraUnsignedRefused) || config.at(Point::ContentLengthSignedRefused) {
        mutant_covers(config, request, claim)?;
    }
    let covers = |name: &str| claim.signed_headers.iter().any(|signed| signed == name);
    if !covers("host") {
        return Err(invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
    }
    for name in ["x-amz-date", "x-amz-target", "x-amz-security-token"] {
        if request.values(name).next().is_some() && !covers(name) && !config.at(Point::AmzUnsignedAccepted) {
            return Err(invalid(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")));
        }
    }
    Ok(())
}

/// Two mutants that misread which headers have to be signed.
fn mutant_covers(config: &Config, request: &Incoming, claim: &Claim) -> Result<(), Refusal> {
    let covers = |name: &str| claim.signed_headers.iter().any(|signed| signed == name);
    let usual = ["authorization", "content-length", "connection", "accept", "accept-encoding", "transfer-encoding"];
    let is_extra = |name: &str| !usual.contains(&name) && !covers(name);
    if config.at(Point::ExtraUnsignedRefused) && request.headers.iter().any(|(name, _)| is_extra(name))
        || config.at(Point::ContentLengthSignedRefused) && covers("content-length")
    {
        return Err(invalid("The signed headers are not those of the example."));
    }
    Ok(())
}

pub(crate) fn algorithm(claim: &Claim) -> Result<(), Refusal> {
    if claim.algorithm == ALGORITHM {
        return Ok(());
    }
    Err(incomplete(format!("Unsupported AWS 'algorithm': '{}' (only AWS4-HMAC-SHA256 for now). ", claim.algorithm)))
}

pub(crate) fn credential(config: &Config, claim: &Claim) -> Result<(String, Vec<String>), Refusal> {
    let mut parts: Vec<String> = claim.credential.split('/').map(str::to_owned).collect();
    if config.at(Point::ShortCredentialAccepted) && parts.len() == 4 {
        parts.push("aws4_request".to_owned());
    }
    match <[String; 5]>::try_from(parts) {
        Ok([access_key_id, scope @ ..]) => Ok((access_key_id, scope.to_vec())),
        Err(_) => Err(incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'",
            claim.credential
        ))),
    }
}

pub(crate) fn in_scope(config: &Config, scope: &[String], region: &str, date_time: &str) -> Result<(), Refusal> {
    let [date, scoped_region, service, terminator] = scope else {
        return Err(invalid("Credential should be scoped."));
    };
    if scoped_region != region && !config.at(Point::ScopeRegionUnchecked) {
        return Err(invalid("Credential should be scoped to a valid region. "));
    }
    if service != SERVICE && !config.at(Point::ScopeServiceUnchecked) {
        return Err(invalid(format!("Credential should be scoped to correct service: '{SERVICE}'.")));
    }
    if terminator != "aws4_request" && !config.at(Point::ScopeTerminatorUnchecked) {
        return Err(invalid(format!(
            "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'."
        )));
    }
    let day = date_time.get(..8).unwrap_or_default();
    let is_unreadable = !day.bytes().all(|byte| byte.is_ascii_digit());
    let is_let_through =
        config.at(Point::ScopeDateUnchecked) || is_unreadable && config.at(Point::UnreadableDateAccepted);
    if date != day && !is_let_through {
        return Err(invalid(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != '{day}', from '{date_time}'."
        )));
    }
    Ok(())
}

pub(crate) fn known<'a>(config: &'a Config, access_key_id: &str) -> Result<&'a Principal, Refusal> {
    if config.at(Point::UnknownKeyAccepted) {
        let known = config.principals.iter().find(|principal| principal.access_key_id == access_key_id);
        return known.or(config.principals.first()).ok_or_else(unrecognised);
    }
    config.principals.iter().find(|principal| principal.access_key_id == access_key_id).ok_or_else(unrecognised)
}

fn signature(
    config: &Config,
    request: &Incoming,
    claim: &Claim,
    scope: &[String],
    principal: &Principal,
) -> Result<(), Refusal> {
    if config.at(Point::SignatureUnchecked)
        || config.at(Point::QuerySignatureUnchecked) && claim.is_query
        || config.at(Point::SessionSignatureUnchecked) && principal.session_token.is_some()
    {
        return Ok(());
    }
    if remembers(config, request, claim, scope) {
        return Ok(());
    }
    let signed = Signed {
        headers: &claim.signed_headers,
        date_time: &claim.date,
        scope,
        is_query: claim.is_query,
        payload: None,
    };
    let expected = expected_signature(request, &signed, &principal.secret_access_key);
    if config.at(Point::SignaturePrefixAccepted) && expected.starts_with(&claim.signature)
        || config.at(Point::SecretUnchecked) && claim.signature.len() == expected.len()
    {
        return Ok(());
    }
    if config.at(Point::FormerSecretAccepted) {
        let former = format!("{}-but-wrong", principal.secret_access_key);
        if expected_signature(request, &signed, &former) == claim.signature {
            return Ok(());
        }
    }
    if config.at(Point::DateUncovered)
        && let Some(earlier) = a_second_earlier(&claim.date)
    {
        let mut read = request.clone();
        read.headers
            .iter_mut()
            .filter(|(name, _)| name == "x-amz-date")
            .for_each(|(_, value)| value.clone_from(&earlier));
        let signed = Signed { date_time: &earlier, is_query: false, ..signed };
        if expected_signature(&read, &signed, &principal.secret_access_key) == claim.signature {
            return Ok(());
        }
    }
    if let Some(read) = mutant_reading(config, request, claim) {
        let matches = expected_signature(&read, &signed, &principal.secret_access_key) == claim.signature;
        let is_replaced = [
            Point::BlanksNotFolded,
            Point::ForwardedHostBelieved,
            Point::ForwardedPortBelieved,
            Point::FirstLineCounts,
            Point::LastLineCounts,
            Point::PathUncovered,
        ]
        .into_iter()
        .any(|point| config.at(point));
        return if matches || claim.signature == expected && !is_replaced {
            Ok(())
        } else {
            Err(invalid("The request signature we calculated does not match the signature you provided."))
        };
    }
    let is_unsigned = request.values("x-amz-content-sha256").any(|value| value.trim() == UNSIGNED_PAYLOAD);
    if config.at(Point::UnsignedPayloadAccepted) && is_unsigned {
        let signed = Signed { payload: Some(UNSIGNED_PAYLOAD), ..signed };
        if expected_signature(request, &signed, &principal.secret_access_key) == claim.signature {
            return Ok(());
        }
    }
    if has_headers(request, claim) && bool::from(expected.as_bytes().ct_eq(claim.signature.as_bytes())) {
        return Ok(());
    }
    Err(invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ))
}

/// Whether a mutant remembers a request on the connection whose signature was good, and asks no further: one with the same
/// signature, or one that is the same but for its signature.
fn remembers(config: &Config, request: &Incoming, claim: &Claim, scope: &[String]) -> bool {
    let (Some(last), Some(region)) = (request.behind.last(), scope.get(1)) else { return false };
    let is_other = |(name, _): &&(String, String)| name != "authorization";
    let is_same = config.at(Point::SignatureRemembered)
        && last.values("authorization").any(|value| value.ends_with(&claim.signature))
        || config.at(Point::RequestRemembered)
            && last.body == request.body
            && last.headers.iter().filter(is_other).eq(request.headers.iter().filter(is_other));
    // What came before the last one is not kept, so that its own signature counts.
    is_same && verify(config, region, last).is_ok()
}

/// Whether every signed header arrived. A missing header is not the same as a header with an empty value.
pub(crate) fn has_headers(request: &Incoming, claim: &Claim) -> bool {
    claim.signed_headers.iter().all(|name| request.values(name).next().is_some())
}

/// The date one second earlier. A mutant accepts a signature over it.
fn a_second_earlier(date: &str) -> Option<String> {
    const FORM: &str = "%Y%m%dT%H%M%SZ";
    let date = jiff::civil::DateTime::strptime(FORM, date).ok()?;
    let timestamp = jiff::tz::TimeZone::UTC.to_timestamp(date).ok()?;
    let earlier = jiff::Timestamp::from_second(timestamp.as_second() - 1).ok()?;
    Some(earlier.strftime(FORM).to_string())
}

/// The request that a mutant verifies instead of the one that arrived, or nothing if it verifies the latter.
///
/// Most of these mutants do not cover a part of the request. A case changes this part after signing. The change is
/// undone here, so that the signature matches.
fn mutant_reading(config: &Config, request: &Incoming, claim: &Claim) -> Option<Incoming> {
    let mut read = request.clone();
    if config.at(Point::BodyUncovered) {
        read.body = String::from_utf8_lossy(&request.body).replace(" }", "}").into_bytes();
    } else if config.at(Point::PathUncovered) {
        read.path = "/".to_owned();
    } else if config.at(Point::QueryUncovered) {
        read.query = String::new();
    } else if config.at(Point::HeadersUncovered) {
        for (name, value) in &mut read.headers {
            if name == "content-type" {
                *value = value.replace("; charset=utf-8", "");
            }
        }
        if claim.signed_headers.iter().any(|name| name == "x-amz-meta-trentcheck")
            && request.values("x-amz-meta-trentcheck").next().is_none()
        {
            read.headers.push(("x-amz-meta-trentcheck".to_owned(), "1".to_owned()));
        }
    } else if config.at(Point::BodyHashBelieved) && request.values("x-amz-content-sha256").next().is_some() {
        // The header holds the hash of the signed body. The case adds a blank to the body after that.
        read.body = String::from_utf8_lossy(&request.body).replace(" }", "}").into_bytes();
    } else if config.at(Point::ForwardedHostBelieved) || config.at(Point::ForwardedPortBelieved) {
        let forwarded = |name: &str| request.values(name).next().map(|value| value.trim().to_owned());
        let host = forwarded("x-forwarded-host").filter(|_| config.at(Point::ForwardedHostBelieved));
        let port = forwarded("x-forwarded-port").filter(|_| config.at(Point::ForwardedPortBelieved));
        for (_, value) in read.headers.iter_mut().filter(|(name, _)| name == "host") {
            if let Some(host) = &host {
                value.clone_from(host);
            }
            if let Some(port) = &port {
                *value = format!("{}:{port}", value.split(':').next().unwrap_or_default());
            }
        }
        return Some(read).filter(|read| read.headers != request.headers);
    } else if config.at(Point::FirstHostCounts) {
        let mut is_first = true;
        read.headers.retain(|(name, _)| name != "host" || std::mem::take(&mut is_first));
    } else if config.at(Point::FirstLineCounts) {
        read.headers = first_lines(request.headers.iter());
    } else if config.at(Point::LastLineCounts) {
        read.headers = first_lines(request.headers.iter().rev());
    } else if config.at(Point::BlanksNotFolded) {
        for (_, value) in &mut read.headers {
            *value = value.replace(' ', "\u{a0}");
        }
        return request.headers.iter().any(|(_, value)| value.contains("  ")).then_some(read);
    } else {
        return None;
    }
    Some(read)
}

/// The first line of each header.
fn first_lines<'a>(lines: impl Iterator<Item = &'a (String, String)>) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::new();
    for line in lines {
        if kept.iter().all(|(name, _)| *name != line.0) {
            kept.push(line.clone());
        }
    }
    kept
}

fn session(config: &Config, request: &Incoming, claim: &Claim, principal: &Principal) -> Result<(), Refusal> {
    let left = || request.behind.last().and_then(|last| last.values("x-amz-security-token").next()).map(str::to_owned);
    if config.at(Point::TokenLeft) && claim.token.is_none() && left() == principal.session_token {
        return Ok(());
    }
    if config.at(Point::TokenUnchecked) && claim.token.is_some()
        || config.at(Point::TokenOptional) && claim.token.is_none()
        || config.at(Point::ExpiredTokenAccepted) && claim.token == principal.session_token
    {
        return Ok(());
    }
    if claim.token != principal.session_token {
        return Err(unrecognised());
    }
    if principal.permission == Permission::Expired {
        return Err(Refusal::new("ExpiredTokenException", "The security token included in the request is expired"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
