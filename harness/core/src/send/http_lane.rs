//! The http lane: an ordinary HTTP client, for the calls around the judged exchange and for cases that it can send.

use super::connection::addresses;
use super::endpoint::{Endpoint, Scheme};
use super::error::{SendError, SetupError};
use super::exchange::{Exchange, Lane, Limits, Response, ResponseFraming, Timing, Version};
use super::framing::says_close;
use super::proxy::Proxy;
use super::tls::Tls;
use crate::http::{Delivery, Framing, Header, Request};
use crate::text::TargetText;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;
use url::{Position, Url};

/// The HTTP client and the endpoint of its requests.
pub(super) struct HttpLane {
    client: reqwest::Client,
    base: String,
    /// Where nearly all requests go, parsed once; what cannot be parsed is told by the request that needs it.
    root: Option<Url>,
    limits: Limits,
    proxy: Option<Proxy>,
    scheme: Scheme,
}

impl HttpLane {
    /// Sets up the lane without opening a connection. Without a TLS configuration it speaks plain HTTP only.
    pub(super) fn new(
        endpoint: &Endpoint,
        tls: &Tls,
        config: Option<rustls::ClientConfig>,
        limits: &Limits,
    ) -> Result<Self, SetupError> {
        let name = tls.server_name.as_ref().unwrap_or(&endpoint.host);
        let is_address = name.parse::<IpAddr>().is_ok();
        let mut to = Endpoint { host: name.clone(), ..endpoint.clone() };
        if let Some(address) = tls.resolve {
            to.port = address.port();
            // The client can override the address of a name only. Without TLS the URL may hold the address, because the
            // Host header is set explicitly.
            match endpoint.scheme {
                Scheme::Http => to.host = address.ip().to_string(),
                Scheme::Https if is_address && name.parse() != Ok(address.ip()) => {
                    return Err(SetupError::Elsewhere(name.clone()));
                }
                Scheme::Https => {}
            }
        }
        let client = client(endpoint, tls, config, limits)?;
        let (limits, proxy) = (limits.clone(), tls.proxy.clone());
        let base = to.to_string();
        let root = Url::parse(&format!("{base}/")).ok();
        Ok(Self { client, base, root, limits, proxy, scheme: endpoint.scheme })
    }
}

/// Resolves every name to the endpoint, or to the proxy. The URL keeps the name that the certificate must have.
struct Leads {
    host: String,
    port: u16,
    resolve: Option<SocketAddr>,
}

impl Resolve for Leads {
    fn resolve(&self, _: Name) -> Resolving {
        let (host, port, resolve) = (self.host.clone(), self.port, self.resolve);
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = match resolve {
                Some(address) => vec![address],
                None => addresses(&host, port).await?,
            };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The client, without any feature that would change a request or an answer.
fn client(
    endpoint: &Endpoint,
    tls: &Tls,
    config: Option<rustls::ClientConfig>,
    limits: &Limits,
) -> Result<reqwest::Client, SetupError> {
    let (host, port) = match &tls.proxy {
        Some(proxy) => (proxy.host().to_owned(), proxy.port()),
        None => (endpoint.host.clone(), endpoint.port),
    };
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        // A target may close an idle connection at any time. A call on such a connection would have to be repeated, although
        // it may already have had its effect. Nor may an idle one take the only thread of a target.
        .pool_max_idle_per_host(0)
        .dns_resolver(Leads { host, port, resolve: tls.resolve })
        // An exchange has a time limit of its own: nothing has to keep its connection alive.
        .tcp_keepalive(None)
        .tcp_keepalive_interval(None)
        .tcp_keepalive_retries(None)
        .connect_timeout(limits.connect)
        .timeout(limits.exchange);
    builder = match config {
        Some(config) => builder.tls_backend_preconfigured(config),
        // A client for plain HTTP must not fail because there is no trust store.
        None => builder.tls_certs_only([]),
    };
    if let Some(proxy) = &tls.proxy {
        let mut way = reqwest::Proxy::all(proxy.to_string())?;
        if let Some(value) = proxy.authorization().and_then(|value| HeaderValue::from_str(&value).ok()) {
            way = way.custom_http_auth(value);
        }
        builder = builder.proxy(way);
    }
    Ok(builder.build()?)
}

/// Whether the client sends a request unchanged; if not, the reason. Two changes are known and accepted: the client
/// adds `Accept: */*` if there is no Accept header, and it writes header names in lower case.
pub(super) fn can_carry(request: &Request) -> Result<(), &'static str> {
    if request.delivery != Delivery::AtOnce {
        return Err("the client decides how it hands a request over");
    }
    if request.framing != Framing::ContentLength {
        return Err("the client chooses the framing itself");
    }
    if request.method != "POST" {
        return Err("the client may treat other methods differently");
    }
    if !is_kept(&request.target) {
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
    if names.iter().any(|name| HeaderName::from_bytes(name.as_bytes()).is_err()) {
        return Err("the client refuses a header's name");
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

/// Whether a URL with this path and query keeps them unchanged. Dot segments, fragments, backslashes and bytes that
/// need escapes are rewritten.
fn is_kept(target: &str) -> bool {
    let url = Url::parse(&format!("http://host{target}"));
    target.starts_with('/')
        && !target.starts_with("//")
        && url.is_ok_and(|url| &url[Position::BeforePath..] == target)
        && !target.contains('#')
}

/// Carries one exchange.
pub(super) async fn exchange(lane: &HttpLane, request: &Request) -> Exchange {
    #[expect(clippy::disallowed_methods, reason = "the exchange is measured")]
    let started = Instant::now();
    let mut timing = Timing::default();
    let result = match (attempt(lane, request, &mut timing, started).await, &lane.proxy) {
        // Behind a tunnel, an answer of the proxy is not an answer to the request.
        (Ok(Response { status: 407, .. }), Some(proxy)) if lane.scheme == Scheme::Http => Err(proxy.wants_login()),
        (Err(error), Some(proxy)) => Err(of_proxy(error, proxy)),
        (result, _) => result,
    };
    timing.total = started.elapsed();
    Exchange { lane: Lane::Http, result, reused: false, timing }
}

async fn attempt(
    lane: &HttpLane,
    request: &Request,
    timing: &mut Timing,
    started: Instant,
) -> Result<Response, SendError> {
    let limits = &lane.limits;
    let built = build(lane, request).map_err(|error| SendError::Carry(error.to_string().into()))?;
    let answer = lane.client.execute(built).await.map_err(|error| failure(&error, limits, 0))?;
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
    let framing = framing(&answer);
    if let ResponseFraming::Length(length) = framing
        && request.method != "HEAD"
        && length > limits.body as u64
    {
        return Err(SendError::BodyTooLarge { limit: limits.body });
    }
    let status = answer.status();
    let closes = version == Version::Http10 || framing == ResponseFraming::UntilClose || says_close(&headers);
    Ok(Response {
        version,
        status: status.as_u16(),
        reason: status.canonical_reason().unwrap_or_default().to_owned(),
        headers,
        body: body(answer, limits).await?,
        framing,
        interim: Vec::new(),
        leftover: 0,
        closes,
    })
}

/// Builds the request for the client.
fn build(lane: &HttpLane, request: &Request) -> Result<reqwest::Request, Box<dyn Error>> {
    let method = reqwest::Method::from_bytes(request.method.as_bytes())?;
    let url = match (&lane.root, request.target.as_str()) {
        (Some(root), "/") => root.clone(),
        (_, target) => Url::parse(&format!("{}{target}", lane.base))?,
    };
    let mut built = reqwest::Request::new(method, url);
    for header in &request.headers {
        // The client calculates the same Content-Length itself.
        if !header.name.eq_ignore_ascii_case("content-length") {
            let name = HeaderName::from_bytes(header.name.as_bytes())?;
            built.headers_mut().append(name, HeaderValue::from_bytes(&header.value)?);
        }
    }
    *built.body_mut() = Some(request.body.clone().into());
    Ok(built)
}

/// How the end of the answer's body is marked.
fn framing(answer: &reqwest::Response) -> ResponseFraming {
    let length = answer.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    match (answer.status().as_u16(), length) {
        (204 | 304, _) => ResponseFraming::None,
        (_, Some(length)) => ResponseFraming::Length(length),
        _ if answer.headers().contains_key(TRANSFER_ENCODING) => ResponseFraming::Chunked,
        _ => ResponseFraming::UntilClose,
    }
}

/// Reads the whole body, within the limit.
async fn body(mut answer: reqwest::Response, limits: &Limits) -> Result<Vec<u8>, SendError> {
    // A buffer that doubles would come to twice the body.
    let stated = answer.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let mut body = Vec::with_capacity(stated.min(limits.body));
    while let Some(chunk) = answer.chunk().await.map_err(|error| failure(&error, limits, body.len()))? {
        body.extend_from_slice(&chunk);
        if body.len() > limits.body {
            return Err(SendError::BodyTooLarge { limit: limits.body });
        }
    }
    Ok(body)
}

/// With a proxy, these errors concern the proxy, not the target.
fn of_proxy(error: SendError, proxy: &Proxy) -> SendError {
    match error {
        SendError::Connect(text) if text.mentions("proxy authorization required") => proxy.wants_login(),
        SendError::Connect(text) | SendError::Resolve(text) => proxy.failure(text),
        other => other,
    }
}

/// Translates an error of the client. Its kinds are coarse, so some errors are distinguished by their text.
fn failure(error: &reqwest::Error, limits: &Limits, received: usize) -> SendError {
    let mut chain = Vec::new();
    let mut next: Option<&dyn Error> = error.source();
    while let Some(cause) = next {
        chain.push(cause.to_string());
        next = cause.source();
    }
    let text = chain.join(": ");
    let says = |word: &str| text.contains(word);
    // The error of a library can quote text from the target.
    let quoted = || TargetText::new(text.as_str()).into();
    if error.is_timeout() {
        if error.is_connect() {
            return SendError::ConnectTimeout(limits.connect);
        }
        return SendError::Timeout { after: limits.exchange, received };
    }
    if error.is_connect() {
        return match () {
            () if says("dns error") || says("lookup address") => SendError::Resolve(quoted()),
            () if says("corrupt message of type InvalidContentType") => SendError::NotTls,
            () if says("certificate") || says("tls") || says("TLS") || says("handshake") || says("corrupt message") => {
                SendError::Tls(quoted())
            }
            // The earlier words of the chain come from the client.
            () => SendError::Connect(TargetText::new(chain.pop().unwrap_or_default()).into()),
        };
    }
    match () {
        () if says("message head is too large") => SendError::HeadTooLarge { limit: limits.head },
        () if says("end of file") || says("EOF") => SendError::Truncated { expected: None, received },
        () if says("connection closed before message completed") => SendError::ClosedBeforeAnswer,
        () if says("reset") || says("broken pipe") => SendError::Reset { received },
        // With TLS 1.3, a refused handshake is reported only after the request is sent.
        () if says("fatal alert") => SendError::Tls(quoted()),
        () => SendError::Malformed(quoted()),
    }
}
