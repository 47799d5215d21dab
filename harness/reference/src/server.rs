//! The listeners, one for each Region. They read requests, have them answered and write the answers.

use crate::call::Shared;
use crate::config::Config;
use crate::error::{Refusal, throttled};
use crate::left::{BEFORE_VERIFYING, BEHIND_VERIFYING, taken_over};
use crate::mutant::{Mutant, Point, Way, misreading, rewriting, watching};
use crate::protocol::CONTENT_TYPE;
use crate::race;
use crate::request::{Behind, Incoming};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The longest body that is read, in bytes. No request of this service needs so much.
const BODY_LIMIT: usize = 1024 * 1024;

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is not available.
    #[error(transparent)]
    Listen(#[from] std::io::Error),
    /// The configuration names no Region.
    #[error("the configuration names no Region")]
    NoRegion,
}

/// A running reference target. It stops when it is dropped.
pub struct Server {
    shared: Arc<Shared>,
    addresses: Vec<(String, SocketAddr)>,
    listeners: JoinSet<()>,
}

impl Server {
    /// Listens on the configured addresses and answers requests until the server is dropped.
    ///
    /// # Errors
    ///
    /// An address is not available, or the configuration names no Region.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let shared = Arc::new(Shared::new(config));
        let mut addresses = Vec::new();
        let mut listeners = JoinSet::new();
        for (number, region) in shared.config.regions.iter().enumerate() {
            let mut address = shared.config.listen;
            if number > 0 {
                address.set_port(0);
            }
            let listener = TcpListener::bind(address).await?;
            addresses.push((region.clone(), listener.local_addr()?));
            let way = shared.config.mutant.and_then(Mutant::way).filter(|_| number == 0);
            spawn(&mut listeners, listener, way, &shared, region);
        }
        if addresses.is_empty() {
            return Err(StartError::NoRegion);
        }
        Ok(Self { shared, addresses, listeners })
    }

    /// The address of the first Region.
    pub fn address(&self) -> SocketAddr {
        self.addresses[0].1
    }

    /// The address of a Region, if the server has this Region.
    pub fn address_of(&self, region: &str) -> Option<SocketAddr> {
        self.addresses.iter().find(|(known, _)| known == region).map(|(_, address)| *address)
    }

    /// The configuration that the server was started with.
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// How many requests the server has received.
    pub fn served(&self) -> u64 {
        self.shared.served()
    }

    /// Stops listening and drops every connection.
    pub async fn stop(mut self) {
        self.listeners.shutdown().await;
    }
}

/// Serves a listener. Not in the future of a caller: what a server is made of would be compiled again in each program.
#[inline(never)]
fn spawn(listeners: &mut JoinSet<()>, listener: TcpListener, way: Option<Way>, shared: &Arc<Shared>, region: &str) {
    let (shared, region) = (Arc::clone(shared), region.to_owned());
    let served = (Arc::clone(&shared), region.clone());
    let server = move |stream| serve(stream, Arc::clone(&served.0), served.1.clone());
    match way {
        Some(Way::Rewrites(rewrite)) => listeners.spawn(rewriting(listener, rewrite, server)),
        Some(Way::Has(habit)) => listeners.spawn(misreading(listener, habit, server)),
        None => match shared.config.reached.clone() {
            Some(reached) => listeners.spawn(watching(listener, reached, server)),
            None => listeners.spawn(accept(listener, shared, region)),
        },
    };
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, region: String) {
    // The connections are dropped together with their listener.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let _ = stream.set_nodelay(true);
                    connections.spawn(serve(stream, Arc::clone(&shared), region.clone()));
                }
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>, region: String) {
    let behind = Arc::new(Mutex::new(Behind::default()));
    let service = service_fn(move |request| {
        let (shared, region, behind) = (Arc::clone(&shared), region.clone(), Arc::clone(&behind));
        async move { Ok::<_, Infallible>(answer(request, &shared, &region, &behind).await) }
    });
    // A broken connection is not an error of the server.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: hyper::Request<hyper::body::Incoming>,
    shared: &Shared,
    region: &str,
    behind: &Mutex<Behind>,
) -> hyper::Response<Full<Bytes>> {
    let number = shared.count();
    if !shared.config.latency.is_zero() {
        tokio::time::sleep(shared.config.latency).await;
    }
    let result = match read(request, &shared.config).await {
        Err(refusal) => Err(refusal),
        Ok(_) if shared.config.throttle_every.is_some_and(|every| number.is_multiple_of(u64::from(every.max(1)))) => {
            Err(throttled())
        }
        Ok(mut sent) => {
            let config = &shared.config;
            if !config.has_mutants() {
                return respond(race::handle(shared, region, &sent, &sent).await);
            }
            let arrived = sent.clone();
            sent.behind = behind.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(reached) = &config.reached {
                reached.request(&sent);
            }
            if let Some(mutant) = config.mutant {
                mutant.receive(&mut sent);
            }
            let sent = taken_over(config, &sent, &BEFORE_VERIFYING).unwrap_or(sent);
            let read = config.mutant.and_then(|mutant| mutant.read(&sent));
            let read = read.or_else(|| taken_over(config, &sent, &BEHIND_VERIFYING));
            let result = race::handle(shared, region, read.as_ref().unwrap_or(&sent), &sent).await;
            let outcome = result.as_ref().map(drop);
            behind.lock().unwrap_or_else(PoisonError::into_inner).learn(arrived, outcome);
            result
        }
    };
    respond(result)
}

fn respond(result: Result<Vec<u8>, Refusal>) -> hyper::Response<Full<Bytes>> {
    let (status, body, content_type) = match result {
        Ok(body) => (200, body, CONTENT_TYPE),
        Err(refusal) => {
            let (body, content_type) = refusal.body();
            (refusal.status, body, content_type)
        }
    };
    let mut response = hyper::Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    headers(response.headers_mut(), content_type);
    response
}

async fn read(request: hyper::Request<hyper::body::Incoming>, config: &Config) -> Result<Incoming, Refusal> {
    let (parts, body) = request.into_parts();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let too_large = || Refusal::bare("RequestEntityTooLargeException").with_status(413);
    let body = Limited::new(body, BODY_LIMIT).collect().await;
    let body = body.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
        Some(_) => too_large(),
        None => Refusal::bare("SerializationException"),
    })?;
    let body = body.to_bytes().to_vec();
    if body.len() > 4096 && config.at(Point::LargeRefused) {
        return Err(too_large());
    }
    Ok(Incoming {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
        behind: Behind::default(),
    })
}

/// Sets the headers that every answer has. hyper adds `Date` and `Content-Length`.
fn headers(headers: &mut HeaderMap, content_type: &'static str) {
    let request_id = uuid::Uuid::new_v4().to_string();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(HeaderName::from_static("x-amzn-requestid"), value);
    }
    for (name, value) in [
        ("content-type", content_type),
        ("cache-control", "no-cache, no-store, must-revalidate, private"),
        ("expires", "0"),
        ("pragma", "no-cache"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}
