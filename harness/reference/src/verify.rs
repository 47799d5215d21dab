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
            || !request.values("authorization").any(|value| value.contains("Credential="))
                && config.at(Point::GarbageAccepted))
    {
        return Ok(first);
    }
    let claim = claim(config, request)?;
    let in_time = match date(&claim) {
        Err(refusal) => config.unless(Point::UnreadableDateAccepted, Err(refusal)),
        Ok(date) => in_window(config, date),
    };
    config.unless(Point::DateFormUnchecked, in_time)?;
    config.unless(Point::HostOptional, covers_headers(config, request, &claim))?;
    config.unless(Point::AlgorithmUnchecked, algorithm(&claim))?;
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
    const NARROW: Duration = Duration::from_secs(60);
    const WIDE: Duration = Duration::from_secs(15 * 60);
    const WIDER: Duration = Duration::from_secs(18 * 60);
    let is_within = |window| date + window >= now && date <= now + window;
    if !is_within(NARROW) && config.at(Point::WindowTooNarrow) {
        return Err(invalid("Signature expired"));
    }
    within_window(date, now).or_else(|refusal| {
        let is_let_through = config.at(if date < now { Point::PastUnchecked } else { Point::FutureUnchecked })
            || is_within(WIDE) && config.at(Point::WindowOfFifteen)
            || is_within(WIDER) && config.at(Point::WindowTooWide);
        if is_let_through { Ok(()) } else { Err(refusal) }
    })
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
    if config.has_mutants() {
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
    if request.headers.iter().any(|(name, _)| is_extra(name)) && config.at(Point::ExtraUnsignedRefused)
        || covers("content-length") && config.at(Point::ContentLengthSignedRefused)
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
    if parts.len() == 4 && config.at(Point::ShortCredentialAccepted) {
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
        || config.at(Point::ScopeDateUnchecked) || is_unreadable && config.at(Point::UnreadableDateAccepted);
    if date != day && !is_let_through() {
        return Err(invalid(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != '{day}', from '{date_time}'."
        )));
    }
    Ok(())
}

pub(crate) fn known<'a>(config: &'a Config, access_key_id: &str) -> Result<&'a Principal, Refusal> {
    let known = config.principals.iter().find(|principal| principal.access_key_id == access_key_id);
    let other = || config.principals.first().filter(|_| config.at(Point::UnknownKeyAccepted));
    known.or_else(other).ok_or_else(unrecognised)
}

fn signature(
    config: &Config,
    request: &Incoming,
    claim: &Claim,
    scope: &[String],
    principal: &Principal,
) -> Result<(), Refusal> {
    let signed = Signed {
        headers: &claim.signed_headers,
        date_time: &claim.date,
        scope,
        is_query: claim.is_query,
        payload: None,
    };
    let expected = expected_signature(request, &signed, &principal.secret_access_key);
    let is_right = has_headers(request, claim) && bool::from(expected.as_bytes().ct_eq(claim.signature.as_bytes()));
    let is_accepted = match config.has_mutants() {
        true if is_right => !is_refused_by_mutant(config, request, claim, &signed, principal),
        true => is_accepted_by_mutant(config, request, claim, &signed, principal, &expected),
        false => is_right,
    };
    if is_accepted {
        return Ok(());
    }
    Err(invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ))
}

/// Whether a mutant accepts a signature that is wrong.
fn is_accepted_by_mutant(
    config: &Config,
    request: &Incoming,
    claim: &Claim,
    signed: &Signed<'_>,
    principal: &Principal,
    expected: &str,
) -> bool {
    let secret = &principal.secret_access_key;
    let is_good = |read: &Incoming, signed: &Signed<'_>, secret: &str| {
        expected_signature(read, signed, secret) == claim.signature
    };
    let of_earlier_date = || {
        let earlier = a_second_earlier(&claim.date)?;
        let mut read = request.clone();
        let dates = read.headers.iter_mut().filter(|(name, _)| name == "x-amz-date");
        dates.for_each(|(_, value)| value.clone_from(&earlier));
        Some(is_good(&read, &Signed { date_time: &earlier, is_query: false, ..*signed }, secret))
    };
    let is_unsigned = || {
        let says_so = request.values("x-amz-content-sha256").any(|value| value.trim() == UNSIGNED_PAYLOAD);
        says_so && is_good(request, &Signed { payload: Some(UNSIGNED_PAYLOAD), ..*signed }, secret)
    };
    config.at(Point::SignatureUnchecked)
        || claim.is_query && config.at(Point::QuerySignatureUnchecked)
        || principal.session_token.is_some() && config.at(Point::SessionSignatureUnchecked)
        || remembers(config, request, claim, signed.scope)
        || expected.starts_with(&claim.signature) && config.at(Point::SignaturePrefixAccepted)
        || claim.signature.len() == expected.len() && config.at(Point::SecretUnchecked)
        || config.concerns(Point::FormerSecretAccepted)
            && is_good(request, signed, &format!("{secret}-but-wrong"))
            && config.at(Point::FormerSecretAccepted)
        || config.concerns(Point::DateUncovered) && of_earlier_date() == Some(true) && config.at(Point::DateUncovered)
        || is_unsigned() && config.at(Point::UnsignedPayloadAccepted)
        || mutant_readings(config, request, claim)
            .any(|(point, read)| is_good(&read, signed, secret) && config.at(point))
}

/// Whether a mutant that verifies another request than the one that arrived refuses a signature that is right.
fn is_refused_by_mutant(
    config: &Config,
    request: &Incoming,
    claim: &Claim,
    signed: &Signed<'_>,
    principal: &Principal,
) -> bool {
    const NOT_BOTH: [Point; 6] = [
        Point::BlanksNotFolded,
        Point::ForwardedHostBelieved,
        Point::ForwardedPortBelieved,
        Point::FirstLineCounts,
        Point::LastLineCounts,
        Point::PathUncovered,
    ];
    let is_good = |read: &Incoming| expected_signature(read, signed, &principal.secret_access_key) == claim.signature;
    let mut readings = mutant_readings(config, request, claim).filter(|(point, _)| NOT_BOTH.contains(point));
    readings.any(|(point, read)| !is_good(&read) && config.at(point))
}

/// Whether a mutant remembers a request on the connection whose signature was good, and asks no further: one with the same
/// signature, or one that is the same but for its signature.
fn remembers(config: &Config, request: &Incoming, claim: &Claim, scope: &[String]) -> bool {
    let (Some(last), Some(region)) = (request.behind.last(), scope.get(1)) else { return false };
    let is_other = |(name, _): &&(String, String)| name != "authorization";
    let is_same = last.values("authorization").any(|value| value.ends_with(&claim.signature))
        && config.at(Point::SignatureRemembered)
        || last.body == request.body
            && last.headers.iter().filter(is_other).eq(request.headers.iter().filter(is_other))
            && config.at(Point::RequestRemembered);
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

/// The requests that mutants verify instead of the one that arrived, where they differ from it.
///
/// Most of these mutants do not cover a part of the request. A case changes this part after signing. The change is
/// undone here, so that the signature matches.
fn mutant_readings<'a>(
    config: &'a Config,
    request: &'a Incoming,
    claim: &'a Claim,
) -> impl Iterator<Item = (Point, Incoming)> + 'a {
    /// Changes the request into the one that the mutant of this point verifies.
    type Reading = (Point, fn(&mut Incoming, &Claim));
    const READINGS: [Reading; 11] = [
        (Point::BodyUncovered, |read, _| read.body = without_blank(&read.body)),
        (Point::PathUncovered, |read, _| "/".clone_into(&mut read.path)),
        (Point::QueryUncovered, |read, _| read.query.clear()),
        (Point::HeadersUncovered, with_former_headers),
        // The header holds the hash of the signed body. The case adds a blank to the body after that.
        (Point::BodyHashBelieved, |read, _| {
            if read.values("x-amz-content-sha256").next().is_some() {
                read.body = without_blank(&read.body);
            }
        }),
        (Point::ForwardedHostBelieved, |read, _| {
            let forwarded = read.values("x-forwarded-host").next().map(|host| host.trim().to_owned());
            replace_host(read, |host| forwarded.clone().unwrap_or_else(|| host.to_owned()));
        }),
        (Point::ForwardedPortBelieved, |read, _| {
            let forwarded = read.values("x-forwarded-port").next().map(|port| port.trim().to_owned());
            replace_host(read, |host| match &forwarded {
                Some(port) => format!("{}:{port}", host.split(':').next().unwrap_or_default()),
                None => host.to_owned(),
            });
        }),
        (Point::FirstHostCounts, |read, _| {
            let mut is_first = true;
            read.headers.retain(|(name, _)| name != "host" || std::mem::take(&mut is_first));
        }),
        (Point::FirstLineCounts, |read, _| read.headers = first_lines(read.headers.iter())),
        (Point::LastLineCounts, |read, _| read.headers = first_lines(read.headers.iter().rev())),
        (Point::BlanksNotFolded, |read, _| {
            for (_, value) in &mut read.headers {
                if value.contains("  ") {
                    *value = value.replace(' ', "\u{a0}");
                }
            }
        }),
    ];
    let read = |(point, change): Reading| {
        let mut read = request.clone();
        change(&mut read, claim);
        (!read.is_same(request)).then_some((point, read))
    };
    READINGS.into_iter().filter(|(point, _)| config.concerns(*point)).filter_map(read)
}

fn without_blank(body: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(body).replace(" }", "}").into_bytes()
}

/// Undoes what a case changes in the headers after signing.
fn with_former_headers(read: &mut Incoming, claim: &Claim) {
    const ADDED: &str = "x-amz-meta-trentcheck";
    for (name, value) in &mut read.headers {
        if name == "content-type" {
            *value = value.replace("; charset=utf-8", "");
        }
    }
    if claim.signed_headers.iter().any(|name| name == ADDED) && read.values(ADDED).next().is_none() {
        read.headers.push((ADDED.to_owned(), "1".to_owned()));
    }
}

fn replace_host(read: &mut Incoming, host: impl Fn(&str) -> String) {
    for (_, value) in read.headers.iter_mut().filter(|(name, _)| name == "host") {
        *value = host(value);
    }
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
    token(claim, principal).or_else(|refusal| {
        let is_let_through = claim.token.is_none() && left() == principal.session_token && config.at(Point::TokenLeft)
            || config.at(if claim.token.is_some() { Point::TokenUnchecked } else { Point::TokenOptional })
            || claim.token == principal.session_token && config.at(Point::ExpiredTokenAccepted);
        if is_let_through { Ok(()) } else { Err(refusal) }
    })
}

/// Checks the session token.
fn token(claim: &Claim, principal: &Principal) -> Result<(), Refusal> {
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
