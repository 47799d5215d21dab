//! A server that follows a script, for tests: one script for each connection, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test's server that cannot be set up fails the test")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What a server does next. Behind the last step it closes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Reads one byte: closing afterwards resets the connection, since the rest is unread.
    ReadByte,
    /// Reads up to the end of a request's head, and not its body.
    ReadHead,
    /// Reads a request with its body.
    Read,
    /// Sends this.
    Say(&'static str),
    /// Sends this again and again for as long as it is taken.
    Flood(&'static str),
    /// Does nothing any more, and keeps the connection.
    Hang,
}

/// A running server. It stops when it is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    read: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts one. The last script is for all further connections too.
    pub(super) async fn start(scripts: &'static [&'static [Step]]) -> Self {
        Self::start_at("127.0.0.1:0", scripts, None).await.unwrap()
    }

    /// Starts one that speaks TLS.
    pub(super) async fn start_tls(scripts: &'static [&'static [Step]], tls: rustls::ServerConfig) -> Self {
        Self::start_at("127.0.0.1:0", scripts, Some(TlsAcceptor::from(Arc::new(tls)))).await.unwrap()
    }

    /// Starts one at an address.
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
                        // Not shut down but dropped: only so are unread bytes answered by a reset.
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

    /// Starts a proxy that makes tunnels, all of them to one address. It keeps what it was asked.
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

    /// What was read on each connection so far.
    pub(super) fn read(&self) -> Vec<Vec<u8>> {
        self.read.lock().unwrap().clone()
    }
}

impl Server {
    /// Stops it; afterwards nobody listens at its address.
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
