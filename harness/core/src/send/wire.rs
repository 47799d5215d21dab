//! The wire lane: sends exactly the bytes of the request, and sees every byte of the answer.

use super::connection::{Measured, Stream, has_ended, open, surplus};
use super::delivery::Outgoing;
use super::endpoint::Endpoint;
use super::error::SendError;
use super::exchange::{Exchange, Followed, Lane, Limits, Response, Timing};
use super::framing::says_close;
use super::http1::Decoder;
use super::proxy::Proxy;
use crate::http::{Framing, Request};
use crate::text::TargetText;
use futures_util::future::join_all;
use rustls::pki_types::ServerName;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{timeout, timeout_at};

/// The settings of the connections.
pub(super) struct Wire {
    pub(super) endpoint: Endpoint,
    pub(super) limits: Limits,
    pub(super) resolve: Option<SocketAddr>,
    pub(super) proxy: Option<Proxy>,
    pub(super) tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
}

impl Wire {
    /// Sends requests one after another, on one connection as long as the target keeps it open. A request is never sent
    /// again after one byte of it was sent, because the operation is destructive.
    pub(super) async fn exchanges(&self, requests: &[Request]) -> Vec<Exchange> {
        let mut connection: Option<Box<dyn Stream>> = None;
        let mut exchanges = Vec::with_capacity(requests.len());
        for request in requests {
            if let Some(idle) = &mut connection
                && timeout(self.limits.exchange, has_ended(idle)).await.unwrap_or(true)
            {
                connection = None;
            }
            let (exchange, left) = self.one(request, connection.take()).await;
            connection = left.filter(|left| left.is_clean).map(|left| left.stream);
            exchanges.push(exchange);
        }
        exchanges
    }

    /// Sends a request, and a second one on the same connection if the target keeps it, whatever came behind the first
    /// answer.
    pub(super) async fn followed(&self, request: &Request, by: &Request) -> (Exchange, Followed) {
        let (exchange, left) = self.one(request, None).await;
        let followed = match (left, &exchange.result) {
            (_, Ok(response)) if response.leftover > 0 => Followed::Surplus,
            (Some(left), Ok(_)) => Followed::Answered(Box::new(self.one(by, Some(left.stream)).await.0)),
            _ => Followed::Closed,
        };
        (exchange, followed)
    }

    /// Sends requests at the same time, each on a connection of its own: all are open before the first byte is sent. Each
    /// connection is closed with its answer, since a target may serve one connection after another.
    pub(super) async fn at_once(&self, requests: &[Request]) -> Vec<Exchange> {
        let opened = join_all(requests.iter().map(|_| self.start(None))).await;
        join_all(requests.iter().zip(opened).map(|(request, begun)| async {
            let (exchange, left) = self.on(request, begun).await;
            drop(left);
            exchange
        }))
        .await
    }

    /// Sends two requests in one write. The second one has no answer if the target closes the connection behind the first.
    pub(super) async fn pipelined(&self, first: &Request, second: &Request) -> (Exchange, Followed) {
        let [first, second] = [first, second].map(|request| match self.forwarding() {
            Some(proxy) => proxy.forwarded(request, &self.endpoint),
            None => request.clone(),
        });
        let begun = self.start(None).await;
        let Begun { opened, started, deadline, mut timing, .. } = begun;
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) => {
                return (Exchange { lane: Lane::Wire, result: Err(error), reused: false, timing }, Followed::Closed);
            }
        };
        let mut decoder = Decoder::new(self.limits.clone(), &first.method);
        let both = Outgoing::pipelined([&first, &second]);
        let result = self.within(deadline, &mut stream, &both, &mut decoder, (&mut timing, started)).await;
        let behind = decoder.rest();
        timing.total = started.elapsed();
        let result = self.of_target(result.map(|(response, _)| response));
        let mut first = Exchange { lane: Lane::Wire, result, reused: false, timing };
        let is_closed = match &mut first.result {
            Err(_) => true,
            Ok(response) => {
                // What is behind the first answer is the second one.
                response.leftover = 0;
                response.closes
            }
        };
        if is_closed && behind.is_empty() {
            return (first, Followed::Closed);
        }
        let mut decoder = Decoder::new(self.limits.clone(), &second.method);
        let mut timing = Timing::default();
        // A target that answers one after the other has its time for each.
        let deadline = self.deadline();
        let result = match decoder.feed(&behind) {
            Ok(Some(response)) => Ok(response),
            Err(error) => Err(error),
            Ok(None) => {
                let nothing = Outgoing::nothing();
                let exchanged = self.within(deadline, &mut stream, &nothing, &mut decoder, (&mut timing, started));
                exchanged.await.map(|(response, _)| response)
            }
        };
        let result = self.of_target(result);
        timing.total = started.elapsed();
        let is_unanswered = matches!(result, Err(SendError::ClosedBeforeAnswer | SendError::Reset { received: 0 }));
        if is_unanswered {
            return (first, Followed::Closed);
        }
        (first, Followed::Answered(Box::new(Exchange { lane: Lane::Wire, result, reused: true, timing })))
    }

    /// Sends a request, and gives back the connection if the target keeps it.
    async fn one(&self, request: &Request, connection: Option<Box<dyn Stream>>) -> (Exchange, Option<Left>) {
        let begun = self.start(connection).await;
        self.on(request, begun).await
    }

    /// Begins an exchange: on this connection, or else on a new one.
    async fn start(&self, connection: Option<Box<dyn Stream>>) -> Begun {
        #[expect(clippy::disallowed_methods, reason = "the exchange is measured")]
        let started = Instant::now();
        let deadline = self.deadline();
        let mut timing = Timing::default();
        let reused = connection.is_some();
        let opened = match connection {
            Some(stream) => Ok(stream),
            None => {
                let opened = self.connect(&mut Measured { timing: &mut timing, started }).await;
                timing.connect = Some(started.elapsed());
                opened
            }
        };
        Begun { opened, reused, started, deadline, timing }
    }

    /// Writes what is to be sent and reads the next answer, before the deadline.
    async fn within(
        &self,
        deadline: tokio::time::Instant,
        stream: &mut Box<dyn Stream>,
        outgoing: &Outgoing,
        decoder: &mut Decoder,
        (timing, started): (&mut Timing, Instant),
    ) -> Result<(Response, Sent), SendError> {
        match timeout_at(deadline, exchange(stream, outgoing, decoder, timing, started)).await {
            Ok(ended) => ended,
            Err(_) => Err(SendError::Timeout { after: self.limits.exchange, received: decoder.received() }),
        }
    }

    /// Sends a request on a connection, and gives it back if the target keeps it.
    async fn on(&self, request: &Request, begun: Begun) -> (Exchange, Option<Left>) {
        let forwarded = self.forwarding().map(|proxy| proxy.forwarded(request, &self.endpoint));
        let request = forwarded.as_ref().unwrap_or(request);
        let Begun { opened, reused, started, deadline, mut timing } = begun;
        let mut left = None;
        let result = match opened {
            Err(error) => Err(error),
            Ok(mut stream) => {
                let mut decoder = Decoder::new(self.limits.clone(), &request.method);
                let outgoing = Outgoing::of(request);
                match self.within(deadline, &mut stream, &outgoing, &mut decoder, (&mut timing, started)).await {
                    Ok((mut response, sent)) => {
                        response.leftover += timeout_at(deadline, surplus(&mut stream)).await.unwrap_or(0);
                        if sent == Sent::Whole && keeps_the_connection(request, &response) {
                            left = Some(Left { stream, is_clean: leaves_a_clean_connection(request, &response) });
                        }
                        Ok(response)
                    }
                    Err(error) => Err(error),
                }
            }
        };
        let result = self.of_target(result);
        timing.total = started.elapsed();
        (Exchange { lane: Lane::Wire, result, reused, timing }, left)
    }

    /// When an exchange that begins now has to be over.
    fn deadline(&self) -> tokio::time::Instant {
        #[expect(clippy::disallowed_methods, reason = "the exchange has a limit")]
        let now = tokio::time::Instant::now();
        now + self.limits.exchange
    }

    /// What the target answered; a proxy that wants a login answered in its place.
    fn of_target(&self, result: Result<Response, SendError>) -> Result<Response, SendError> {
        match (self.forwarding(), result) {
            (Some(proxy), Ok(Response { status: 407, .. })) => Err(proxy.wants_login()),
            (_, result) => result,
        }
    }

    /// The proxy, if it sees the requests: without TLS there is no tunnel.
    fn forwarding(&self) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|_| self.tls.is_none())
    }

    async fn connect(&self, measured: &mut Measured<'_>) -> Result<Box<dyn Stream>, SendError> {
        let limit = self.limits.connect.min(self.limits.exchange);
        let opened = open(&self.endpoint, self.resolve, self.proxy.as_ref(), self.tls.as_ref(), measured);
        timeout(limit, opened).await.unwrap_or(Err(SendError::ConnectTimeout(limit)))
    }
}

/// An exchange of which nothing was sent yet.
struct Begun {
    opened: Result<Box<dyn Stream>, SendError>,
    reused: bool,
    started: Instant,
    deadline: tokio::time::Instant,
    timing: Timing,
}

/// How much of a request was sent before its answer was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Whole,
    Part,
}

/// A connection that the target keeps.
struct Left {
    stream: Box<dyn Stream>,
    /// Whether both ends agree where the next message begins.
    is_clean: bool,
}

/// Whether both ends keep the connection.
fn keeps_the_connection(request: &Request, response: &Response) -> bool {
    !response.closes && response.status != 101 && !says_close(&request.headers)
}

/// Whether both ends agree where the next message begins. If not, the next request would be read as the rest of this
/// one, or its answer would begin with what came behind this one, and the blame would fall on the wrong exchange.
fn leaves_a_clean_connection(request: &Request, response: &Response) -> bool {
    let agrees = match request.framing {
        Framing::ContentLength | Framing::Chunked => true,
        Framing::Absent => request.body.is_empty(),
        Framing::Stated(length) => length == request.body.len() as u64,
    };
    agrees && response.leftover == 0 && keeps_the_connection(request, response)
}

/// Writes and reads at the same time, because a target may answer before it has read everything.
async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    outgoing: &Outgoing,
    decoder: &mut Decoder,
    timing: &mut Timing,
    started: Instant,
) -> Result<(Response, Sent), SendError> {
    let Outgoing { bytes, pieces, is_finished } = outgoing;
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut buffer = Vec::with_capacity(16 * 1024);
    let mut pieces = pieces.iter();
    let mut end = pieces.next().map_or(0, |piece| piece.end);
    let mut written = 0;
    let mut writing = Writing::Goes;
    loop {
        let sent = if writing == Writing::Done { Sent::Whole } else { Sent::Part };
        tokio::select! {
            biased;
            wrote = write_or_flush(&mut writer, &bytes[written..end]), if writing == Writing::Goes => match wrote {
                Ok(0) if written == end => match pieces.next() {
                    None => writing = Writing::Done,
                    Some(piece) => {
                        end = piece.end;
                        #[expect(clippy::disallowed_methods, reason = "the next piece waits until it is due")]
                        let due = tokio::time::Instant::now() + piece.pause;
                        writing = Writing::Pauses(due);
                    }
                },
                // The target may still have answered.
                Ok(0) | Err(_) => writing = Writing::Failed,
                Ok(count) => written += count,
            },
            () = until(writing), if matches!(writing, Writing::Pauses(_)) => writing = Writing::Goes,
            read = reader.read_buf(&mut buffer) => match read {
                Ok(0) => return Ok((decoder.end()?.ok_or(SendError::ClosedBeforeAnswer)?, sent)),
                Ok(_) => {
                    timing.first_byte.get_or_insert_with(|| started.elapsed());
                    let fed = decoder.feed(&buffer)?;
                    buffer.clear();
                    if let Some(response) = fed {
                        let goes_on = *is_finished && sent == Sent::Part && !response.closes;
                        let sent = match goes_on && writes_rest(&mut writer, &bytes[written..]).await {
                            true => Sent::Whole,
                            false => sent,
                        };
                        return Ok((response, sent));
                    }
                }
                // The TLS peer closed without a close notification, which anybody on the way can make it look like.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(decoder.cut()),
                Err(error) => return Err(broken(&error, decoder.received())),
            },
        }
    }
}

/// The progress of writing the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    Goes,
    /// Until then.
    Pauses(tokio::time::Instant),
    Done,
    Failed,
}

async fn until(writing: Writing) {
    if let Writing::Pauses(due) = writing {
        tokio::time::sleep_until(due).await;
    }
}

/// Writes what the target did not wait for. It may close the connection instead of reading it.
async fn writes_rest(writer: &mut (impl AsyncWrite + Unpin), rest: &[u8]) -> bool {
    writer.write_all(rest).await.is_ok() && writer.flush().await.is_ok()
}

/// Writes some of the remaining bytes, or flushes if none remain. TLS holds records back until it is flushed.
async fn write_or_flush(writer: &mut (impl AsyncWrite + Unpin), left: &[u8]) -> Result<usize, Error> {
    if left.is_empty() { writer.flush().await.map(|()| 0) } else { writer.write(left).await }
}

/// The reason why reading failed. Only a reset is caused by the peer.
fn broken(error: &Error, received: usize) -> SendError {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            SendError::Reset { received }
        }
        // With TLS 1.3, a refused handshake is reported only here.
        ErrorKind::InvalidData => SendError::Tls(TargetText::new(error.to_string()).into()),
        _ => SendError::Connect(error.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Header;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use tokio::io::ReadBuf;

    /// Accepts all bytes, never flushes, and answers.
    struct Unflushed(&'static [u8]);

    impl AsyncRead for Unflushed {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<(), Error>> {
            into.put_slice(std::mem::take(&mut self.0));
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Unflushed {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Error>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Pending
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn an_answer_is_read_while_the_last_bytes_of_the_request_wait() {
        let request = Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: vec![Header::new("Content-Length", "0")],
            body: Vec::new(),
            framing: Framing::ContentLength,
            delivery: Default::default(),
        };
        let mut stream = Unflushed(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        let mut decoder = Decoder::new(Limits::default(), "POST");
        let mut timing = Timing::default();
        #[expect(clippy::disallowed_methods, reason = "the exchange is measured")]
        let started = Instant::now();
        let outgoing = Outgoing::of(&request);
        let exchanged = exchange(&mut stream, &outgoing, &mut decoder, &mut timing, started);
        let exchanged = timeout(Limits::default().exchange, exchanged).await;
        assert!(matches!(exchanged, Ok(Ok((Response { status: 400, .. }, Sent::Part)))), "{exchanged:?}");
    }
}
