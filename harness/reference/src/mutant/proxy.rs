//! A proxy on loopback that rewrites the answers of the operation under test and leaves all others alone.

use super::reply::{Ending, Reply, Rewrite};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The longest head that passes.
const HEAD_LIMIT: usize = 256 * 1024;

/// What the pipe between the proxy and the server holds; either side waits for the other beyond that.
const PIPE: usize = 64 * 1024;

/// What is read at a time.
const CHUNK: usize = 8 * 1024;

/// Hands everything that arrives to `serve`, and back with the rewrite. The server behind it gets a pipe for each
/// connection: another socket would cost as much as the whole exchange.
pub(crate) async fn front<S, F>(listener: TcpListener, rewrite: Rewrite, serve: S)
where
    S: Fn(DuplexStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let count = Arc::new(AtomicU32::new(0));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    let _ = client.set_nodelay(true);
                    let (near, far) = duplex(PIPE);
                    let (carried, served) = (carry(client, near, rewrite, Arc::clone(&count)), serve(far));
                    // Each ends when the other does, with what is still in the pipe.
                    connections.spawn(async { tokio::join!(carried, served) });
                }
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// One connection, request by request. A broken connection is the client's affair.
async fn carry(mut client: TcpStream, mut server: DuplexStream, rewrite: Rewrite, count: Arc<AtomicU32>) -> Option<()> {
    let mut from_client = Vec::new();
    let mut from_server = Vec::new();
    loop {
        let request = message(&mut client, &mut from_client, Body::AsAnnounced).await?;
        server.write_all(&request).await.ok()?;
        let asked = String::from_utf8_lossy(&request);
        let head = asked.to_lowercase();
        let is_head = head.starts_with("head ");
        let body = if is_head { Body::Never } else { Body::AsAnnounced };
        let mut answer = message(&mut server, &mut from_server, body).await?;
        // An interim answer is none of those that are rewritten; the answer comes behind it.
        while answer.starts_with(b"HTTP/1.1 1") {
            client.write_all(&answer).await.ok()?;
            answer = message(&mut server, &mut from_server, body).await?;
        }
        if is_lifecycle(&head) {
            client.write_all(&answer).await.ok()?;
            continue;
        }
        let mut reply = parse(&answer)?;
        if rewrite.covers(&asked, &reply, count.fetch_add(1, Ordering::Relaxed) + 1) {
            (rewrite.change)(&mut reply);
        }
        if is_head {
            reply.body.clear();
            if reply.ending == Ending::Chunked {
                reply.ending = Ending::Length;
            }
        }
        client.write_all(&reply.bytes()).await.ok()?;
        if reply.closes() {
            client.shutdown().await.ok()?;
            return Some(());
        }
    }
}

/// Whether a request is for one of the calls around the operation.
fn is_lifecycle(head: &str) -> bool {
    let Some((_, rest)) = head.split_once("x-amz-target:") else { return false };
    let target = rest.lines().next().unwrap_or_default().trim();
    let names = [
        "createkey",
        "describekey",
        "listkeys",
        "getparametersforimport",
        "importkeymaterial",
        "encrypt",
        "decrypt",
        "generatemac",
        "sign",
        "enablekey",
        "disablekey",
        "schedulekeydeletion",
        "cancelkeydeletion",
        "createalias",
        "deletealias",
        "tagresource",
        "listresourcetags",
        "listkeyrotations",
    ];
    target.strip_prefix("trentservice.").is_some_and(|name| names.contains(&name))
}

/// Whether a message has the body that it announces; an answer to HEAD has not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    AsAnnounced,
    Never,
}

/// The bytes of one message with a Content-Length, a chunked body, or none.
async fn message(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>, body: Body) -> Option<Vec<u8>> {
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

/// The length of the first message, once it is whole.
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
    Some(Reply { status, headers, body: answer[end + 4..].to_vec(), ending: Ending::Length })
}
