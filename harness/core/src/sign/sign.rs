//! Signs a request and applies the fault that the case names.

use super::credentials::Credentials;
use super::keys::SigningKeys;
use super::mutate::mutate;
use super::signer::{Location, SignError, Signed, Signing, authorised, authorised_with, presign};
use crate::fixture::Mutation;
use crate::http::{Header, Request};
use crate::plan::Planned;
use std::time::SystemTime;

/// Signs a planned request and applies the changes that follow signing, so that it can be sent.
///
/// # Errors
///
/// The same as [`sign`].
pub fn sign_planned(
    planned: &Planned,
    credentials: Credentials,
    region: &str,
    now: SystemTime,
) -> Result<Signed, SignError> {
    let signed = sign(planned.request.clone(), &Signing::of(planned, credentials, region, now))?;
    Ok(Signed { request: planned.dress(signed.request), ..signed })
}

/// Signs a request, then applies the fault that the case names.
///
/// # Errors
///
/// The time cannot be written as a date, only aws-sigv4 can sign the request and it refuses, or the fault does not
/// apply: in a presigned request only the signature can be altered, and not every request has a session token or
/// Content-Type.
pub fn sign(mut request: Request, signing: &Signing) -> Result<Signed, SignError> {
    if signing.location == Location::Query {
        return match signing.mutation {
            Some(Mutation::SignatureAltered) => {
                let mut signed = presign(request, signing)?;
                alter_signature(&mut signed.request.target);
                Ok(signed)
            }
            Some(mutation) => Err(SignError::Fault(mutation)),
            None => presign(request, signing),
        };
    }
    dated(&mut request, signing, signing.date_time()?);
    match signing.mutation {
        Some(mutation) => mutate(request, signing, mutation),
        None => authorised(request, signing),
    }
}

/// Signs a request of an ordinary call, to the same bytes as [`sign`]. Settings that an ordinary call does not have are left
/// to [`sign`].
///
/// # Errors
///
/// The same as [`sign`].
pub fn sign_plainly(mut request: Request, signing: &Signing, keys: &SigningKeys) -> Result<Request, SignError> {
    if signing.location == Location::Query || signing.mutation.is_some() {
        return sign(request, signing).map(|signed| signed.request);
    }
    let date_time = signing.date_time()?;
    dated(&mut request, signing, date_time.clone());
    Ok(authorised_with(request, signing, &date_time, keys))
}

/// Adds what is signed with a request: the time, and the session token if there is one.
fn dated(request: &mut Request, signing: &Signing, date_time: String) {
    insert_after_target(request, Header::new("X-Amz-Date", date_time));
    if let Some(token) = &signing.credentials.session_token {
        request.headers.push(Header::new("X-Amz-Security-Token", token.as_str()));
    }
}

/// Changes the last digit of the signature in a query string.
fn alter_signature(target: &mut String) {
    const NAME: &str = "X-Amz-Signature=";
    let Some(start) = target.find(NAME).map(|at| at + NAME.len()) else { return };
    let end = target[start..].find('&').map_or(target.len(), |length| start + length);
    let last = end.saturating_sub(1);
    if last >= start {
        let other = if target[last..end] == *"0" { "1" } else { "0" };
        target.replace_range(last..end, other);
    }
}

/// The date header is inserted at the position that it has in the page's example.
fn insert_after_target(request: &mut Request, header: Header) {
    let after = request.headers.iter().position(|known| known.name.eq_ignore_ascii_case("x-amz-target"));
    let at = after.map_or(request.headers.len(), |at| at + 1);
    request.headers.insert(at, header);
}
