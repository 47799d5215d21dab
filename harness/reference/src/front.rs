//! The checks in front of every operation, in the order observed on AWS services: routing, JSON, target, signature. A
//! request that cannot be read is refused before its signature is verified.

use crate::call::{Call, Shared};
use crate::config::{Config, Permission, Principal};
use crate::error::Refusal;
use crate::explain::explanation;
use crate::json;
use crate::mutant::Point;
use crate::operations;
use crate::protocol::CONTENT_TYPE;
use crate::request::Incoming;
use crate::verify::verify;

/// Answers a request with the body of a success or with a refusal. `sent` is the request as the client signed it. It
/// differs from `request` only at mutants that read requests otherwise than they were sent.
pub(crate) fn handle(shared: &Shared, region: &str, request: &Incoming, sent: &Incoming) -> Result<Vec<u8>, Refusal> {
    let answer = answer(shared, region, request, sent);
    // A request may be refused before its signature is looked at. Its signer is told nevertheless.
    if let (Some(explain), Err(_)) = (shared.config.explain, &answer)
        && let Some(text) = explanation(&shared.config, region, sent)
    {
        explain(&text);
    }
    answer
}

fn answer(shared: &Shared, region: &str, request: &Incoming, sent: &Incoming) -> Result<Vec<u8>, Refusal> {
    let config = &shared.config;
    config.unless(Point::PathUncovered, config.unless(Point::PathIgnored, path(request)))?;
    method(config, request)?;
    content_type(config, request)?;
    let members = json::object(config, &request.body);
    // An unreadable body is reported before an unknown target. No recording shows the order for an empty body. In that
    // case the unknown target is reported first.
    if let Err(refusal) = &members
        && !request.body.is_empty()
    {
        return Err(refusal.clone());
    }
    let operation = operation(config, request)?;
    let members = members?;
    let principal = match verify(&shared.config, region, sent) {
        Err(refusal) if config.at(Point::VerifiesTooLate) => {
            // This mutant carries out the operation and verifies the signature afterwards.
            if let Some(principal) = config.principals.first() {
                let _ =
                    operations::carry_out(operation, &Call { shared, region, operation, principal, members: &members });
            }
            return Err(refusal);
        }
        Err(_) if request.behind.has_succeeded && config.at(Point::ConnectionTrusted) => {
            config.principals.first().ok_or_else(|| Refusal::bare("MissingAuthenticationTokenException"))?
        }
        other => other?,
    };
    let is_changed = |to: Permission, has_happened: bool| has_happened && principal.permission != to;
    let remembered = match () {
        () if is_changed(Permission::Allowed, request.behind.has_succeeded)
            && config.at(Point::PermissionRemembered) =>
        {
            Some(Permission::Allowed)
        }
        () if is_changed(Permission::Denied, request.behind.has_denied) && config.at(Point::DenialRemembered) => {
            Some(Permission::Denied)
        }
        () => None,
    };
    let decided = remembered.map(|permission| Principal { permission, ..principal.clone() });
    let principal = decided.as_ref().unwrap_or(principal);
    operations::carry_out(operation, &Call { shared, region, operation, principal, members: &members })
}

fn path(request: &Incoming) -> Result<(), Refusal> {
    if request.path == "/" { Ok(()) } else { Err(Refusal::unclaimed()) }
}

fn method(config: &Config, request: &Incoming) -> Result<(), Refusal> {
    let is_taken = match request.method.as_str() {
        "POST" => true,
        "HEAD" => config.at(Point::HeadAccepted),
        "post" => config.at(Point::MethodCaseIgnored),
        "OPTIONS" => false,
        _ => config.at(Point::AnyMethod),
    };
    if is_taken { Ok(()) } else { Err(Refusal::unclaimed()) }
}

fn content_type(config: &Config, request: &Incoming) -> Result<(), Refusal> {
    let is_absent = request.values("content-type").next().is_none();
    let unless = if is_absent { Point::ContentTypeAbsentAccepted } else { Point::ContentTypeUnchecked };
    config.unless(unless, media_type(config, request))
}

/// Checks the content type as the service does.
fn media_type(config: &Config, request: &Incoming) -> Result<(), Refusal> {
    let values: Vec<&str> = request.values("content-type").collect();
    let [value] = values.as_slice() else {
        return Err(Refusal::unclaimed());
    };
    if value.contains(';') && config.at(Point::ContentTypeParameterRefused) {
        return Err(Refusal::unclaimed());
    }
    // Parameters of the media type are ignored.
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence != CONTENT_TYPE && config.at(Point::ContentTypeCaseCounts) {
        return Err(Refusal::unclaimed());
    }
    if essence.eq_ignore_ascii_case(CONTENT_TYPE) { Ok(()) } else { Err(Refusal::unclaimed()) }
}

fn operation(config: &Config, request: &Incoming) -> Result<&'static str, Refusal> {
    let unknown = || Refusal::bare("UnknownOperationException");
    const TESTED: &str = "TrentService.DeleteImportedKeyMaterial";
    if request.values("x-amz-target").all(|value| value.trim().is_empty()) && config.at(Point::TargetDefaults) {
        return Ok("DeleteImportedKeyMaterial");
    }
    let values: Vec<&str> = request.values("x-amz-target").collect();
    let [value] = values.as_slice() else {
        return Err(unknown());
    };
    let value = value.trim();
    if value != TESTED
        && (value.eq_ignore_ascii_case(TESTED) && config.at(Point::TargetCaseIgnored)
            || value.starts_with(TESTED) && config.at(Point::TargetSuffixIgnored)
            || value.ends_with("DeleteImportedKeyMaterial") && config.at(Point::TargetPrefixIgnored))
    {
        return Ok("DeleteImportedKeyMaterial");
    }
    let name = value.strip_prefix("TrentService.").ok_or_else(unknown)?;
    operations::known(name).ok_or_else(unknown)
}
