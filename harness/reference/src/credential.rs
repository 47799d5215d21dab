//! Reads the parts of a signature from the `Authorization` header or from the query string.

use crate::canonical::parameters;
use crate::config::Config;
use crate::error::Refusal;
use crate::mutant::Point;
use crate::request::Incoming;

/// The parts of a signature, as the client sent them. All parts are present; none is verified yet.
pub(crate) struct Claim {
    pub(crate) algorithm: String,
    pub(crate) credential: String,
    pub(crate) signed_headers: Vec<String>,
    pub(crate) signature: String,
    pub(crate) date: String,
    pub(crate) token: Option<String>,
    pub(crate) is_query: bool,
}

/// The only algorithm that the reference accepts.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Reads the claim. A request that has it in two places is refused.
pub(crate) fn claim(config: &Config, request: &Incoming) -> Result<Claim, Refusal> {
    let headers: Vec<&str> = request.values("authorization").collect();
    let query = parameters(&request.query);
    let has_query = query.iter().any(|(name, _)| name == b"X-Amz-Algorithm");
    match (headers.as_slice(), has_query) {
        ([], false) => Err(Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token")),
        ([], true) => in_query(&query),
        ([one], true) if config.at(Point::BothPlacesAccepted) => in_header(config, request, one),
        ([_, ..], true) => Err(Refusal::new(
            "InvalidSignatureException",
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
        )),
        ([one], false) => in_header(config, request, one),
        (_, false) => Err(incomplete("Authorization header must be given once. ")),
    }
}

pub(crate) fn incomplete(message: impl Into<String>) -> Refusal {
    Refusal::new("IncompleteSignatureException", message)
}

fn in_header(config: &Config, request: &Incoming, value: &str) -> Result<Claim, Refusal> {
    if value.trim().is_empty() {
        return Err(Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token"));
    }
    let (algorithm, rest) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
    let is_compact = rest.matches(',').count() > rest.matches(", ").count();
    let comma = if is_compact && config.at(Point::CompactRefused) { ", " } else { "," };
    let part = |name: &str| {
        rest.split(comma).find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    let of_http = || request.values("date").next().filter(|_| !config.at(Point::SignedDateRefused)).map(basic);
    let date = request.values("x-amz-date").next().map(|date| date.trim().to_owned()).or_else(of_http);
    let (credential, signed_headers, signature) = (part("Credential"), part("SignedHeaders"), part("Signature"));
    let mut missing = String::new();
    for (found, name) in [(&credential, "Credential"), (&signature, "Signature"), (&signed_headers, "SignedHeaders")] {
        if found.is_none() {
            missing.push_str(&format!("Authorization header requires '{name}' parameter. "));
        }
    }
    if date.is_none() {
        missing.push_str("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
    }
    match (credential, signed_headers, signature, date) {
        (Some(credential), Some(signed_headers), Some(signature), Some(date)) => Ok(Claim {
            algorithm: algorithm.to_owned(),
            credential,
            signed_headers: signed_headers.split(';').map(str::to_owned).collect(),
            signature,
            date,
            token: request.values("x-amz-security-token").next().map(|token| token.trim().to_owned()),
            is_query: false,
        }),
        _ => Err(incomplete(format!("{missing}Authorization={algorithm}"))),
    }
}

/// The date of the header `Date` in the form that is signed. HTTP has another one.
fn basic(date: &str) -> String {
    let date = date.trim();
    match jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", date) {
        Ok(moment) => moment.strftime("%Y%m%dT%H%M%SZ").to_string(),
        Err(_) => date.to_owned(),
    }
}

fn in_query(query: &[(Vec<u8>, Vec<u8>)]) -> Result<Claim, Refusal> {
    let part = |wanted: &str| {
        let (_, value) = query.iter().find(|(name, _)| name == wanted.as_bytes())?;
        Some(String::from_utf8_lossy(value).into_owned())
    };
    let names = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];
    let missing: Vec<&str> = names.into_iter().filter(|name| part(name).is_none()).collect();
    if !missing.is_empty() {
        let list: String =
            missing.iter().map(|name| format!("AWS query-string parameters must include '{name}'. ")).collect();
        return Err(incomplete(format!("{list}Re-examine the query-string parameters.")));
    }
    let value = |name: &str| part(name).unwrap_or_default();
    Ok(Claim {
        algorithm: value("X-Amz-Algorithm"),
        credential: value("X-Amz-Credential"),
        signed_headers: value("X-Amz-SignedHeaders").split(';').map(str::to_owned).collect(),
        signature: value("X-Amz-Signature"),
        date: value("X-Amz-Date"),
        token: part("X-Amz-Security-Token"),
        is_query: true,
    })
}
