//! The wire lane: exactly the bytes of the request, and every byte of the answer.

use super::endpoint::{Endpoint, Scheme};
use super::error::SendError;
use super::exchange::{Exchange, Lane, Limits, Response, Timing};
use super::http1::{Decoder, encode};
use crate::http::Request;
use rustls::pki_types::ServerName;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{timeout, timeout_at};
use tokio_rustls::TlsConnector;

/// A stream of either kind.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// How connections are made.
pub(super) struct Wire {
    pub(super) endpoint: Endpoint,
    pub(super) limits: Limits,
    pub(super) resolve: Option<SocketAddr>,
    pub(super) tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
}

impl Wire {
    /// Sends requests one after another, on one connection as long as the target keeps it. A request of which a byte
    /// was sent is never sent again: the operation is destructive.
    pub(super) async fn exchanges(&self, requests: &[Request]) -> Vec<Exchange> {
        let mut connection: Option<Box<dyn Stream>> = None;
        let mut exchanges = Vec::with_capacity(requests.len());
        for request in requests {
            let started = Instant::now();
            let deadline = tokio::time::Instant::now() + self.limits.exchange;
            let mut timing = Timing::default();
            if let Some(idle) = &mut connection
                && has_ended(idle).await
            {
                connection = None;
            }
            let reused = connection.is_some();
            let opened = match connection.take() {
                Some(stream) => Ok(stream),
                None => {
                    let opened = self.connect().await;
                    timing.connect = Some(started.elapsed());
                    opened
                }
            };
            let result = match opened {
                Err(error) => Err(error),
                Ok(mut stream) => {
                    let mut decoder = Decoder::new(self.limits.clone(), &request.method);
                    let exchanged = exchange(&mut stream, request, &mut decoder, &mut timing, started);
                    match timeout_at(deadline, exchanged).await {
                        Ok(Ok(response)) => {
                            if !response.closes {
                                connection = Some(stream);
                            }
                            Ok(response)
                        }
                        Ok(Err(error)) => Err(error),
                        Err(_) => Err(SendError::Timeout { after: self.limits.exchange, received: decoder.received() }),
                    }
                }
            };
            timing.total = started.elapsed();
            exchanges.push(Exchange { lane: Lane::Wire, result, reused, timing });
        }
        exchanges
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, SendError> {
        let limit = self.limits.connect;
        timeout(limit, self.open()).await.unwrap_or(Err(SendError::ConnectTimeout(limit)))
    }

    async fn open(&self) -> Result<Box<dyn Stream>, SendError> {
        let addresses: Vec<SocketAddr> = match self.resolve {
            Some(address) => vec![address],
            None => tokio::net::lookup_host((self.endpoint.host.as_str(), self.endpoint.port))
                .await
                .map_err(|error| SendError::Resolve(error.to_string()))?
                .collect(),
        };
        let stream =
            TcpStream::connect(addresses.as_slice()).await.map_err(|error| SendError::Connect(error.to_string()))?;
        // Requests are small and are answered before the next one: waiting for more to send would only cost time.
        let _ = stream.set_nodelay(true);
        match (&self.tls, self.endpoint.scheme) {
            (Some((config, name)), Scheme::Https) => {
                let connector = TlsConnector::from(Arc::clone(config));
                let stream =
                    connector.connect(name.clone(), stream).await.map_err(|error| SendError::Tls(error.to_string()))?;
                Ok(Box::new(stream))
            }
            _ => Ok(Box::new(stream)),
        }
    }
}

/// Writes and reads at once, since a target may answer before it has read everything.
async fn exchange(
    stream: &mut Box<dyn Stream>,
    request: &Request,
    decoder: &mut Decoder,
    timing: &mut Timing,
    started: Instant,
) -> Result<Response, SendError> {
    let bytes = encode(request);
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut buffer = vec![0; 16 * 1024];
    let mut written = 0;
    let mut can_write = true;
    loop {
        tokio::select! {
            biased;
            wrote = writer.write(&bytes[written..]), if can_write && written < bytes.len() => match wrote {
                Ok(count) => {
                    written += count;
                    if written == bytes.len() {
                        // TLS holds records back until it is told.
                        can_write = writer.flush().await.is_ok();
                    }
                }
                // It may have answered all the same.
                Err(_) => can_write = false,
            },
            read = reader.read(&mut buffer) => match read {
                Ok(0) => return decoder.end()?.ok_or(SendError::ClosedBeforeAnswer),
                Ok(count) => {
                    timing.first_byte.get_or_insert_with(|| started.elapsed());
                    if let Some(response) = decoder.feed(&buffer[..count])? {
                        return Ok(response);
                    }
                }
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    // A TLS peer that closes without saying goodbye.
                    return decoder.end()?.ok_or(SendError::ClosedBeforeAnswer);
                }
                Err(_) => return Err(SendError::Reset { received: decoder.received() }),
            },
        }
    }
}

/// Whether the peer has closed an idle connection, or sent something that nobody asked for.
async fn has_ended(stream: &mut Box<dyn Stream>) -> bool {
    let mut byte = [0];
    // One poll: data that is not there yet is not waited for.
    let mut read = std::pin::pin!(stream.read(&mut byte));
    std::future::poll_fn(|context| std::task::Poll::Ready(std::future::Future::poll(read.as_mut(), context).is_ready()))
        .await
}
