//! The base request, and the changes that a case makes to it.

use super::error::PlanError;
use super::template::{render, settle};
use super::world::World;
use crate::fixture::{
    Auth, Connection, Cut, Delivering, NameCase, Order, PrincipalName, RequestChange, RequestFraming,
};
use crate::fixture::{Mutation, Operation};
use crate::http::{Delivery, Framing, Header, Request};
use std::time::Duration;

/// The protocol's media type.
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// A request that is ready to be signed, with the settings for signing.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The request.
    pub request: Request,
    /// The principal that signs.
    pub principal: PrincipalName,
    /// Seconds added to the time of signing.
    pub clock: i64,
    /// Header names that are added to the signed set.
    pub sign_also: Vec<String>,
    /// Header names that are removed from the signed set.
    pub sign_not: Vec<String>,
    /// The place of the signature.
    pub auth: Auth,
    /// The fault that is applied after signing.
    pub mutation: Option<Mutation>,
    /// How often the request is sent on one connection.
    pub times: u8,
    unsigned: Vec<Header>,
    order: Option<Order>,
    name_case: Option<NameCase>,
}

impl Planned {
    /// Applies the changes that follow signing: adds unsigned headers, and changes the order and the case of header
    /// lines.
    pub fn dress(&self, mut signed: Request) -> Request {
        signed.headers.extend(self.unsigned.iter().cloned());
        if self.order == Some(Order::Reversed) {
            signed.headers.reverse();
        }
        if let Some(name_case) = self.name_case {
            for header in &mut signed.headers {
                header.name = match name_case {
                    NameCase::Lower => header.name.to_ascii_lowercase(),
                    NameCase::Upper => header.name.to_ascii_uppercase(),
                };
            }
        }
        signed
    }
}

/// The page's example request, with this value of `X-Amz-Target` and this body.
pub fn base_request(host: &str, target: &str, body: Vec<u8>) -> Request {
    let headers = vec![
        Header::new("Host", host),
        Header::new("Content-Length", body.len().to_string()),
        Header::new("X-Amz-Target", target),
        Header::new("Content-Type", CONTENT_TYPE),
    ];
    Request {
        method: "POST".to_owned(),
        target: "/".to_owned(),
        headers,
        body,
        framing: Framing::ContentLength,
        delivery: Delivery::AtOnce,
    }
}

/// Plans the exchange of a case: the base request with these changes.
///
/// # Errors
///
/// A template cannot be rendered, or `body-hex` is not hexadecimal.
pub fn plan(operation: &Operation, change: &RequestChange, world: &World) -> Result<Planned, PlanError> {
    let render = |template: &str| render(template, world);
    // Nearly all requests name this key, and a template takes longer than everything else here.
    let own_id = world.key.as_ref().map_or(&world.absent.id, |key| &key.id);
    let body = body(operation, change, &|| Ok(own_id.clone()), &render)?;
    planned(operation, change, &world.host, body, &render)
}

/// Plans the same request with its templates: they stay where they name a part of this world. A body in hexadecimal is left out.
///
/// # Errors
///
/// A template is not well formed.
pub fn plan_open(operation: &Operation, change: &RequestChange, world: &World) -> Result<Planned, PlanError> {
    let body = match change.body_hex {
        Some(_) => Vec::new(),
        None => body(operation, change, &|| settle(own_key(world)), &settle)?,
    };
    planned(operation, change, "{{ host }}", body, &settle)
}

/// The template of the key that a request names unless its case says otherwise.
fn own_key(world: &World) -> &'static str {
    if world.key.is_some() { "{{ key.id }}" } else { "{{ absent.id }}" }
}

/// What makes text of a template.
type Render<'a> = &'a dyn Fn(&str) -> Result<String, PlanError>;

fn planned(
    operation: &Operation,
    change: &RequestChange,
    host: &str,
    body: Vec<u8>,
    render: Render<'_>,
) -> Result<Planned, PlanError> {
    let mut request = base_request(host, &operation.target(), body);
    if let Some(method) = &change.method {
        request.method.clone_from(method);
    }
    if let Some(target) = &change.target {
        request.target = render(target)?;
    }
    match change.framing {
        RequestFraming::ContentLength => {}
        RequestFraming::Chunked => {
            request.framing = Framing::Chunked;
            replace(&mut request, "Transfer-Encoding", "chunked");
        }
        RequestFraming::Absent => {
            request.framing = Framing::Absent;
            request.remove_header("Content-Length");
        }
        RequestFraming::Stated(length) => {
            request.framing = Framing::Stated(length);
            request.set_header("Content-Length", length.to_string());
        }
    }
    request.delivery = change.delivery.map(delivery).unwrap_or_default();
    for name in &change.remove {
        request.remove_header(name);
    }
    for (name, value) in &change.set {
        request.set_header(name, render(value)?);
    }
    for (name, value) in &change.add {
        request.headers.push(Header::new(name, render(value)?));
    }
    if change.connection == Some(Connection::Close) {
        request.headers.push(Header::new("Connection", "close"));
    }
    let unsigned = change
        .unsigned
        .iter()
        .map(|(name, value)| Ok(Header::new(name, render(value)?)))
        .collect::<Result<_, PlanError>>()?;
    Ok(Planned {
        request,
        principal: change.principal,
        clock: change.clock,
        sign_also: change.sign_also.clone(),
        sign_not: change.sign_not.clone(),
        auth: change.auth,
        mutation: change.mutation,
        times: change.times(),
        unsigned,
        order: change.order,
        name_case: change.name_case,
    })
}

fn delivery(delivering: Delivering) -> Delivery {
    let Delivering { pieces, cut, pause_ms, body_waits_ms } = delivering;
    let pause = Duration::from_millis(pause_ms.into());
    match (cut, pieces) {
        (Some(Cut::LineEnds), _) => Delivery::LineEnds { pause },
        (None, 0) => Delivery::BodyWaits(Duration::from_millis(body_waits_ms.into())),
        (None, count) => Delivery::Pieces { count: count.into(), pause },
    }
}

fn body(
    operation: &Operation,
    change: &RequestChange,
    own_key: &dyn Fn() -> Result<String, PlanError>,
    render: Render<'_>,
) -> Result<Vec<u8>, PlanError> {
    if let Some(hex) = &change.body_hex {
        return Ok(hex::decode(render(hex)?.split_whitespace().collect::<String>())?);
    }
    if let Some(body) = &change.body {
        return Ok(render(body)?.into_bytes());
    }
    let key_id = change.key_id.as_deref().map_or_else(own_key, render)?;
    Ok(operation.body_for(&key_id).into_bytes())
}

/// Replaces Content-Length by another framing header, in the same position.
fn replace(request: &mut Request, name: &str, value: &str) {
    for header in &mut request.headers {
        if header.name == "Content-Length" {
            *header = Header::new(name, value);
        }
    }
}
