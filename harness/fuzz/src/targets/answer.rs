//! An answer as the wire lane reads it: head, body, chunks.

use super::visible::must_be_visible;
use crate::mutate::Random;
use trentcheck_core::normalise::Redactor;
use trentcheck_core::send::{Limits, Response, ResponseFraming, SendError, Version, read_answer};

pub(super) const WORDS: &[&str] = &[
    "HTTP/1.1 ",
    "HTTP/1.0 ",
    "HTTP/2 ",
    "100 Continue",
    "101 Switching Protocols",
    "200 OK",
    "204 No Content",
    "304 Not Modified",
    "\r\n",
    "\r\n\r\n",
    "Content-Length: ",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip",
    "Connection: close",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "0\r\n\r\n",
    "5\r\nhello\r\n",
    "ffffffffffffffff\r\n",
    ";x=y",
];

/// How the bytes are cut into pieces changes nothing; limits hold; an answer that was understood and is written down
/// again is read as the same; and an error can be shown.
pub(super) fn check(bytes: &[u8]) {
    let limits = Limits { head: 1024, body: 4096, ..Limits::default() };
    for method in ["POST", "HEAD"] {
        let whole = read_answer(&[bytes], &limits, method);
        let cut = read_answer(&pieces(bytes), &limits, method);
        assert_eq!(without_arrival(&whole), without_arrival(&cut), "{method}");
        match whole {
            Ok(response) => holds(&response, bytes, &limits, method),
            Err(error) => must_be_visible(&Redactor::default().show(&error.text())),
        }
    }
}

/// How many bytes were there behind the body, and how many of what is no HTTP, depends on how they arrived.
fn without_arrival(result: &Result<Response, SendError>) -> Result<Response, SendError> {
    match result.clone() {
        Ok(response) => Ok(Response { leftover: 0, ..response }),
        Err(SendError::NotHttp { .. }) => Err(SendError::NotHttp { first_bytes: Vec::new() }),
        other => other,
    }
}

fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    let mut random = Random::of(bytes);
    let longest = 1 + random.below(40);
    let (mut pieces, mut left) = (Vec::new(), bytes);
    while !left.is_empty() {
        let (piece, behind) = left.split_at((1 + random.below(longest)).min(left.len()));
        pieces.push(piece);
        left = behind;
    }
    pieces
}

fn holds(response: &Response, bytes: &[u8], limits: &Limits, method: &str) {
    let head: usize = response.headers.iter().map(|header| header.name.len() + header.value.len()).sum();
    assert!(head <= limits.head, "a head of {head} bytes");
    assert!(response.body.len() <= limits.body, "a body of {} bytes", response.body.len());
    assert!(response.body.len() + response.leftover + head <= bytes.len(), "more than was sent");
    assert!((100..1000).contains(&response.status), "status {}", response.status);
    assert!(response.interim.iter().all(|status| (100..200).contains(status)), "{:?}", response.interim);
    let has_none = method == "HEAD" || matches!(response.status, 100..200 | 204 | 304);
    match &response.framing {
        ResponseFraming::None => assert!(has_none && response.body.is_empty()),
        ResponseFraming::Length(length) => assert_eq!(*length, response.body.len() as u64),
        ResponseFraming::UntilClose => assert!(response.closes && response.leftover == 0),
        ResponseFraming::Ambiguous(_) => assert!(response.closes),
        ResponseFraming::Chunked => {}
    }
    if has_none {
        return;
    }
    // The head may have grown beyond the limit.
    let again = read_answer(&[&written(response)], &Limits::default(), method).unwrap();
    assert_eq!((again.status, &again.reason), (response.status, &response.reason));
    assert_eq!(again.body, response.body);
    let others = |response: &Response| {
        let mut headers = response.headers.clone();
        headers.retain(|header| !is_framing(&header.name));
        headers
    };
    assert_eq!(others(&again), others(response));
    assert_eq!((again.framing, again.leftover), (ResponseFraming::Length(response.body.len() as u64), 0));
}

fn is_framing(name: &str) -> bool {
    ["content-length", "transfer-encoding"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The answer framed by its length.
fn written(response: &Response) -> Vec<u8> {
    let version = if response.version == Version::Http10 { "1.0" } else { "1.1" };
    let mut bytes = format!("HTTP/{version} {} {}\r\n", response.status, response.reason).into_bytes();
    for header in response.headers.iter().filter(|header| !is_framing(&header.name)) {
        bytes.extend([header.name.as_bytes(), b":", header.value.as_slice(), b"\r\n"].concat());
    }
    bytes.extend(format!("Content-Length:{}\r\n\r\n", response.body.len()).bytes());
    bytes.extend(&response.body);
    bytes
}
