//! Opens and checks connections of the wire lane, plain or over TLS.

use super::endpoint::{Endpoint, is_local};
use super::error::SendError;
use super::exchange::Timing;
use super::proxy::Proxy;
use super::tls::{Tls, Verify, client_config};
use crate::text::TargetText;
use rustls::pki_types::ServerName;
use socket2::SockRef;
use std::future::{Future, poll_fn};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A plain or encrypted stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// The socket of the stream.
    fn socket(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Stream for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Where the durations of an exchange are noted, and when it began.
pub(super) struct Measured<'a> {
    pub(super) timing: &'a mut Timing,
    pub(super) started: Instant,
}

/// Opens a connection, without TLS if no settings are given.
pub(super) async fn open(
    endpoint: &Endpoint,
    resolve: Option<SocketAddr>,
    proxy: Option<&Proxy>,
    tls: Option<&(Arc<rustls::ClientConfig>, ServerName<'static>)>,
    measured: &mut Measured<'_>,
) -> Result<Box<dyn Stream>, SendError> {
    let mut stream = match proxy {
        Some(proxy) => {
            dial(proxy.host(), proxy.port(), None, measured).await.map_err(|error| proxy.failure(error.text()))?
        }
        None => dial(&endpoint.host, endpoint.port, resolve, measured).await?,
    };
    // Requests are small, and each is answered before the next one is sent. Waiting to combine packets would only cost
    // time.
    let _ = stream.set_nodelay(true);
    let Some((config, name)) = tls else { return Ok(Box::new(stream)) };
    if let Some(proxy) = proxy {
        proxy.tunnel(&mut stream, endpoint).await?;
    }
    let connector = TlsConnector::from(Arc::clone(config));
    let stream = connector
        .connect(name.clone(), stream)
        .await
        .map_err(|error| if is_not_tls(&error) { SendError::NotTls } else { tls_failure(&error) })?;
    measured.timing.secured = Some(measured.started.elapsed());
    Ok(Box::new(stream))
}

fn tls_failure(error: &std::io::Error) -> SendError {
    SendError::Tls(TargetText::new(error.to_string()).into())
}

/// Whether the first bytes of the peer are none of TLS, such as an answer in plain HTTP.
fn is_not_tls(error: &std::io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    matches!(error, Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)))
}

/// Connects to one of the host's addresses, or to the given address.
async fn dial(
    host: &str,
    port: u16,
    resolve: Option<SocketAddr>,
    measured: &mut Measured<'_>,
) -> Result<TcpStream, SendError> {
    let addresses: Vec<SocketAddr> = match resolve {
        Some(address) => vec![address],
        None => addresses(host, port).await.map_err(|error| SendError::Resolve(error.to_string().into()))?,
    };
    measured.timing.resolved = Some(measured.started.elapsed());
    let stream = TcpStream::connect(addresses.as_slice()).await;
    let stream = stream.map_err(|error| SendError::Connect(error.to_string().into()))?;
    measured.timing.dialled = Some(measured.started.elapsed());
    Ok(stream)
}

/// The addresses of a host. `localhost` and the names below it always mean this machine, so no resolver is asked.
pub(super) async fn addresses(host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    if is_local(host) {
        return Ok(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]);
    }
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// Whether a port speaks TLS. Only the bytes of a handshake are sent.
pub(super) async fn speaks_tls(endpoint: &Endpoint, resolve: Option<SocketAddr>, within: Duration) -> bool {
    let config = client_config(&Tls { verify: Verify::NoInsecure, ..Tls::default() });
    let (Ok(config), Ok(name)) = (config, ServerName::try_from(endpoint.host.clone())) else { return false };
    let tls = (Arc::new(config), name);
    #[expect(clippy::disallowed_methods, reason = "nobody reads the measurement")]
    let started = Instant::now();
    let (mut timing, tls) = (Timing::default(), Some(&tls));
    let mut measured = Measured { timing: &mut timing, started };
    tokio::time::timeout(within, open(endpoint, resolve, None, tls, &mut measured))
        .await
        .is_ok_and(|opened| opened.is_ok())
}

/// Whether the peer has closed an idle connection or sent unexpected bytes.
pub(super) async fn has_ended(stream: &mut Box<dyn Stream>) -> bool {
    !matches!(arrived(stream).await, Arrived::Nothing)
}

/// Reads the bytes that have already arrived behind an answer, and returns their number.
pub(super) async fn surplus(stream: &mut Box<dyn Stream>) -> usize {
    match arrived(stream).await {
        Arrived::Bytes(count) => count,
        Arrived::Nothing | Arrived::End => 0,
    }
}

enum Arrived {
    Nothing,
    Bytes(usize),
    End,
}

/// Reads what has arrived, without waiting for more.
async fn arrived(stream: &mut Box<dyn Stream>) -> Arrived {
    let mut buffer = [0; 1024];
    loop {
        let polled = {
            let mut read = pin!(stream.read(&mut buffer));
            poll_fn(|context| Poll::Ready(read.as_mut().poll(context))).await
        };
        match polled {
            Poll::Ready(Ok(0) | Err(_)) => return Arrived::End,
            Poll::Ready(Ok(count)) => return Arrived::Bytes(count),
            Poll::Pending => {}
        }
        // The kernel may know more than the runtime has noticed so far.
        match waiting(stream.socket()) {
            Waiting::Nothing => return Arrived::Nothing,
            Waiting::End => return Arrived::End,
            // With TLS, these bytes may be session tickets only, which the next poll reads.
            Waiting::Bytes => {
                if stream.socket().readable().await.is_err() {
                    return Arrived::End;
                }
            }
        }
    }
}

/// What a socket holds for reading.
enum Waiting {
    Nothing,
    Bytes,
    End,
}

/// Asks the kernel, because the runtime answers from its last notification.
fn waiting(socket: &TcpStream) -> Waiting {
    match SockRef::from(socket).peek(&mut [MaybeUninit::uninit()]) {
        Ok(0) => Waiting::End,
        Ok(_) => Waiting::Bytes,
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Waiting::Nothing,
        Err(_) => Waiting::End,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed set-up fails the test")]

    use super::*;
    use std::io::Write as _;

    /// An idle connection and its peer.
    async fn pair() -> (Box<dyn Stream>, std::net::TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Box::new(stream), listener.accept().unwrap().0)
    }

    #[tokio::test]
    async fn an_end_is_seen_before_the_runtime_hears_of_it() {
        let (mut stream, peer) = pair().await;
        assert!(!has_ended(&mut stream).await);
        // Loopback delivers the close before this returns, and the runtime has no chance to notice it in between.
        drop(peer);
        assert!(has_ended(&mut stream).await);
    }

    #[tokio::test]
    async fn an_end_behind_an_answer_is_seen() {
        let (mut stream, mut peer) = pair().await;
        peer.write_all(b"answer").unwrap();
        let mut buffer = [0; 64];
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 6);
        assert!(!has_ended(&mut stream).await);
        drop(peer);
        assert!(has_ended(&mut stream).await);
    }

    #[tokio::test]
    async fn bytes_that_nobody_asked_for_are_counted_and_end_it_too() {
        let (mut stream, mut peer) = pair().await;
        assert_eq!(surplus(&mut stream).await, 0);
        peer.write_all(b"HTTP/1.1 408 ").unwrap();
        assert_eq!(surplus(&mut stream).await, 13);
        peer.write_all(b"more").unwrap();
        assert!(has_ended(&mut stream).await);
    }
}
