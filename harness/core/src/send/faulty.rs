//! A server for tests that follows a script byte for byte. Each connection has its own script.

#![expect(clippy::unwrap_used, reason = "a test's server that cannot be set up fails the test")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The next action of a server. It closes the connection after the last one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Reads one byte. The remaining bytes are unread, so closing resets the connection.
    ReadByte,
    /// Reads to the end of a request's head, without its body.
    ReadHead,
    /// Reads a request with its body.
    Read,
    /// Sends this text.
    Say(&'static str),
    /// Sends this text repeatedly, as long as the client reads it.
    Flood(&'static str),
    /// Does nothing more, and keeps the connection open.
    Hang,
}

/// A running server. It stops when the value is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    read: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server. The last script is used for all further connections.
    pub(super) async fn start(scripts: &'static [&'static [Step]]) -> Self {
        Self::start_at("127.0.0.1:0", scripts, None).await.unwrap()
    }

    /// Starts a server that speaks TLS.
    pub(super) async fn start_tls(scripts: &'static [&'static [Step]], tls: rustls::ServerConfig) -> Self {
        Self::start_at("127.0.0.1:0", scripts, Some(TlsAcceptor::from(Arc::new(tls)))).await.unwrap()
    }

    /// Starts a server at an address.
    pub(super) async fn start_at(
        address: &str,
        scripts: &'static [&'static [Step]],
        tls: Option<TlsAcceptor>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let read = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&read);
        let task = tokio::spawn(async move {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                log.lock().unwrap().push(Vec::new());
                let (script, log, tls) = (scripts[number.min(scripts.len() - 1)], Arc::clone(&log), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        // The stream is dropped without a shutdown, because only then does the kernel answer unread
                        // bytes with a reset.
                        None => drop(follow(stream, script, number, &log).await),
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                let _ = follow(stream, script, number, &log).await.shutdown().await;
                            }
                        }
                    }
                });
            }
        });
        Ok(Self { address, read, task })
    }

    /// Starts a proxy that opens all tunnels to one address. It records the requests that it gets.
    pub(super) async fn start_tunnel(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let read = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&read);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    let Some(head) = read_head(&mut stream).await else { return };
                    log.lock().unwrap().push(head);
                    let mut there = tokio::net::TcpStream::connect(to).await.unwrap();
                    stream.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n").await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut there).await;
                });
            }
        });
        Self { address, read, task }
    }

    /// The bytes that were read so far on each connection.
    pub(super) fn read(&self) -> Vec<Vec<u8>> {
        self.read.lock().unwrap().clone()
    }
}

impl Server {
    /// Stops the server. Afterwards no server listens at its address.
    pub(super) async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    script: &[Step],
    number: usize,
    log: &Mutex<Vec<Vec<u8>>>,
) -> S {
    for step in script {
        let goes_on = match step {
            Step::ReadByte => stream.read_u8().await.is_ok(),
            Step::ReadHead => read_head(&mut stream).await.is_some(),
            Step::Read => match read_request(&mut stream).await {
                Some(request) => {
                    log.lock().unwrap()[number].extend(request);
                    true
                }
                None => false,
            },
            Step::Say(text) => stream.write_all(text.as_bytes()).await.is_ok() && stream.flush().await.is_ok(),
            Step::Flood(text) => {
                let text = text.repeat(512);
                while stream.write_all(text.as_bytes()).await.is_ok() {}
                false
            }
            Step::Hang => std::future::pending().await,
        };
        if !goes_on {
            break;
        }
    }
    stream
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(head)
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut request = read_head(stream).await?;
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body).await.ok()?;
    request.extend(body);
    Some(request)
}
