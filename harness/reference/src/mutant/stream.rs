//! Faults in how a connection is read and written, whatever a single answer says.

use super::fault::Habit;
use super::proxy::{Body, between, is_lifecycle, message};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};

/// The longest request that is cut, in bytes. A longer one needs several reads anyway.
const CUT: usize = 4096;

/// A refusal without a body.
const REFUSAL: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 0\r\n\r\n";

/// Passes each connection to `serve` and the answers back, with this fault.
pub(crate) async fn front<S, F>(listener: TcpListener, habit: Habit, serve: S)
where
    S: Fn(DuplexStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    between(listener, move |client, near| carry(client, near, habit), serve).await;
}

/// Carries one connection. It returns `None` when the connection breaks. That is not an error here.
async fn carry(mut client: TcpStream, mut server: DuplexStream, habit: Habit) -> Option<()> {
    let (mut from_client, mut from_server) = (Vec::new(), Vec::new());
    let mut has_refused = false;
    loop {
        if habit == Habit::LineEndMissed && ends_inside_line_end(&mut client, &mut from_client).await? {
            client.write_all(REFUSAL).await.ok()?;
            return client.shutdown().await.ok();
        }
        if matches!(habit, Habit::BodyLeft | Habit::FirstReadCounts | Habit::ContinueCounts) {
            let head = head(&mut client, &mut from_client).await?;
            let text = String::from_utf8_lossy(&from_client[..head]).to_ascii_lowercase();
            let announced = length(&text);
            let is_cut = from_client.len() < head + announced && head + announced <= CUT && !is_lifecycle(&text);
            if is_cut && habit == Habit::BodyLeft && !text.contains("\r\nauthorization:") {
                from_client.drain(..head);
                client.write_all(REFUSAL).await.ok()?;
                continue;
            }
            let is_asked_for = habit == Habit::ContinueCounts && text.contains("\r\nexpect: 100-continue\r\n");
            if is_cut && is_asked_for {
                client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.ok()?;
            }
            if is_cut && (habit == Habit::FirstReadCounts || is_asked_for) {
                let line = format!("\r\ncontent-length: {announced}\r\n");
                let here = format!("\r\nContent-Length: {}\r\n", from_client.len() - head);
                if let Some(at) = text.find(&line) {
                    from_client.splice(at..at + line.len(), here.into_bytes());
                }
            }
        }
        let request = message(&mut client, &mut from_client, Body::AsAnnounced).await?;
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if has_refused && !is_lifecycle(&text) {
            client.write_all(REFUSAL).await.ok()?;
            continue;
        }
        server.write_all(&request).await.ok()?;
        let mut answer = message(&mut server, &mut from_server, body_of(&text)).await?;
        while answer.starts_with(b"HTTP/1.1 1") {
            client.write_all(&answer).await.ok()?;
            answer = message(&mut server, &mut from_server, body_of(&text)).await?;
        }
        if habit == Habit::LastFirst && !from_client.is_empty() {
            let second = message(&mut client, &mut from_client, Body::AsAnnounced).await?;
            server.write_all(&second).await.ok()?;
            let body = body_of(&String::from_utf8_lossy(&second).to_lowercase());
            let first_sent = message(&mut server, &mut from_server, body).await?;
            client.write_all(&first_sent).await.ok()?;
        }
        has_refused |= habit == Habit::RefusesOn && answer.starts_with(b"HTTP/1.1 4") && !is_lifecycle(&text);
        client.write_all(&answer).await.ok()?;
        let says_close = |text: &str| text.contains("\r\nconnection: close\r\n");
        if says_close(&text) || says_close(&String::from_utf8_lossy(&answer).to_lowercase()) {
            return client.shutdown().await.ok();
        }
    }
}

fn body_of(request: &str) -> Body {
    if request.starts_with("head ") { Body::Never } else { Body::AsAnnounced }
}

/// Reads until the head of a request is there, and no further. The result is the length of the head.
async fn head(client: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<usize> {
    loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            return Some(at + 4);
        }
        if client.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// Reads until the head of a request is there. Returns whether what had come ended inside the end of a line before that.
async fn ends_inside_line_end(client: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<bool> {
    loop {
        if buffer.windows(4).any(|window| window == b"\r\n\r\n") {
            return Some(false);
        }
        // A full buffer would end a read anywhere.
        buffer.reserve(CUT);
        if client.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
        if buffer.ends_with(b"\r") {
            return Some(true);
        }
    }
}

/// The Content-Length of a head in lower case.
fn length(head: &str) -> usize {
    let value = head.split_once("\r\ncontent-length:").and_then(|(_, rest)| rest.lines().next());
    value.and_then(|value| value.trim().parse().ok()).unwrap_or_default()
}
