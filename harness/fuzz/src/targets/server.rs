//! A reference server that runs beside the targets, and what is said on a connection to it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use trentcheck_core::send::{Limits, Response, read_answer};
use trentcheck_reference::{Config, Server};

/// Longer than any answer takes, also on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// Connections after which another server is started, since keys of the old one fill its memory.
const CONNECTIONS: u64 = 5000;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    // A task that panics ends in silence: its connection is closed.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        usual(panic);
    }));
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
});

static PANICS: AtomicU64 = AtomicU64::new(0);

static SERVER: Mutex<Option<Server>> = Mutex::new(None);

/// The address of a server, and how many connections it has had.
fn address() -> SocketAddr {
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if server.as_ref().is_none_or(|server| server.served() > CONNECTIONS) {
        *server = Some(RUNTIME.block_on(Server::start(Config::default())).unwrap());
    }
    server.as_ref().unwrap().address()
}

/// How long a request that is not whole is waited for: the server says nothing to it.
const IDLE: Duration = Duration::from_millis(5);

/// What ends the wait for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// An answer has to come.
    Answer,
    /// The bytes may be no whole request: nothing has to come.
    Idle,
}

/// Sends bytes, and returns what comes until the server closes. The end of the bytes is sent after the first answer only,
/// since the server closes a connection that its client has left.
///
/// # Panics
///
/// The server panicked, or it did not answer or close in time.
pub(super) fn said(bytes: &[u8], wait: Wait) -> Vec<u8> {
    // Two at a time would be taken for each other's panics.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = &*RUNTIME;
    let before = PANICS.load(Ordering::SeqCst);
    let address = address();
    let answers = runtime.block_on(async { tokio::time::timeout(LIMIT, exchange(address, bytes, wait)).await });
    assert_eq!(PANICS.load(Ordering::SeqCst), before, "the server panicked");
    answers.unwrap()
}

async fn exchange(address: SocketAddr, bytes: &[u8], wait: Wait) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut answers = Vec::new();
    let reading = async {
        let mut buffer = [0; 4096];
        while read_answer(&[&answers], &Limits::default(), "POST").is_err() {
            let read = reader.read(&mut buffer);
            let read = match wait {
                Wait::Answer => read.await,
                Wait::Idle => tokio::time::timeout(IDLE, read).await.unwrap_or(Ok(0)),
            };
            // A connection that is closed with bytes unread is reset.
            match read {
                Ok(count @ 1..) => answers.extend_from_slice(&buffer[..count]),
                Ok(0) | Err(_) => break,
            }
        }
    };
    // A server may refuse before it has read all.
    let _ = tokio::join!(writer.write_all(bytes), reading);
    let _ = writer.shutdown().await;
    let _ = reader.read_to_end(&mut answers).await;
    answers
}

/// The answers in these bytes, each read as the wire lane reads it.
///
/// # Panics
///
/// They are no HTTP.
pub(super) fn answers(mut bytes: &[u8]) -> Vec<Response> {
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let answer = read_answer(&[bytes], &Limits::default(), "POST");
        // The client left before the answer that follows.
        if answer.is_err() && bytes == b"HTTP/1.1 100 Continue\r\n\r\n" {
            break;
        }
        let answer = answer.unwrap_or_else(|error| panic!("{error:?}: {}", bytes.escape_ascii()));
        bytes = &bytes[bytes.len() - answer.leftover..];
        answers.push(answer);
    }
    answers
}
