//! HTTP/1.1 as bytes: writes a request as it is, reads an answer bit by bit and forgives nothing.

use super::error::SendError;
use super::exchange::{Limits, Response, ResponseFraming, Version};
use crate::http::{Framing, Header, Request, find};

/// More header lines than any known answer has by far; the limit in bytes is what counts.
const HEADER_LINES: usize = 512;

/// A chunk's size line, with extensions.
const CHUNK_LINE: usize = 4096;

/// The bytes of a request.
pub(super) fn encode(request: &Request) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method, request.target).into_bytes();
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
    // Two chunks, so that a target that reads only the first is found out.
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

/// Reads one answer from bytes as they come.
pub(super) struct Decoder {
    limits: Limits,
    is_head_request: bool,
    buffer: Vec<u8>,
    received: usize,
    interim: Vec<u16>,
    head: Option<Head>,
}

struct Head {
    version: Version,
    status: u16,
    reason: String,
    headers: Vec<Header>,
    framing: ResponseFraming,
    body: Vec<u8>,
    chunk: Chunk,
}

/// Where in a chunked body the decoder is.
enum Chunk {
    Size,
    Data(u64),
    Trailers,
}

impl Decoder {
    pub(super) fn new(limits: Limits, method: &str) -> Self {
        Self {
            limits,
            is_head_request: method == "HEAD",
            buffer: Vec::new(),
            received: 0,
            interim: Vec::new(),
            head: None,
        }
    }

    /// Bytes of the answer that came so far.
    pub(super) fn received(&self) -> usize {
        self.received
    }

    /// Takes bytes; gives the answer once it is whole.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Option<Response>, SendError> {
        self.received += bytes.len();
        self.buffer.extend_from_slice(bytes);
        loop {
            if self.head.is_none() && !self.read_head()? {
                return Ok(None);
            }
            match &self.head {
                Some(head) if (100..200).contains(&head.status) && head.status != 101 => {
                    self.interim.push(head.status);
                    self.head = None;
                }
                _ => return if self.read_body()? { self.finish(false) } else { Ok(None) },
            }
        }
    }

    /// The peer closed: gives the answer if that is how it ends.
    pub(super) fn end(&mut self) -> Result<Option<Response>, SendError> {
        let Some(head) = &self.head else {
            return Err(if self.received == 0 {
                SendError::ClosedBeforeAnswer
            } else {
                SendError::Truncated { expected: None, received: self.received }
            });
        };
        match head.framing {
            ResponseFraming::UntilClose => self.finish(true),
            ResponseFraming::Length(length) => {
                Err(SendError::Truncated { expected: Some(length), received: self.buffer.len() })
            }
            _ => Err(SendError::Truncated { expected: None, received: head.body.len() }),
        }
    }

    fn read_head(&mut self) -> Result<bool, SendError> {
        // An empty line before the status line is not HTTP's, but HTTP tells readers to skip none in answers.
        let start = b"HTTP/";
        let known = self.buffer.len().min(start.len());
        if self.buffer[..known] != start[..known] {
            return Err(SendError::NotHttp { first_bytes: self.buffer.iter().take(40).copied().collect() });
        }
        let mut lines = vec![httparse::EMPTY_HEADER; HEADER_LINES];
        let mut parsed = httparse::Response::new(&mut lines);
        let length = match parsed.parse(&self.buffer) {
            Ok(httparse::Status::Complete(length)) if length <= self.limits.head => length,
            Ok(httparse::Status::Partial) if self.buffer.len() <= self.limits.head => return Ok(false),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => {
                return Err(SendError::HeadTooLarge { limit: self.limits.head });
            }
            Err(error) => return Err(SendError::Malformed(error.to_string())),
        };
        let headers: Vec<Header> = parsed.headers.iter().map(|line| Header::new(line.name, line.value)).collect();
        let status = parsed.code.unwrap_or_default();
        let version = if parsed.version == Some(0) { Version::Http10 } else { Version::Http11 };
        self.head = Some(Head {
            framing: framing(status, self.is_head_request, &headers)?,
            version,
            status,
            reason: parsed.reason.unwrap_or_default().to_owned(),
            headers,
            body: Vec::new(),
            chunk: Chunk::Size,
        });
        self.buffer.drain(..length);
        Ok(true)
    }

    /// Moves what belongs to the body; says whether it is whole.
    fn read_body(&mut self) -> Result<bool, SendError> {
        let limit = self.limits.body;
        let Some(head) = &mut self.head else { return Ok(false) };
        match head.framing {
            ResponseFraming::None => Ok(true),
            ResponseFraming::Length(length) if length > limit as u64 => Err(SendError::BodyTooLarge { limit }),
            ResponseFraming::Length(length) => Ok(self.buffer.len() as u64 >= length),
            ResponseFraming::UntilClose if self.buffer.len() > limit => Err(SendError::BodyTooLarge { limit }),
            ResponseFraming::UntilClose => Ok(false),
            ResponseFraming::Chunked => chunks(head, &mut self.buffer, limit),
            // Nobody can say where such a body ends, so what has come is all that is reported of it.
            ResponseFraming::Ambiguous(_) => Ok(true),
        }
    }

    fn finish(&mut self, closed: bool) -> Result<Option<Response>, SendError> {
        let Some(mut head) = self.head.take() else { return Ok(None) };
        match head.framing {
            ResponseFraming::Length(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX).min(self.buffer.len());
                head.body = self.buffer.drain(..length).collect();
            }
            ResponseFraming::UntilClose | ResponseFraming::Ambiguous(_) => head.body = std::mem::take(&mut self.buffer),
            ResponseFraming::None | ResponseFraming::Chunked => {}
        }
        let says_close = find(&head.headers, "connection")
            .is_some_and(|header| header.text().to_ascii_lowercase().split(',').any(|word| word.trim() == "close"));
        let closes = closed
            || says_close
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

/// How the headers mark the body's end.
fn framing(status: u16, is_head_request: bool, headers: &[Header]) -> Result<ResponseFraming, SendError> {
    let values = |name: &str| -> Vec<String> {
        headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.text().trim().to_owned())
            .collect()
    };
    let lengths = values("content-length");
    let codings = values("transfer-encoding");
    if is_head_request || status == 204 || status == 304 || (100..200).contains(&status) {
        return Ok(ResponseFraming::None);
    }
    if !codings.is_empty() && !lengths.is_empty() {
        return Ok(ResponseFraming::Ambiguous("both Content-Length and Transfer-Encoding".to_owned()));
    }
    if let [coding] = codings.as_slice()
        && coding.eq_ignore_ascii_case("chunked")
    {
        return Ok(ResponseFraming::Chunked);
    }
    if !codings.is_empty() {
        return Err(SendError::Malformed(format!("the transfer coding `{}`", codings.join(", "))));
    }
    match lengths.as_slice() {
        [] => Ok(ResponseFraming::UntilClose),
        [length] if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) => length
            .parse()
            .map(ResponseFraming::Length)
            .map_err(|_| SendError::Malformed(format!("the Content-Length `{length}`"))),
        [length] => Err(SendError::Malformed(format!("the Content-Length `{length}`"))),
        several => Ok(ResponseFraming::Ambiguous(format!("Content-Length {}", several.join(" and ")))),
    }
}

fn chunks(head: &mut Head, buffer: &mut Vec<u8>, limit: usize) -> Result<bool, SendError> {
    loop {
        match head.chunk {
            Chunk::Size => {
                let Some(line) = take_line(buffer, CHUNK_LINE)? else { return Ok(false) };
                let digits = line.split(';').next().unwrap_or_default().trim();
                let is_size = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                let size = is_size.then(|| u64::from_str_radix(digits, 16).ok()).flatten();
                let size =
                    size.ok_or_else(|| SendError::Malformed(format!("the chunk size `{}`", line.escape_debug())))?;
                // The size is whatever the target wrote, up to the largest number there is.
                if (head.body.len() as u64).saturating_add(size) > limit as u64 {
                    return Err(SendError::BodyTooLarge { limit });
                }
                head.chunk = if size == 0 { Chunk::Trailers } else { Chunk::Data(size) };
            }
            Chunk::Data(size) => {
                let size = usize::try_from(size).map_err(|_| SendError::BodyTooLarge { limit })?;
                if buffer.len() < size + 2 {
                    return Ok(false);
                }
                head.body.extend(buffer.drain(..size));
                if buffer[..2] != *b"\r\n" {
                    return Err(SendError::Malformed("a chunk that is longer than it says".to_owned()));
                }
                buffer.drain(..2);
                head.chunk = Chunk::Size;
            }
            Chunk::Trailers => {
                let Some(line) = take_line(buffer, CHUNK_LINE)? else { return Ok(false) };
                if line.is_empty() {
                    return Ok(true);
                }
            }
        }
    }
}

/// A line without its end, once it is there.
fn take_line(buffer: &mut Vec<u8>, limit: usize) -> Result<Option<String>, SendError> {
    match buffer.windows(2).take(limit).position(|pair| pair == b"\r\n") {
        Some(at) => {
            let line = String::from_utf8_lossy(&buffer[..at]).into_owned();
            buffer.drain(..at + 2);
            Ok(Some(line))
        }
        None if buffer.len() > limit => Err(SendError::Malformed("a chunk size line without an end".to_owned())),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(parts: &[&[u8]]) -> Result<Option<Response>, SendError> {
        let mut decoder = Decoder::new(Limits { head: 1024, body: 1024, ..Limits::default() }, "POST");
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
            (b"SSH-2.0", SendError::NotHttp { first_bytes: b"SSH-2.0".to_vec() }),
            (b"HTTP/1.1 200 OK\r\nContent-Le", SendError::Truncated { expected: None, received: 27 }),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
                SendError::Truncated { expected: Some(5), received: 2 },
            ),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nok", SendError::BodyTooLarge { limit: 1024 }),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nok",
                SendError::Malformed("the Content-Length `+5`".to_owned()),
            ),
        ] {
            assert_eq!(decode(&[bytes]).map(|_| ()), Err(expected));
        }
        let endless = format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(400));
        assert_eq!(decode(&[endless.as_bytes()]).map(|_| ()), Err(SendError::HeadTooLarge { limit: 1024 }));
        let flood = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(2000));
        assert_eq!(decode(&[flood.as_bytes()]).map(|_| ()), Err(SendError::BodyTooLarge { limit: 1024 }));
    }

    #[test]
    fn a_chunk_size_that_overflows_is_refused() {
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\nffffffffffffffff\r\nx";
        assert_eq!(decode(&[answer]).map(|_| ()), Err(SendError::BodyTooLarge { limit: 1024 }));
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
            body in proptest::collection::vec(any::<u8>(), 0..100),
            chunked in any::<bool>(),
            at in 0_usize..200,
        ) {
            let mut answer = if chunked {
                format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", if body.is_empty() { String::new() } else { format!("{:X}\r\n", body.len()) })
            } else {
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len())
            }.into_bytes();
            answer.extend(&body);
            if chunked {
                answer.extend(if body.is_empty() { &b"0\r\n\r\n"[..] } else { b"\r\n0\r\n\r\n" });
            }
            let (left, right) = answer.split_at(at.min(answer.len()));
            let whole = decode(&[&answer]);
            prop_assert_eq!(&decode(&[left, right]), &whole);
            prop_assert_eq!(whole.ok().flatten().map(|response| response.body), Some(body));
        }
    }
}
