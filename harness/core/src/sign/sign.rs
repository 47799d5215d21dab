//! Signs a request and applies the fault that is asked for.

use super::credentials::Credentials;
use super::mutate::mutate;
use super::signer::{Location, SignError, Signed, Signing, authorised, presign};
use crate::http::{Header, Request};
use crate::plan::Planned;
use std::time::SystemTime;

/// Signs a planned request and dresses it, so that it can be sent.
///
/// # Errors
///
/// As [`sign`].
pub fn sign_planned(
    planned: &Planned,
    credentials: Credentials,
    region: &str,
    now: SystemTime,
) -> Result<Signed, SignError> {
    let signed = sign(planned.request.clone(), &Signing::of(planned, credentials, region, now))?;
    Ok(Signed { request: planned.dress(signed.request), ..signed })
}

/// Signs, then applies the fault that is asked for.
///
/// # Errors
///
/// A time that is no date, a request that can only be signed by the library and that it refuses, or a fault that does
/// not apply: a presigned request has no Authorization header, and not every request has a token or Content-Type.
pub fn sign(mut request: Request, signing: &Signing) -> Result<Signed, SignError> {
    if signing.location == Location::Query {
        return match signing.mutation {
            Some(mutation) => Err(SignError::Fault(mutation)),
            None => presign(request, signing),
        };
    }
    insert_after_target(&mut request, Header::new("X-Amz-Date", signing.date_time()?));
    if let Some(token) = &signing.credentials.session_token {
        request.headers.push(Header::new("X-Amz-Security-Token", token.as_str()));
    }
    match signing.mutation {
        Some(mutation) => mutate(request, signing, mutation),
        None => authorised(request, signing),
    }
}

/// The date stands where the page's example has it.
fn insert_after_target(request: &mut Request, header: Header) {
    let after = request.headers.iter().position(|known| known.name.eq_ignore_ascii_case("x-amz-target"));
    let at = after.map_or(request.headers.len(), |at| at + 1);
    request.headers.insert(at, header);
}
