//! Signs a request unchanged, with aws-sigv4 where its types can hold the request.

use super::canonical::{
    Explanation, PathEncoding, PathNormalisation, Scope, canonical_request, sha256, signature, string_to_sign,
};
use super::credentials::Credentials;
use super::keys::SigningKeys;
use crate::fixture::{Auth, Mutation};
use crate::http::{Header, Request};
use crate::plan::Planned;
use aws_credential_types::Credentials as LibraryCredentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign as sign_by_library,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use std::time::{Duration, SystemTime};

/// Headers that proxies and clients may change, and the header that carries the signature.
const NEVER_SIGNED: &[&str] =
    &["authorization", "content-length", "transfer-encoding", "connection", "user-agent", "expect", "accept"];

/// The validity of a presigned request.
const PRESIGNED_FOR: Duration = Duration::from_secs(300);

/// A request cannot be signed. The fixture is at fault.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The time is outside the range of dates.
    #[error("write the time of signing as a date")]
    Time(#[from] jiff::Error),
    /// aws-sigv4 refused the request.
    #[error("sign the request: {0}")]
    Library(String),
    /// Only aws-sigv4 can presign, and it takes only plain text and always signs Host.
    #[error("presign a request that is not plain HTTP or leaves Host unsigned")]
    Presign,
    /// The request lacks the part that the fault changes.
    #[error("apply the fault `{0}`: the request lacks the part that the fault alters")]
    Fault(Mutation),
}

/// The place of the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// The Authorization header.
    Header,
    /// The query string.
    Query,
}

/// Everything that a signature depends on, except the request.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The credentials that sign.
    pub credentials: Credentials,
    /// The Region of the scope.
    pub region: String,
    /// The service of the scope.
    pub service: String,
    /// The time of signing.
    pub time: SystemTime,
    /// The place of the signature.
    pub location: Location,
    /// Header names that are added to the signed set.
    pub also: Vec<String>,
    /// Header names that are removed from the signed set.
    pub not: Vec<String>,
    /// The fault that is applied after signing.
    pub mutation: Option<Mutation>,
}

impl Signing {
    /// The settings of an ordinary request of the service: all headers signed, signature in the header, no fault.
    pub fn plain(credentials: Credentials, region: &str, time: SystemTime) -> Self {
        Self {
            credentials,
            region: region.to_owned(),
            service: "kms".to_owned(),
            time,
            location: Location::Header,
            also: Vec::new(),
            not: Vec::new(),
            mutation: None,
        }
    }

    /// The settings that the plan gives, with `now` as the current time.
    pub fn of(planned: &Planned, credentials: Credentials, region: &str, now: SystemTime) -> Self {
        let shift = Duration::from_secs(planned.clock.unsigned_abs());
        // Fixtures shift it by no more than a clock can count.
        let shifted = if planned.clock < 0 { now.checked_sub(shift) } else { now.checked_add(shift) };
        Self {
            location: match planned.auth {
                Auth::Header => Location::Header,
                Auth::Query => Location::Query,
            },
            also: planned.sign_also.clone(),
            not: planned.sign_not.clone(),
            mutation: planned.mutation,
            ..Self::plain(credentials, region, shifted.unwrap_or(now))
        }
    }

    /// The time in the format of `X-Amz-Date`.
    pub(super) fn date_time(&self) -> Result<String, SignError> {
        Ok(jiff::Timestamp::try_from(self.time)?.strftime("%Y%m%dT%H%M%SZ").to_string())
    }

    /// The correct scope.
    pub(super) fn scope(&self) -> Result<Scope, SignError> {
        Ok(self.scope_of(&self.date_time()?))
    }

    /// The scope of a time in the format of `X-Amz-Date`.
    fn scope_of(&self, date_time: &str) -> Scope {
        Scope {
            date: date_time[..8].to_owned(),
            region: self.region.clone(),
            service: self.service.clone(),
            terminator: "aws4_request".to_owned(),
        }
    }

    /// The names of the signed headers, in lower case.
    pub(super) fn signed_names(&self, request: &Request) -> Vec<String> {
        let lower = |names: &[String]| names.iter().map(|name| name.to_ascii_lowercase()).collect::<Vec<_>>();
        let (also, not) = (lower(&self.also), lower(&self.not));
        let mut names: Vec<String> = request
            .headers
            .iter()
            .map(|header| header.name.trim().to_ascii_lowercase())
            .filter(|name| !NEVER_SIGNED.contains(&name.as_str()) || also.contains(name))
            .filter(|name| !not.contains(name))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The result of signing.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The request with its date, session token and signature.
    pub request: Request,
    /// How the correct signature is calculated; absent for a presigned request.
    pub explanation: Option<Explanation>,
}

/// Adds a correct Authorization header to the request.
pub(super) fn authorised(mut request: Request, signing: &Signing) -> Result<Signed, SignError> {
    let date_time = signing.date_time()?;
    let scope = signing.scope_of(&date_time);
    let own = Own::of(&request, signing, &scope, &date_time);
    let signature = by_library(&request, signing, &own.names).unwrap_or_else(|| own.signature(signing, &scope));
    request.headers.push(own.header(signing, &scope, &signature));
    Ok(Signed { request, explanation: Some(own.explanation) })
}

/// Adds the same Authorization header by our own calculation, with a signing key that is remembered. For the calls around
/// the judged exchange, which are most of a run. `date_time` is that of the request.
pub(super) fn authorised_with(mut request: Request, signing: &Signing, date_time: &str, keys: &SigningKeys) -> Request {
    let scope = signing.scope_of(date_time);
    let own = Own::of(&request, signing, &scope, date_time);
    let signature = keys.signature(&signing.credentials.secret_access_key, &scope, &own.explanation.string_to_sign);
    request.headers.push(own.header(signing, &scope, &signature));
    request
}

/// Our own calculation for a request.
pub(super) struct Own {
    pub(super) names: Vec<String>,
    pub(super) explanation: Explanation,
}

impl Own {
    pub(super) fn of(request: &Request, signing: &Signing, scope: &Scope, date_time: &str) -> Self {
        Self::with_payload_hash(request, signing, scope, date_time, &sha256(&request.body))
    }

    /// The same with this in the place of the hash of the body.
    pub(super) fn with_payload_hash(
        request: &Request,
        signing: &Signing,
        scope: &Scope,
        date_time: &str,
        payload_hash: &str,
    ) -> Self {
        let names = signing.signed_names(request);
        let canonical =
            canonical_request(request, &names, payload_hash, PathEncoding::Double, PathNormalisation::Resolved);
        let to_sign = string_to_sign(date_time, scope, &canonical);
        Self {
            explanation: Explanation {
                canonical_request: String::from_utf8(canonical)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
                string_to_sign: to_sign,
                signed_headers: names.join(";"),
            },
            names,
        }
    }

    pub(super) fn signature(&self, signing: &Signing, scope: &Scope) -> String {
        signature(&signing.credentials.secret_access_key, scope, &self.explanation.string_to_sign)
    }

    /// The request with this signature.
    pub(super) fn signed(self, mut request: Request, signing: &Signing, scope: &Scope) -> Signed {
        request.headers.push(self.header(signing, scope, &self.signature(signing, scope)));
        Signed { request, explanation: Some(self.explanation) }
    }

    pub(super) fn header(&self, signing: &Signing, scope: &Scope, signature: &str) -> Header {
        Header::new(
            "Authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={signature}",
                signing.credentials.access_key_id,
                scope.text(),
                self.explanation.signed_headers
            ),
        )
    }
}

/// The signature of aws-sigv4, or nothing if its types cannot hold the request. aws-sigv4 always signs host and date,
/// and panics without a host.
pub(super) fn by_library(request: &Request, signing: &Signing, names: &[String]) -> Option<String> {
    let required = |name: &str| names.iter().any(|known| known == name);
    if !required("host")
        || !required("x-amz-date")
        || signing.credentials.session_token.is_some() && !required("x-amz-security-token")
    {
        return None;
    }
    let headers = library_headers(request, names)?;
    // aws-sigv4 adds date and session token itself, once.
    let mut own = vec!["x-amz-date"];
    own.extend(signing.credentials.session_token.is_some().then_some("x-amz-security-token"));
    if own.iter().any(|own| headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(own)).count() != 1) {
        return None;
    }
    let headers =
        headers.into_iter().filter(|(name, _)| !own.iter().any(|own| name.eq_ignore_ascii_case(own))).collect();
    let uri = uri(request)?;
    let mut settings = SigningSettings::default();
    settings.excluded_headers = None;
    // Requests that aws-sigv4 refuses are signed by our own canonicaliser.
    let (_, signature) = with_library(request, signing, &uri, headers, settings).ok()?;
    Some(signature)
}

/// The signed headers, if the types of aws-sigv4 can hold them. It keeps tabs, but our canonicaliser and the Signature
/// Version 4 guide treat them as white space to be joined. A value with a tab is therefore signed by us.
fn library_headers<'a>(request: &'a Request, names: &[String]) -> Option<Vec<(&'a str, &'a str)>> {
    let mut headers = Vec::new();
    for header in &request.headers {
        let name = header.name.trim();
        if !names.iter().any(|signed| name.eq_ignore_ascii_case(signed)) {
            continue;
        }
        if name != header.name || header.value.contains(&b'\t') {
            return None;
        }
        headers.push((name, std::str::from_utf8(&header.value).ok()?));
    }
    Some(headers)
}

type Instructions = aws_sigv4::http_request::SigningInstructions;

fn with_library(
    request: &Request,
    signing: &Signing,
    uri: &str,
    headers: Vec<(&str, &str)>,
    settings: SigningSettings,
) -> Result<(Instructions, String), SignError> {
    let wrong = |error: &dyn std::fmt::Display| SignError::Library(error.to_string());
    let credentials = &signing.credentials;
    let identity: Identity = LibraryCredentials::new(
        &credentials.access_key_id,
        &credentials.secret_access_key,
        credentials.session_token.clone(),
        None,
        "trentcheck",
    )
    .into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&signing.region)
        .name(&signing.service)
        .time(signing.time)
        .settings(settings)
        .build()
        .map_err(|error| wrong(&error))?
        .into();
    let signable = SignableRequest::new(&request.method, uri, headers.into_iter(), SignableBody::Bytes(&request.body))
        .map_err(|error| wrong(&error))?;
    let (instructions, signature) = sign_by_library(signable, &parameters).map_err(|error| wrong(&error))?.into_parts();
    Ok((instructions, signature))
}

/// The URI, if the type of aws-sigv4 can hold it.
fn uri(request: &Request) -> Option<String> {
    let host = std::str::from_utf8(request.header("host")?).ok()?.trim();
    let is_plain = request.target.starts_with('/') && request.target.bytes().all(|byte| byte.is_ascii_graphic());
    (is_plain && !host.is_empty()).then(|| format!("https://{host}{}", request.target))
}

pub(super) fn presign(mut request: Request, signing: &Signing) -> Result<Signed, SignError> {
    // aws-sigv4 panics if the time cannot be written as a date.
    signing.date_time()?;
    let uri = uri(&request).ok_or(SignError::Presign)?;
    let names = signing.signed_names(&request);
    if !names.iter().any(|name| name == "host") {
        return Err(SignError::Presign);
    }
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(PRESIGNED_FOR);
    settings.excluded_headers = None;
    let headers = library_headers(&request, &names).ok_or(SignError::Presign)?;
    let (instructions, _) = with_library(&request, signing, &uri, headers, settings)?;
    let mut target = request.target.clone();
    for (name, value) in instructions.params() {
        let mark = if target.contains('?') { '&' } else { '?' };
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        target.push_str(&format!("{mark}{name}={}", value.replace('+', "%20")));
    }
    request.target = target;
    Ok(Signed { request, explanation: None })
}
