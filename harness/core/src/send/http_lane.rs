//! The http lane: an ordinary client, for the calls around the judged exchange and for cases that it can carry.

use super::endpoint::Endpoint;
use super::error::{SendError, SetupError};
use super::exchange::{Exchange, Lane, Limits, Response, ResponseFraming, Timing, Version};
use super::tls::{Tls, Verify, certificates};
use crate::http::{Framing, Header, Request};
use reqwest::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use std::error::Error;
use std::time::Instant;

/// The client, with everything off that would change a request or an answer.
pub(super) fn client(endpoint: &Endpoint, tls: &Tls, limits: &Limits) -> Result<reqwest::Client, SetupError> {
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(limits.connect)
        .timeout(limits.exchange);
    builder = match &tls.ca_pem {
        Some(pem) => {
            let roots = certificates(pem)?
                .into_iter()
                .map(|certificate| reqwest::Certificate::from_der(&certificate))
                .collect::<Result<Vec<_>, _>>()?;
            builder.tls_certs_only(roots)
        }
        // A client for plain HTTP must not fail for lack of a trust store.
        None if endpoint.scheme == super::endpoint::Scheme::Http => builder.tls_certs_only([]),
        None => builder,
    };
    if tls.verify == Verify::NoInsecure {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    if let Some(address) = tls.resolve {
        builder = builder.resolve(&endpoint.host, address);
    }
    Ok(builder.build()?)
}

/// Whether the client sends a request as it is; if not, why.
pub(super) fn can_carry(request: &Request) -> Result<(), &'static str> {
    if request.framing != Framing::ContentLength {
        return Err("the client chooses the framing itself");
    }
    if request.method != "POST" {
        return Err("the client may treat other methods differently");
    }
    if !request.target.starts_with('/')
        || request.target.starts_with("//")
        || request.target.contains("/.")
        || request.target.contains("%2e")
        || !request.target.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err("the client would rewrite the request-target");
    }
    let mut names: Vec<String> = request.headers.iter().map(|header| header.name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("a header is sent twice");
    }
    if names.iter().any(|name| ["expect", "connection", "transfer-encoding"].contains(&name.as_str())) {
        return Err("it is about the connection, which the client manages itself");
    }
    for required in ["host", "content-length"] {
        if !names.iter().any(|name| name == required) {
            return Err("the client adds headers that are left out");
        }
    }
    let is_plain = |value: &[u8]| value.trim_ascii() == value && value.iter().all(|byte| (b' '..=b'~').contains(byte));
    if !request.headers.iter().all(|header| is_plain(&header.value)) {
        return Err("the client would change white space or bytes of a header");
    }
    Ok(())
}

/// One exchange.
pub(super) async fn exchange(
    client: &reqwest::Client,
    endpoint: &Endpoint,
    limits: &Limits,
    request: &Request,
) -> Exchange {
    let started = Instant::now();
    let mut timing = Timing::default();
    let result = attempt(client, endpoint, limits, request, &mut timing, started).await;
    timing.total = started.elapsed();
    Exchange { lane: Lane::Http, result, reused: false, timing }
}

async fn attempt(
    client: &reqwest::Client,
    endpoint: &Endpoint,
    limits: &Limits,
    request: &Request,
    timing: &mut Timing,
    started: Instant,
) -> Result<Response, SendError> {
    let carry = |error: &dyn std::fmt::Display| SendError::Carry(error.to_string());
    let method = reqwest::Method::from_bytes(request.method.as_bytes()).map_err(|error| carry(&error))?;
    let mut builder = client.request(method, format!("{endpoint}{}", request.target));
    for header in &request.headers {
        // The client counts the body itself, and comes to the same.
        if !header.name.eq_ignore_ascii_case("content-length") {
            builder = builder.header(&header.name, header.value.as_slice());
        }
    }
    let built = builder.body(request.body.clone()).build().map_err(|error| carry(&error))?;
    let mut answer = client.execute(built).await.map_err(|error| failure(&error, limits, 0))?;
    timing.first_byte = Some(started.elapsed());
    let version = match answer.version() {
        reqwest::Version::HTTP_10 => Version::Http10,
        reqwest::Version::HTTP_2 => Version::Http2,
        _ => Version::Http11,
    };
    let headers: Vec<Header> =
        answer.headers().iter().map(|(name, value)| Header::new(name.as_str(), value.as_bytes())).collect();
    if headers.iter().map(|header| header.name.len() + header.value.len() + 4).sum::<usize>() > limits.head {
        return Err(SendError::HeadTooLarge { limit: limits.head });
    }
    let length = answer.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let framing = match (answer.status().as_u16(), length) {
        (204 | 304, _) => ResponseFraming::None,
        (_, Some(length)) => ResponseFraming::Length(length),
        _ if answer.headers().contains_key(TRANSFER_ENCODING) => ResponseFraming::Chunked,
        _ => ResponseFraming::UntilClose,
    };
    let status = answer.status();
    let reason = status.canonical_reason().unwrap_or_default().to_owned();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failure(&error, limits, body.len()))? {
        body.extend_from_slice(&chunk);
        if body.len() > limits.body {
            return Err(SendError::BodyTooLarge { limit: limits.body });
        }
    }
    let closes = version == Version::Http10
        || headers.iter().any(|header| header.name == "connection" && header.value == b"close");
    Ok(Response {
        version,
        status: status.as_u16(),
        reason,
        headers,
        body,
        framing,
        interim: Vec::new(),
        leftover: 0,
        closes,
    })
}

/// The client's error in our words. Its kinds are coarse, so some are told apart by their text.
fn failure(error: &reqwest::Error, limits: &Limits, received: usize) -> SendError {
    let mut chain = Vec::new();
    let mut next: Option<&dyn Error> = error.source();
    while let Some(cause) = next {
        chain.push(cause.to_string());
        next = cause.source();
    }
    let text = chain.join(": ");
    let says = |word: &str| text.contains(word);
    if error.is_timeout() {
        if error.is_connect() {
            return SendError::ConnectTimeout(limits.connect);
        }
        return SendError::Timeout { after: limits.exchange, received };
    }
    if error.is_connect() {
        return match () {
            () if says("dns error") || says("lookup address") => SendError::Resolve(text),
            () if says("certificate") || says("tls") || says("TLS") || says("handshake") || says("corrupt message") => {
                SendError::Tls(text)
            }
            () => SendError::Connect(text),
        };
    }
    match () {
        () if says("message head is too large") => SendError::HeadTooLarge { limit: limits.head },
        () if says("end of file") || error.is_body() => SendError::Truncated { expected: None, received },
        () if says("connection closed before message completed") => SendError::ClosedBeforeAnswer,
        () if says("reset") => SendError::Reset { received },
        () => SendError::Malformed(text),
    }
}
