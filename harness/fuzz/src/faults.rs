//! A server that answers well but for one request in a hundred, to which it does one of many faults in turn.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// The header that numbers requests, from 0.
pub const NUMBER: &str = "X-Number";

/// One request in so many meets a fault.
const EVERY: u64 = 100;

/// What is done to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Act {
    Answer,
    Close,
    Reset,
    CutHead,
    CutBody,
    CutChunk,
    NotHttp,
    BareLineFeed,
    WrongLength,
    WrongChunk,
    LongHead,
    LongBody,
    LongChunks,
    LongInterim,
    TwoLengths,
    Behind,
    Unavailable,
    Drip,
    Silence,
    HalfSilence,
}

impl Act {
    /// Everything but the right answer.
    pub const FAULTS: [Self; 19] = [
        Self::Close,
        Self::Reset,
        Self::CutHead,
        Self::CutBody,
        Self::CutChunk,
        Self::NotHttp,
        Self::BareLineFeed,
        Self::WrongLength,
        Self::WrongChunk,
        Self::LongHead,
        Self::LongBody,
        Self::LongChunks,
        Self::LongInterim,
        Self::TwoLengths,
        Self::Behind,
        Self::Unavailable,
        Self::Drip,
        Self::Silence,
        Self::HalfSilence,
    ];

    /// What the request of this number meets: every hundredth a fault, each fault as often as another.
    pub fn on(number: u64) -> Self {
        match number % EVERY {
            99 => Self::FAULTS[(number / EVERY) as usize % Self::FAULTS.len()],
            _ => Self::Answer,
        }
    }
}

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct Faulty {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    done: Mutex<BTreeMap<Act, u64>>,
    open: AtomicUsize,
}

impl Faulty {
    /// Starts one on a free port of loopback.
    ///
    /// # Errors
    ///
    /// It cannot listen.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, shared) = (listener.local_addr()?, Arc::new(Shared::default()));
        let of_task = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    Ok((stream, _)) = listener.accept() => {
                        let shared = Arc::clone(&of_task);
                        shared.open.fetch_add(1, Ordering::SeqCst);
                        connections.spawn(async move {
                            let _ = stream.set_nodelay(true);
                            // A client that leaves is none of the server's faults.
                            let _ = served(stream, &shared).await;
                            shared.open.fetch_sub(1, Ordering::SeqCst);
                        });
                    }
                    Some(_) = connections.join_next(), if !connections.is_empty() => {}
                }
            }
        });
        Ok(Self { address, shared, task })
    }

    /// How often each thing was done.
    pub fn done(&self) -> BTreeMap<Act, u64> {
        self.shared.done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn served(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while let Some(number) = number(&mut stream, &mut bytes).await? {
        let act = Act::on(number);
        *shared.done.lock().unwrap_or_else(PoisonError::into_inner).entry(act).or_default() += 1;
        match act {
            Act::Answer => stream.write_all(&answer(200, "", b"{}")).await?,
            Act::Unavailable => stream.write_all(&answer(503, "", b"{}")).await?,
            Act::Behind => stream.write_all(&[answer(200, "", b"{}").as_slice(), b"more"].concat()).await?,
            Act::TwoLengths => stream.write_all(&answer(200, "Content-Length: 3\r\n", b"{}")).await?,
            Act::Drip => {
                for byte in answer(200, "", b"{}") {
                    stream.write_all(&[byte]).await?;
                }
            }
            Act::Close => return Ok(()),
            Act::Reset => return stream.set_zero_linger(),
            Act::CutHead => return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-").await,
            Act::CutBody => return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}").await,
            Act::CutChunk => {
                return stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}").await;
            }
            Act::NotHttp => return stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await,
            Act::BareLineFeed => return stream.write_all(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}").await,
            Act::WrongLength => return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}").await,
            Act::WrongChunk => {
                return stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n").await;
            }
            Act::LongHead => {
                return flood(&mut stream, b"HTTP/1.1 200 OK\r\n", b"A: bcdefghijklmnopqrstuvwxyz\r\n").await;
            }
            Act::LongBody => return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n{}").await,
            Act::LongChunks => {
                let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                return flood(&mut stream, head, format!("1000\r\n{}\r\n", "x".repeat(4096)).as_bytes()).await;
            }
            Act::LongInterim => {
                let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(8000);
                return stream.write_all(&interim).await;
            }
            Act::Silence => return until_left(&mut stream).await,
            Act::HalfSilence => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-").await?;
                return until_left(&mut stream).await;
            }
        }
    }
    Ok(())
}

/// The number of the next request, whose bytes are then read; nothing at the end of the connection.
async fn number(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<Option<u64>> {
    let mut buffer = [0; 4096];
    loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..at]).to_ascii_lowercase();
            let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
            let length = at + 4 + value("content-length:").unwrap_or_default() as usize;
            if bytes.len() >= length {
                bytes.drain(..length);
                return Ok(value(&format!("{}:", NUMBER.to_ascii_lowercase())));
            }
        }
        match stream.read(&mut buffer).await? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn answer(status: u16, more: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} Own\r\nContent-Length: {}\r\n{more}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Writes this for as long as the client reads.
async fn flood(stream: &mut TcpStream, first: &[u8], again: &[u8]) -> std::io::Result<()> {
    stream.write_all(first).await?;
    let again = again.repeat(16);
    loop {
        stream.write_all(&again).await?;
    }
}

/// Says nothing more until the client closes the connection.
async fn until_left(stream: &mut TcpStream) -> std::io::Result<()> {
    while stream.read(&mut [0; 64]).await? > 0 {}
    Ok(())
}
