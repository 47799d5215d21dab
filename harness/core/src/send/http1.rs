//! HTTP/1.1 as bytes: writes a request unchanged, and reads an answer piece by piece and strictly.

use super::chunked::Chunks;
use super::error::SendError;
use super::exchange::{Limits, Response, ResponseFraming, Version};
use super::framing::{End, framing, says_close};
use crate::http::{Framing, Header, Request};

/// The number of header lines that fit at first. A longer answer is parsed again with more room. The limit in bytes is
/// what restricts an answer.
const HEADER_LINES: usize = 24;

/// Bytes that the head of an ordinary request has at most.
const ORDINARY: usize = 1024;

/// The bytes of a request.
pub(crate) fn encode(request: &Request) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ORDINARY + request.body.len());
    for part in [&request.method, " ", &request.target, " HTTP/1.1\r\n"] {
        bytes.extend_from_slice(part.as_bytes());
    }
    for header in &request.headers {
        bytes.extend_from_slice(header.name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(&header.value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    if request.framing != Framing::Chunked {
        bytes.extend_from_slice(&request.body);
        return bytes;
    }
    // Two chunks show whether a target reads only the first one.
    let (first, second) = request.body.split_at(request.body.len() / 2);
    for chunk in [first, second] {
        if !chunk.is_empty() {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// Reads one answer, in pieces as they arrive.
pub(super) struct Decoder {
    limits: Limits,
    is_head_request: bool,
    buffer: Vec<u8>,
    received: usize,
    interim: Vec<u16>,
    interim_bytes: usize,
    head: Option<Head>,
}

struct Head {
    version: Version,
    status: u16,
    reason: String,
    headers: Vec<Header>,
    framing: ResponseFraming,
    end: End,
    body: Vec<u8>,
    chunks: Chunks,
}

impl Decoder {
    pub(super) fn new(limits: Limits, method: &str) -> Self {
        Self {
            limits,
            is_head_request: method == "HEAD",
            buffer: Vec::new(),
            received: 0,
            interim: Vec::new(),
            interim_bytes: 0,
            head: None,
        }
    }

    /// The bytes behind the answer, once it is complete.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// The number of bytes of the answer that were received so far.
    pub(super) fn received(&self) -> usize {
        self.received
    }

    /// Takes bytes, and returns the answer once it is complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Option<Response>, SendError> {
        self.received += bytes.len();
        self.buffer.extend_from_slice(bytes);
        loop {
            if self.head.is_none() && !self.read_head()? {
                return Ok(None);
            }
            match &self.head {
                Some(head) if is_interim(head.status) => {
                    self.interim.push(head.status);
                    self.head = None;
                }
                _ => return if self.read_body()? { self.finish(false) } else { Ok(None) },
            }
        }
    }

    /// The peer closed the connection. Returns the answer if the close marks its end.
    pub(super) fn end(&mut self) -> Result<Option<Response>, SendError> {
        let Some(head) = &self.head else {
            return Err(if self.received == 0 {
                SendError::ClosedBeforeAnswer
            } else {
                SendError::Truncated { expected: None, received: self.received }
            });
        };
        match head.end {
            End::Close => self.finish(true),
            End::Length(length) => Err(SendError::Truncated { expected: Some(length), received: self.buffer.len() }),
            End::Head | End::Chunks => Err(SendError::Truncated { expected: None, received: head.body.len() }),
        }
    }

    /// The connection broke off, which does not mark the end of an answer.
    pub(super) fn cut(&mut self) -> SendError {
        let received = self.buffer.len();
        self.end().err().unwrap_or(SendError::Truncated { expected: None, received })
    }

    fn read_head(&mut self) -> Result<bool, SendError> {
        // HTTP allows no empty line before the status line, and a reader of answers must not skip one.
        let start = b"HTTP/";
        let known = self.buffer.len().min(start.len());
        if self.buffer[..known] != start[..known] {
            return Err(SendError::NotHttp { first_bytes: self.buffer.iter().take(40).copied().collect() });
        }
        // Interim answers count too. Otherwise a target that sends only interim answers would fill the memory.
        let room = self.limits.head - self.interim_bytes;
        let bytes = &self.buffer[..self.buffer.len().min(room)];
        let mut lines = vec![httparse::EMPTY_HEADER; HEADER_LINES];
        let (length, head) = loop {
            let mut parsed = httparse::Response::new(&mut lines);
            match parsed.parse(bytes) {
                Ok(httparse::Status::Complete(length)) => break (length, Head::new(&parsed, self.is_head_request)),
                Ok(httparse::Status::Partial) if self.buffer.len() <= room => return Ok(false),
                Ok(httparse::Status::Partial) => {
                    return Err(SendError::HeadTooLarge { limit: self.limits.head });
                }
                Err(httparse::Error::TooManyHeaders) => {
                    let more = lines.len() * 2;
                    lines = vec![httparse::EMPTY_HEADER; more];
                }
                Err(error) => return Err(SendError::Malformed(error.to_string().into())),
            }
        };
        if bytes[..length].split(|byte| *byte == b'\n').rev().skip(1).any(|line| !line.ends_with(b"\r")) {
            return Err(SendError::Malformed("a line of the head that ends without a carriage return".into()));
        }
        let head = head?;
        if is_interim(head.status) {
            self.interim_bytes += length;
        }
        self.head = Some(head);
        self.buffer.drain(..length);
        Ok(true)
    }

    /// Moves bytes of the body, and returns whether the body is complete.
    fn read_body(&mut self) -> Result<bool, SendError> {
        let limit = self.limits.body;
        let Some(head) = &mut self.head else { return Ok(false) };
        match head.end {
            End::Head => Ok(true),
            End::Length(length) if length > limit as u64 => Err(SendError::BodyTooLarge { limit }),
            End::Length(length) => {
                let missing = usize::try_from(length).unwrap_or(limit).saturating_sub(self.buffer.len());
                // A buffer that doubles would come to twice the body.
                self.buffer.reserve_exact(missing);
                Ok(missing == 0)
            }
            End::Close if self.buffer.len() > limit => Err(SendError::BodyTooLarge { limit }),
            End::Close => Ok(false),
            End::Chunks => head.chunks.read(&mut self.buffer, &mut head.body, limit, self.limits.head),
        }
    }

    fn finish(&mut self, closed: bool) -> Result<Option<Response>, SendError> {
        let Some(mut head) = self.head.take() else { return Ok(None) };
        match head.end {
            End::Length(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX).min(self.buffer.len());
                // What came stays where it is: a large body is not held twice.
                let rest = self.buffer.split_off(length);
                head.body = std::mem::replace(&mut self.buffer, rest);
            }
            End::Close => head.body = std::mem::take(&mut self.buffer),
            End::Head | End::Chunks => {}
        }
        let closes = closed
            || says_close(&head.headers)
            || head.version == Version::Http10
            || matches!(head.framing, ResponseFraming::Ambiguous(_));
        Ok(Some(Response {
            version: head.version,
            status: head.status,
            reason: head.reason,
            headers: head.headers,
            body: head.body,
            framing: head.framing,
            interim: std::mem::take(&mut self.interim),
            leftover: self.buffer.len(),
            closes,
        }))
    }
}

impl Head {
    fn new(parsed: &httparse::Response<'_, '_>, is_head_request: bool) -> Result<Self, SendError> {
        let headers: Vec<Header> = parsed.headers.iter().map(|line| Header::new(line.name, line.value)).collect();
        let status = parsed.code.unwrap_or_default();
        // HTTP has no such status, and the http lane's client takes none.
        if status < 100 {
            return Err(SendError::Malformed(format!("the status {status:03}").into()));
        }
        let (framing, end) = framing(status, is_head_request, &headers)?;
        Ok(Self {
            version: if parsed.version == Some(0) { Version::Http10 } else { Version::Http11 },
            status,
            reason: parsed.reason.unwrap_or_default().to_owned(),
            headers,
            framing,
            end,
            body: Vec::new(),
            chunks: Chunks::new(),
        })
    }
}

/// Reads one answer from the pieces in which its bytes arrive. After them the peer closes the connection. For the fuzz
/// targets, which would otherwise need a connection for each input.
///
/// # Errors
///
/// The reason why the bytes are no whole answer.
#[doc(hidden)]
pub fn read_answer(pieces: &[&[u8]], limits: &Limits, method: &str) -> Result<Response, SendError> {
    let mut decoder = Decoder::new(limits.clone(), method);
    for piece in pieces {
        if let Some(response) = decoder.feed(piece)? {
            return Ok(response);
        }
    }
    decoder.end()?.ok_or(SendError::ClosedBeforeAnswer)
}

/// Whether another answer follows. After status 101 the connection no longer carries HTTP.
fn is_interim(status: u16) -> bool {
    (100..200).contains(&status) && status != 101
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(parts: &[&[u8]]) -> Result<Option<Response>, SendError> {
        let mut decoder = Decoder::new(Limits { head: 256, body: 1024, ..Limits::default() }, "POST");
        for part in parts {
            if let Some(response) = decoder.feed(part)? {
                return Ok(Some(response));
            }
        }
        decoder.end()
    }

    fn body(bytes: &[u8]) -> Option<(ResponseFraming, Vec<u8>, usize)> {
        let response = decode(&[bytes]).ok()??;
        Some((response.framing, response.body, response.leftover))
    }

    #[test]
    fn every_framing_is_told_apart() {
        let text = |text: &str| body(text.as_bytes());
        assert_eq!(
            text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            Some((ResponseFraming::Length(2), b"ok".to_vec(), 0))
        );
        assert_eq!(
            text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!"),
            Some((ResponseFraming::Length(2), b"ok".to_vec(), 1))
        );
        assert_eq!(text("HTTP/1.1 200 OK\r\n\r\nok"), Some((ResponseFraming::UntilClose, b"ok".to_vec(), 0)));
        assert_eq!(
            text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\nT: t\r\n\r\n"),
            Some((ResponseFraming::Chunked, b"ok".to_vec(), 0))
        );
        assert_eq!(text("HTTP/1.1 204 No\r\n\r\n"), Some((ResponseFraming::None, Vec::new(), 0)));
        let ambiguous = text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok");
        assert!(matches!(ambiguous, Some((ResponseFraming::Ambiguous(_), _, _))));
        let both = text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        assert!(matches!(both, Some((ResponseFraming::Ambiguous(_), _, _))));
    }

    #[test]
    fn interim_answers_are_kept_apart() {
        let response = decode(&[b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]);
        assert!(response.is_ok_and(|response| {
            response.is_some_and(|response| response.interim == [100] && response.status == 200)
        }));
    }

    #[test]
    fn what_is_not_an_answer_says_why() {
        for (bytes, expected) in [
            (&b""[..], SendError::ClosedBeforeAnswer),
            (b"HTTP/1.1 099 No\r\n\r\n", SendError::Malformed("the status 099".to_owned().into())),
            (b"SSH-2.0", SendError::NotHttp { first_bytes: b"SSH-2.0".to_vec() }),
            (b"HTTP/1.1 200 OK\r\nContent-Le", SendError::Truncated { expected: None, received: 27 }),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
                SendError::Truncated { expected: Some(5), received: 2 },
            ),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nok", SendError::BodyTooLarge { limit: 1024 }),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nok",
                SendError::Malformed(
                    crate::text::Text::from("the Content-Length ").and(crate::send::error::quoted("+5")),
                ),
            ),
        ] {
            assert_eq!(decode(&[bytes]).map(|_| ()), Err(expected));
        }
        let endless = format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(400));
        assert_eq!(decode(&[endless.as_bytes()]).map(|_| ()), Err(SendError::HeadTooLarge { limit: 256 }));
        let flood = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(2000));
        assert_eq!(decode(&[flood.as_bytes()]).map(|_| ()), Err(SendError::BodyTooLarge { limit: 1024 }));
    }

    #[test]
    fn contradicting_headers_give_the_same_body_however_the_bytes_arrive() {
        for (head, rest) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", "{}"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\n{}\r\n0\r\n\r\n"),
        ] {
            let response = decode(&[head.as_bytes(), rest.as_bytes()]).ok().flatten();
            assert_eq!(response.map(|response| response.body), Some(b"{}".to_vec()), "{head}");
        }
    }

    #[test]
    fn a_line_that_ends_without_a_carriage_return_is_malformed() {
        let answer = decode(&[b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"]);
        assert!(matches!(answer, Err(SendError::Malformed(_))), "{answer:?}");
    }

    #[test]
    fn many_short_headers_are_no_large_head() {
        let answer = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "A:\r\n".repeat(600));
        let mut decoder = Decoder::new(Limits::default(), "POST");
        assert!(decoder.feed(answer.as_bytes()).is_ok_and(|response| response.is_some()));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&[&bytes]);
            let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            answer.extend(&bytes);
            let _ = decode(&[&answer]);
        }

        #[test]
        fn how_the_bytes_are_split_changes_nothing(
            lines in proptest::collection::vec(0..LINES.len(), 0..8),
            rest in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b'1')], 0..60),
            body in 0..BODIES.len(),
            sizes in proptest::collection::vec(1_usize..20, 1..40),
        ) {
            let lines: String = lines.into_iter().map(|line| LINES[line]).collect();
            let mut answer = format!("HTTP/1.1 200 OK\r\n{lines}\r\n{}", BODIES[body]).into_bytes();
            answer.extend(rest);
            let (mut parts, mut left, mut sizes) = (Vec::new(), answer.as_slice(), sizes.iter().cycle());
            while let (false, Some(&size)) = (left.is_empty(), sizes.next()) {
                let (part, behind) = left.split_at(size.min(left.len()));
                parts.push(part);
                left = behind;
            }
            prop_assert_eq!(seen(&parts), seen(&[&answer]));
        }

        #[test]
        fn a_body_arrives_as_it_was_sent(body in proptest::collection::vec(any::<u8>(), 0..100), at in 0_usize..100) {
            let (first, second) = body.split_at(at.min(body.len()));
            let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            for chunk in [first, second].into_iter().filter(|chunk| !chunk.is_empty()) {
                answer.extend(format!("{:X}\r\n", chunk.len()).bytes().chain(chunk.iter().copied()).chain(*b"\r\n"));
            }
            answer.extend(b"0\r\n\r\n");
            prop_assert_eq!(decode(&[&answer]).ok().flatten().map(|response| response.body), Some(body));
        }
    }

    /// The answer without the number of bytes behind it, because that number depends on timing.
    fn seen(parts: &[&[u8]]) -> Result<Option<Response>, SendError> {
        decode(parts).map(|response| response.map(|response| Response { leftover: 0, ..response }))
    }

    const LINES: &[&str] = &[
        "Content-Length: 3\r\n",
        "content-length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "X: y\n",
        "broken\r\n",
        "\r\nHTTP/1.1 100 Continue\r\n",
        "Long: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n",
    ];

    const BODIES: &[&str] =
        &["", "abc", "3\r\nabc\r\n0\r\n\r\n", "3;x\r\nabc\r\nffffffffffffffff\r\n", "0\r\nT: t\r\n"];
}
