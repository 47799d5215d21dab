//! The reasons why an exchange has no answer, and who is at fault.

use crate::text::{TargetText, Text};
use std::time::Duration;

/// Who is at fault if there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The target answered with something that is not HTTP, or ended the answer early.
    Target,
    /// The target was not reached, or not in time.
    Network,
    /// The lane cannot carry the request.
    Harness,
}

/// The connection settings are wrong.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A PEM file holds no certificate.
    #[error("read a certificate from the CA file")]
    Certificate,
    /// TLS cannot be set up.
    #[error("set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A name is not a valid server name.
    #[error("use `{0}` as a server name")]
    ServerName(String),
    /// A TLS endpoint that is an IP address has `--resolve`, which the http lane cannot do.
    #[error("connect to another address than `{0}`: this needs an endpoint with a host name")]
    Elsewhere(String),
    /// A PEM file holds no client certificate.
    #[error("read a certificate from the client certificate's file")]
    ClientCertificate,
    /// A PEM file holds no private key.
    #[error("read a private key from the client key's file")]
    ClientKey,
    /// The client certificate and the key do not belong together.
    #[error("use the client certificate with its key: {0}")]
    ClientIdentity(rustls::Error),
    /// A proxy resolves the target's name itself.
    #[error("use a proxy together with {0}: the proxy finds the target by the name in its URL")]
    ProxyFindsTheWay(&'static str),
    /// Plain HTTP off loopback would show the requests to the proxy.
    #[error("use a proxy for plain HTTP off loopback")]
    PlainProxy,
    /// The HTTP client cannot be created.
    #[error("set up the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// No complete answer came. A description can quote the target, so it is a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The host has no address.
    Resolve(Text),
    /// No server accepts connections at the address.
    Connect(Text),
    /// No connection was established in time.
    ConnectTimeout(Duration),
    /// TLS failed.
    Tls(Text),
    /// The peer does not speak TLS.
    NotTls,
    /// The proxy cannot be reached, or does not connect to the target.
    Proxy(Text),
    /// No complete answer came in time.
    Timeout {
        /// The limit.
        after: Duration,
        /// Bytes that were received before the limit.
        received: usize,
    },
    /// The target closed the connection before the answer.
    ClosedBeforeAnswer,
    /// The target reset the connection.
    Reset {
        /// Bytes that were received before the reset.
        received: usize,
    },
    /// The answer ends before it is complete.
    Truncated {
        /// The announced length of the body, if there is one.
        expected: Option<u64>,
        /// Received bytes of the body, or of the head if the head is incomplete.
        received: usize,
    },
    /// The head is too large.
    HeadTooLarge {
        /// The limit.
        limit: usize,
    },
    /// The body is too large.
    BodyTooLarge {
        /// The limit.
        limit: usize,
    },
    /// The received bytes are not HTTP.
    NotHttp {
        /// The first bytes.
        first_bytes: Vec<u8>,
    },
    /// The answer is HTTP, but it is not well formed.
    Malformed(Text),
    /// The lane cannot carry the request.
    Carry(Text),
    /// It was not sent, since nothing of its kind was ever answered.
    GivenUp {
        /// How many time-outs in a row that took.
        timeouts: u32,
    },
}

impl SendError {
    /// A description of the error.
    pub fn text(&self) -> Text {
        match self {
            Self::Resolve(why) => Text::from("the host has no address: ").and(why.clone()),
            Self::Connect(why) => Text::from("no connection: ").and(why.clone()),
            Self::ConnectTimeout(limit) => format!("no connection within {limit:?}").into(),
            Self::Tls(why) => Text::from("TLS failed: ").and(why.clone()),
            Self::NotTls => "TLS failed: the target does not speak TLS at this port".into(),
            Self::Proxy(why) => Text::from("no way through the proxy ").and(why.clone()),
            Self::Timeout { after, received } => {
                format!("no whole answer within {after:?} ({received} bytes came)").into()
            }
            Self::ClosedBeforeAnswer => "the connection was closed without an answer".into(),
            Self::Reset { received } => format!("the connection was reset after {received} bytes of an answer").into(),
            Self::Truncated { expected, received } => {
                let of = expected.map(|expected| format!(" of {expected}")).unwrap_or_default();
                format!("the answer stops after {received} bytes{of}").into()
            }
            Self::HeadTooLarge { limit } => format!("the head of the answer is larger than {limit} bytes").into(),
            Self::BodyTooLarge { limit } => format!("the body of the answer is larger than {limit} bytes").into(),
            Self::NotHttp { first_bytes } => {
                Text::from("the answer is not HTTP; it begins with ").and(quoted(TargetText::of_bytes(first_bytes)))
            }
            Self::Malformed(why) => Text::from("the answer is malformed: ").and(why.clone()),
            Self::Carry(why) => Text::from("the http lane cannot carry the request: ").and(why.clone()),
            Self::GivenUp { timeouts } => {
                format!("the target was given up after {timeouts} time-outs in a row without an answer").into()
            }
        }
    }

    /// Whether the error occurred before anything was sent.
    pub fn is_before_sending(&self) -> bool {
        matches!(
            self,
            Self::Resolve(_) | Self::Connect(_) | Self::ConnectTimeout(_) | Self::Proxy(_) | Self::GivenUp { .. }
        )
    }

    /// Who is at fault.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Resolve(_)
            | Self::Connect(_)
            | Self::ConnectTimeout(_)
            | Self::Tls(_)
            | Self::NotTls
            | Self::Proxy(_)
            | Self::Timeout { .. }
            | Self::GivenUp { .. } => Fault::Network,
            Self::Carry(_) => Fault::Harness,
            Self::ClosedBeforeAnswer
            | Self::Reset { .. }
            | Self::Truncated { .. }
            | Self::HeadTooLarge { .. }
            | Self::BodyTooLarge { .. }
            | Self::NotHttp { .. }
            | Self::Malformed(_) => Fault::Target,
        }
    }
}

/// A quotation of text from the target.
pub(super) fn quoted(text: impl Into<TargetText>) -> Text {
    Text::from("`").and(text.into()).and("`")
}
