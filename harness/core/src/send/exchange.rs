//! The result of an exchange, for both lanes.

use super::error::SendError;
use crate::http::Header;
use crate::text::Text;
use std::collections::BTreeMap;
use std::time::Duration;

/// The lane that carried an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Our own HTTP/1.1 exchange on a stream.
    Wire,
    /// reqwest.
    Http,
}

/// The limits of an exchange, and of the rate of exchanges.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most time from the start of the connection to the last byte, longer than any known answer of KMS.
    pub exchange: Duration,
    /// The most time for the connection, including TLS.
    pub connect: Duration,
    /// The most bytes of status line and headers.
    pub head: usize,
    /// The most bytes of the body.
    pub body: usize,
    /// How often operations may be called.
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

/// Calls per second, by operation. An empty table limits nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// The rates of known operations.
    pub by_operation: BTreeMap<String, f64>,
    /// The rate of all other operations together; absent means unlimited.
    pub others: Option<f64>,
}

/// The HTTP version of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
    /// HTTP/2
    Http2,
}

/// How the end of the body was marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseFraming {
    /// The status or the method allows no body.
    None,
    /// Content-Length.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
    /// The body ends with the connection.
    UntilClose,
    /// Headers that contradict each other. The text describes the contradiction.
    Ambiguous(Text),
}

/// A complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP version of the answer.
    pub version: Version,
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The header lines. In the wire lane they keep their case and order.
    pub headers: Vec<Header>,
    /// The body, after the transfer coding is removed.
    pub body: Vec<u8>,
    /// How the end of the body was marked.
    pub framing: ResponseFraming,
    /// Status codes of the interim answers before this answer.
    pub interim: Vec<u16>,
    /// The number of bytes behind the body.
    pub leftover: usize,
    /// Whether the target closed the connection or announced that it will.
    pub closes: bool,
}

/// The durations of an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// The time until the addresses of the host were known; absent in the http lane and on an existing connection.
    pub resolved: Option<Duration>,
    /// The time until the TCP connection was open; absent as above.
    pub dialled: Option<Duration>,
    /// The time until TLS was agreed; absent as above, and without TLS.
    pub secured: Option<Duration>,
    /// The time until the connection was established, with TLS; absent if an existing connection was used.
    pub connect: Option<Duration>,
    /// The time until the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// The time until the last byte of the answer.
    pub total: Duration,
}

impl Exchange {
    /// An exchange that was not begun.
    pub(super) fn not_sent(lane: Lane, why: SendError) -> Self {
        Self { lane, result: Err(why), reused: false, timing: Timing::default() }
    }
}

/// One request and its result.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The lane that carried the request.
    pub lane: Lane,
    /// The answer, or the reason why there is none.
    pub result: Result<Response, SendError>,
    /// Whether the connection had carried another exchange before.
    pub reused: bool,
    /// The durations.
    pub timing: Timing,
}

/// What became of a second request on the connection of a first one.
#[derive(Clone, Debug)]
pub enum Followed {
    /// It was not sent: the target does not keep the connection.
    Closed,
    /// It was not sent: something came behind the first answer.
    Surplus,
    /// It was sent.
    Answered(Box<Exchange>),
}
