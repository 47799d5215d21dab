//! A proxy on loopback that rewrites answers of the operation under test, or answers in place of the reference. Answers of
//! other operations pass unchanged, unless a rewrite is for every operation.

use super::asked::Asked;
use super::reached::Reached;
use super::reply::{Ending, Reply, Rewrite};
use crate::operations::others;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The longest head that the proxy accepts, in bytes.
const HEAD_LIMIT: usize = 256 * 1024;

/// The capacity of the pipe between the proxy and the server, in bytes. A writer waits while the pipe is full.
const PIPE: usize = 64 * 1024;

/// How many bytes are read at a time.
const CHUNK: usize = 8 * 1024;

/// Passes each connection to `serve` and the answers back, rewritten. `serve` gets a pipe instead of a second socket,
/// because a socket would cost as much as the whole exchange.
pub(crate) async fn front<S, F>(listener: TcpListener, rewrite: Rewrite, serve: S)
where
    S: Fn(DuplexStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let count = Arc::new(AtomicU32::new(0));
    between(listener, move |client, near| carry(client, near, rewrite, Arc::clone(&count)), serve).await;
}

/// Passes each connection to `serve` and the answers back, and tells which mutants would have changed something.
pub(crate) async fn watch<S, F>(listener: TcpListener, reached: Arc<Reached>, serve: S)
where
    S: Fn(DuplexStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let carry = move |client, near| {
        let reached = Arc::clone(&reached);
        async move { carry_watched(client, near, &reached).await }
    };
    between(listener, carry, serve).await;
}

/// Passes each connection to `serve` through what `carry` does to it.
pub(super) async fn between<C, G, S, F>(listener: TcpListener, carry: C, serve: S)
where
    C: Fn(TcpStream, DuplexStream) -> G,
    G: Future<Output = Option<()>> + Send + 'static,
    S: Fn(DuplexStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    let _ = client.set_nodelay(true);
                    let (near, far) = duplex(PIPE);
                    let (carried, served) = (carry(client, near), serve(far));
                    // When one of the two ends, the other one empties the pipe and ends too.
                    connections.spawn(async { tokio::join!(carried, served) });
                }
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// Carries one connection, request by request. It returns `None` when the connection breaks. That is not an error here.
async fn carry(mut client: TcpStream, mut server: DuplexStream, rewrite: Rewrite, count: Arc<AtomicU32>) -> Option<()> {
    let mut from_client = Vec::new();
    let mut from_server = Vec::new();
    loop {
        let request = message(&mut client, &mut from_client, Body::AsAnnounced).await?;
        let asked = Asked::of(&request);
        let head = asked.text.to_lowercase();
        let is_head = head.starts_with("head ");
        let is_last = head.contains("\r\nconnection: close\r\n");
        let is_lifecycle = is_lifecycle(&head);
        let body = if is_head { Body::Never } else { Body::AsAnnounced };
        let reply = match rewrite.instead(&asked).filter(|_| !is_lifecycle) {
            Some(reply) => reply,
            None => {
                let other = rewrite.forward(&asked).filter(|_| !is_lifecycle);
                server.write_all(other.as_deref().unwrap_or(&request)).await.ok()?;
                let mut answer = message(&mut server, &mut from_server, body).await?;
                // Interim answers (1xx) are not rewritten. The final answer follows them.
                while answer.starts_with(b"HTTP/1.1 1") {
                    client.write_all(&answer).await.ok()?;
                    answer = message(&mut server, &mut from_server, body).await?;
                }
                if is_lifecycle && !matches!(rewrite, Rewrite::Everything(_)) {
                    client.write_all(&answer).await.ok()?;
                    if is_last {
                        return client.shutdown().await.ok();
                    }
                    continue;
                }
                let mut reply = parse(&answer)?;
                rewrite.change(&asked, &mut reply, count.fetch_add(1, Ordering::Relaxed) + 1);
                reply
            }
        };
        if !send(&mut client, reply, is_head).await? || is_last {
            return client.shutdown().await.ok();
        }
    }
}

/// Carries one connection as it is, and looks at each exchange.
async fn carry_watched(mut client: TcpStream, mut server: DuplexStream, reached: &Reached) -> Option<()> {
    let mut from_client = Vec::new();
    loop {
        let is_last = watched(&mut client, &mut from_client, &mut server, reached).await;
        match is_last {
            Some(false) => {}
            Some(true) => return client.shutdown().await.ok(),
            None => {
                // The connection broke within an exchange that was not understood.
                if !from_client.is_empty() {
                    reached.unread();
                }
                return None;
            }
        }
    }
}

/// Carries one exchange. Returns whether it is the last one on its connection.
async fn watched(
    client: &mut TcpStream,
    from_client: &mut Vec<u8>,
    server: &mut DuplexStream,
    reached: &Reached,
) -> Option<bool> {
    let request = message(client, from_client, Body::AsAnnounced).await?;
    let asked = Asked::of(&request);
    let head = asked.text.to_lowercase();
    let body = if head.starts_with("head ") { Body::Never } else { Body::AsAnnounced };
    server.write_all(&request).await.ok()?;
    let mut from_server = Vec::new();
    loop {
        let answer = message(server, &mut from_server, body).await;
        let answer = answer.or_else(|| {
            reached.unread();
            None
        })?;
        // Interim answers (1xx) come before the one that counts.
        let is_interim = answer.starts_with(b"HTTP/1.1 1");
        if !is_interim {
            match parse(&answer) {
                Some(reply) => reached.answer(&asked, &request, is_lifecycle(&head), &reply),
                None => reached.unread(),
            }
        }
        client.write_all(&answer).await.ok()?;
        if !is_interim {
            return Some(head.contains("\r\nconnection: close\r\n"));
        }
    }
}

/// Sends an answer. Returns whether the connection stays open.
async fn send(client: &mut TcpStream, mut reply: Reply, is_head: bool) -> Option<bool> {
    if is_head {
        reply.body.clear();
        if reply.ending == Ending::Chunked {
            reply.ending = Ending::Length;
        }
    }
    client.write_all(&reply.bytes()).await.ok()?;
    Some(!reply.closes())
}

/// Whether a request is for another operation than the one under test. Only `Rewrite::Everything` changes the answers of
/// these.
pub(super) fn is_lifecycle(head: &str) -> bool {
    let Some((_, rest)) = head.split_once("x-amz-target:") else { return false };
    let target = rest.lines().next().unwrap_or_default().trim();
    target.strip_prefix("trentservice.").is_some_and(|name| others().any(|other| other.eq_ignore_ascii_case(name)))
}

/// Whether a message has the body that its head announces. An answer to HEAD has no body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    AsAnnounced,
    Never,
}

/// Reads the bytes of one message. Its body has a Content-Length, is chunked, or is absent.
pub(super) async fn message(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    body: Body,
) -> Option<Vec<u8>> {
    loop {
        if let Some(length) = complete(buffer, body) {
            return Some(buffer.drain(..length).collect());
        }
        if buffer.len() > HEAD_LIMIT + 1024 * 1024 {
            return None;
        }
        buffer.reserve(CHUNK);
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// The length of the first message in the buffer, if the message is complete.
fn complete(buffer: &[u8], body: Body) -> Option<usize> {
    let end = buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
    if body == Body::Never {
        return Some(end);
    }
    let is_chunked = head.contains("\r\ntransfer-encoding: chunked");
    if is_chunked {
        let close = b"0\r\n\r\n";
        return buffer[end..].windows(close.len()).position(|window| window == close).map(|at| end + at + close.len());
    }
    let length = head
        .split_once("\r\ncontent-length:")
        .and_then(|(_, rest)| rest.lines().next()?.trim().parse::<usize>().ok())
        .unwrap_or_default();
    (buffer.len() >= end + length).then_some(end + length)
}

fn parse(answer: &[u8]) -> Option<Reply> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Some(Reply {
        before: "",
        version: "HTTP/1.1",
        status,
        reason: "Status",
        headers,
        body: answer[end + 4..].to_vec(),
        ending: Ending::Length,
    })
}
