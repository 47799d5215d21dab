//! A request as it is exported: with templates, and as a signed sample.

use super::error::ExportError;
use crate::fixture::Mutation;
use crate::fixture::{Auth, Delivering, NameCase, Operation, Order, PrincipalName, RequestChange, RequestFraming};
use crate::http::{Header, Request};
use crate::plan::{PlanError, World, open_expressions, plan, plan_open, render, settle};
use crate::send::encode;
use crate::sign::{Credentials, Explanation, sign_planned};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// What stands for the length of the body, which is known when the templates are filled.
const LENGTH: &str = "{{ content_length }}";

/// A request before it is signed. Texts may hold templates such as `{{ key.id }}`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SentRequest {
    /// The method.
    pub method: String,
    /// The request-target.
    pub target: String,
    /// Names and values of the header lines, in the order in which they are sent. The headers of the signature are not
    /// among them.
    pub headers: Vec<(String, String)>,
    /// The body, before any transfer coding.
    pub body: Body,
    /// How the body's end is marked: `content-length`, `chunked` (in two halves), `absent` or `stated:LENGTH`.
    pub framing: RequestFraming,
    /// How it is handed over to the connection; at once if null.
    pub delivery: Option<Delivering>,
    /// How often it is sent, on one connection.
    pub times: u8,
    /// Each template, with its value in the signed sample: a name, or a name with a Jinja filter. The list does not hold
    /// `host` and `content_length`, which nearly all requests have.
    pub templates: BTreeMap<String, String>,
    /// How it is signed.
    pub signing: SignedBy,
    /// The whole of it, with the sample's names, credentials and time.
    pub sample: SignedRequest,
}

/// A body with templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Body {
    /// UTF-8.
    Text {
        /// The text.
        text: String,
    },
    /// Bytes in hexadecimal.
    Hex {
        /// The digits.
        hex: String,
    },
}

/// How a request is signed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SignedBy {
    /// Who signs.
    pub principal: PrincipalName,
    /// Seconds that are added to the time of signing.
    pub clock: i64,
    /// Where the signature goes.
    pub place: Auth,
    /// The signed headers, in lower case and in order; null if the signature goes into the query string.
    pub signed_headers: Option<Vec<String>>,
    /// One fault that is applied to the correctly signed request: a word of `mutations`.
    pub mutation: Option<Mutation>,
    /// Headers that are added after signing.
    pub unsigned: Vec<(String, String)>,
    /// The order of the header lines after signing; as they are if null.
    pub order: Option<Order>,
    /// The case of header names after signing; as they are if null.
    pub name_case: Option<NameCase>,
}

/// A signed request.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SignedRequest {
    /// The method.
    pub method: String,
    /// The request-target.
    pub target: String,
    /// Names and values of all header lines, in order.
    pub headers: Vec<(String, String)>,
    /// All bytes on the wire, head and body, in base64.
    pub bytes: String,
    /// The canonical request of the correct signature; null if the signature goes into the query string.
    pub canonical_request: Option<String>,
    /// The string to sign of the correct signature.
    pub string_to_sign: Option<String>,
}

/// What samples are signed with.
pub(super) struct Signer {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
    pub(super) session_token: String,
    pub(super) time: SystemTime,
}

impl Signer {
    fn credentials(&self, principal: PrincipalName) -> Credentials {
        let is_temporary = matches!(principal, PrincipalName::Session | PrincipalName::Expired);
        Credentials {
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone(),
            session_token: is_temporary.then(|| self.session_token.clone()),
        }
    }
}

/// The request of a case, in this world.
pub(super) fn request(
    case: &str,
    operation: &Operation,
    change: &RequestChange,
    world: &World,
    signer: &Signer,
) -> Result<SentRequest, ExportError> {
    let planning = |source: PlanError| ExportError::Plan { case: case.to_owned(), source };
    let planned = plan(operation, change, world).map_err(planning)?;
    let credentials = signer.credentials(planned.principal);
    let signed = sign_planned(&planned, credentials, &world.region, signer.time)
        .map_err(|source| ExportError::Sign { case: case.to_owned(), source })?;
    let open = open(operation, change, world).map_err(planning)?;
    let unsigned = change.unsigned.iter().map(|(name, value)| Ok((name.clone(), settle(value)?)));
    let unsigned: Vec<(String, String)> = unsigned.collect::<Result<_, _>>().map_err(planning)?;
    Ok(SentRequest {
        templates: templates(&open, &unsigned, world).map_err(planning)?,
        method: open.method,
        target: open.target,
        headers: open.headers,
        body: open.body,
        framing: change.framing,
        delivery: change.delivery,
        times: change.times(),
        signing: SignedBy {
            principal: change.principal,
            clock: change.clock,
            place: change.auth,
            signed_headers: signed.explanation.as_ref().map(signed_headers),
            mutation: change.mutation,
            unsigned,
            order: change.order,
            name_case: change.name_case,
        },
        sample: sample(&signed.request, signed.explanation),
    })
}

/// A request before its templates are filled.
struct Open {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Body,
}

fn open(operation: &Operation, change: &RequestChange, world: &World) -> Result<Open, PlanError> {
    let planned = plan_open(operation, change, world)?;
    let mut headers = pairs(&planned.request.headers);
    let is_of_case = |name: &str| change.set.keys().any(|set| set.eq_ignore_ascii_case(name));
    if change.framing == RequestFraming::ContentLength && !is_of_case("Content-Length") {
        // The first one; a further one is what the case is about.
        if let Some((_, value)) = headers.iter_mut().find(|(name, _)| name == "Content-Length") {
            LENGTH.clone_into(value);
        }
    }
    let body = match &change.body_hex {
        Some(hex) => Body::Hex { hex: settle(hex)?.split_whitespace().collect() },
        None => Body::Text { text: String::from_utf8_lossy(&planned.request.body).into_owned() },
    };
    Ok(Open { method: planned.request.method, target: planned.request.target, headers, body })
}

/// Each template that is left, with its value in this world.
fn templates(open: &Open, unsigned: &[(String, String)], world: &World) -> Result<BTreeMap<String, String>, PlanError> {
    let body = match &open.body {
        Body::Text { text } => text,
        Body::Hex { hex } => hex,
    };
    let values = open.headers.iter().chain(unsigned).map(|(_, value)| value);
    let texts = values.chain([&open.target, body]).filter(|text| *text != LENGTH);
    let expressions = texts.flat_map(|text| open_expressions(text)).filter(|expression| expression != "host");
    expressions
        .map(|expression| {
            let value = render(&format!("{{{{ {expression} }}}}"), world)?;
            Ok((expression, value))
        })
        .collect()
}

fn signed_headers(explanation: &Explanation) -> Vec<String> {
    explanation.signed_headers.split(';').map(str::to_owned).collect()
}

fn sample(request: &Request, explanation: Option<Explanation>) -> SignedRequest {
    let (canonical_request, string_to_sign) = match explanation {
        Some(explanation) => (Some(explanation.canonical_request), Some(explanation.string_to_sign)),
        None => (None, None),
    };
    SignedRequest {
        method: request.method.clone(),
        target: request.target.clone(),
        headers: pairs(&request.headers),
        bytes: BASE64_STANDARD.encode(encode(request)),
        canonical_request,
        string_to_sign,
    }
}

fn pairs(headers: &[Header]) -> Vec<(String, String)> {
    headers.iter().map(|header| (header.name.clone(), header.text().into_owned())).collect()
}
