//! What both lanes hand back.

use super::error::SendError;
use crate::http::Header;
use crate::text::Text;
use std::collections::BTreeMap;
use std::time::Duration;

/// Which of the two ways an exchange went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Our own exchange on a stream.
    Wire,
    /// reqwest.
    Http,
}

/// Limits of one exchange, and of how often there is one.
#[derive(Clone, Debug)]
pub struct Limits {
    /// From the start of the connection to the last byte. Longer than any answer that KMS is known to give.
    pub exchange: Duration,
    /// For the connection, TLS included.
    pub connect: Duration,
    /// Bytes of status line and headers.
    pub head: usize,
    /// Bytes of body.
    pub body: usize,
    /// How often operations are called.
    pub rates: Rates,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            exchange: Duration::from_secs(10),
            connect: Duration::from_secs(5),
            head: 64 * 1024,
            body: 1024 * 1024,
            rates: Rates::default(),
        }
    }
}

/// Calls a second, by operation. Without any, nothing waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// Those of operations that are known.
    pub by_operation: BTreeMap<String, f64>,
    /// That of all others together; they are not limited when it is absent.
    pub others: Option<f64>,
}

/// The version that the answer states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
    /// HTTP/2
    Http2,
}

/// How the body's end was marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseFraming {
    /// The status or the method allows no body.
    None,
    /// Content-Length.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
    /// The end of the connection.
    UntilClose,
    /// Headers that contradict each other; says how.
    Ambiguous(Text),
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The version that it states.
    pub version: Version,
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The header lines: case and order as they came in the wire lane.
    pub headers: Vec<Header>,
    /// The body, transfer coding taken off.
    pub body: Vec<u8>,
    /// How its end was marked.
    pub framing: ResponseFraming,
    /// Status codes of interim answers before it.
    pub interim: Vec<u16>,
    /// Bytes that came behind the body.
    pub leftover: usize,
    /// Whether the target ended the connection, or said that it will.
    pub closes: bool,
}

/// Durations of an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Until the connection stood; absent when it was there already.
    pub connect: Option<Duration>,
    /// Until the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// Until the last byte.
    pub total: Duration,
}

impl Exchange {
    /// An exchange that was not begun.
    pub(super) fn not_sent(lane: Lane, why: SendError) -> Self {
        Self { lane, result: Err(why), reused: false, timing: Timing::default() }
    }
}

/// One request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Which way it went.
    pub lane: Lane,
    /// The answer, or why there is none.
    pub result: Result<Response, SendError>,
    /// Whether the connection had carried another exchange before.
    pub reused: bool,
    /// Durations.
    pub timing: Timing,
}
