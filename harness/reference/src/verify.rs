//! Verifies SigV4. Each check is a function of its own, in the order in which AWS services have been seen to make them.

use crate::canonical::{Signed, expected_signature};
use crate::config::{Config, Permission, Principal};
use crate::credential::{ALGORITHM, Claim, claim, incomplete};
use crate::error::Refusal;
use crate::server::Incoming;
use std::time::{Duration, SystemTime};
use subtle::ConstantTimeEq;

/// How far a request's date may be off; recorded on KMS, where AWS's documents say fifteen minutes.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// The service of the scope.
const SERVICE: &str = "kms";

/// Says who signed, or why nobody did.
pub(crate) fn verify<'a>(config: &'a Config, region: &str, request: &Incoming) -> Result<&'a Principal, Refusal> {
    let claim = claim(request)?;
    let date = date(&claim)?;
    within_window(date, (config.clock)())?;
    covers_headers(request, &claim)?;
    algorithm(&claim)?;
    let (access_key_id, scope) = credential(&claim)?;
    in_scope(&scope, region, &claim.date)?;
    let principal = known(config, &access_key_id)?;
    signature(request, &claim, &scope, principal)?;
    session(&claim, principal)?;
    Ok(principal)
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidSignatureException", message)
}

fn unrecognised() -> Refusal {
    Refusal::new("UnrecognizedClientException", "The security token included in the request is invalid.")
}

fn date(claim: &Claim) -> Result<SystemTime, Refusal> {
    let wrong = || {
        incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601",
            claim.date
        ))
    };
    // The parser forgives missing digits; the format does not.
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

/// Host must be signed, and so must the headers that say what is asked and when. The latter is our reading of the
/// rule that every `x-amz-` header is to be signed.
fn covers_headers(request: &Incoming, claim: &Claim) -> Result<(), Refusal> {
    let covers = |name: &str| claim.signed_headers.iter().any(|signed| signed == name);
    if !covers("host") {
        return Err(invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
    }
    for name in ["x-amz-date", "x-amz-target", "x-amz-security-token"] {
        if request.values(name).next().is_some() && !covers(name) {
            return Err(invalid(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")));
        }
    }
    Ok(())
}

fn algorithm(claim: &Claim) -> Result<(), Refusal> {
    if claim.algorithm == ALGORITHM {
        return Ok(());
    }
    Err(incomplete(format!("Unsupported AWS 'algorithm': '{}' (only AWS4-HMAC-SHA256 for now). ", claim.algorithm)))
}

fn credential(claim: &Claim) -> Result<(String, Vec<String>), Refusal> {
    let parts: Vec<String> = claim.credential.split('/').map(str::to_owned).collect();
    match <[String; 5]>::try_from(parts) {
        Ok([access_key_id, scope @ ..]) => Ok((access_key_id, scope.to_vec())),
        Err(_) => Err(incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'",
            claim.credential
        ))),
    }
}

fn in_scope(scope: &[String], region: &str, date_time: &str) -> Result<(), Refusal> {
    let [date, scoped_region, service, terminator] = scope else {
        return Err(invalid("Credential should be scoped."));
    };
    if scoped_region != region {
        return Err(invalid("Credential should be scoped to a valid region."));
    }
    if service != SERVICE {
        return Err(invalid(format!("Credential should be scoped to correct service: '{SERVICE}'.")));
    }
    if terminator != "aws4_request" {
        return Err(invalid(format!(
            "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'."
        )));
    }
    let day = date_time.get(..8).unwrap_or_default();
    if date != day {
        return Err(invalid(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != '{day}', from '{date_time}'."
        )));
    }
    Ok(())
}

fn known<'a>(config: &'a Config, access_key_id: &str) -> Result<&'a Principal, Refusal> {
    config.principals.iter().find(|principal| principal.access_key_id == access_key_id).ok_or_else(unrecognised)
}

fn signature(request: &Incoming, claim: &Claim, scope: &[String], principal: &Principal) -> Result<(), Refusal> {
    let signed = Signed { headers: &claim.signed_headers, date_time: &claim.date, scope };
    let expected = expected_signature(request, &signed, &principal.secret_access_key);
    if bool::from(expected.as_bytes().ct_eq(claim.signature.as_bytes())) {
        return Ok(());
    }
    Err(invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ))
}

fn session(claim: &Claim, principal: &Principal) -> Result<(), Refusal> {
    if claim.token != principal.session_token {
        return Err(unrecognised());
    }
    if principal.permission == Permission::Expired {
        return Err(Refusal::new("ExpiredTokenException", "The security token included in the request is expired"));
    }
    Ok(())
}
