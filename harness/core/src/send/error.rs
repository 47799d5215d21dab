//! Why an exchange brought no answer, and whose fault that is.

use crate::text::{TargetText, Text};
use std::time::Duration;

/// Whose fault it is that there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The target answered, but not in HTTP, or broke off.
    Target,
    /// The target was not reached, or not in time.
    Network,
    /// The lane cannot carry the request.
    Harness,
}

/// The connection's settings are wrong.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A PEM file holds no certificate.
    #[error("read a certificate from the CA file")]
    Certificate,
    /// TLS cannot be set up.
    #[error("set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A name is no server name.
    #[error("use `{0}` as a server name")]
    ServerName(String),
    /// An address under TLS is to be another one, which the ordinary client cannot do.
    #[error("connect elsewhere than to the address `{0}`: only a name can lead elsewhere")]
    Elsewhere(String),
    /// A PEM file holds no certificate of a client.
    #[error("read a certificate from the client certificate's file")]
    ClientCertificate,
    /// A PEM file holds no private key.
    #[error("read a private key from the client key's file")]
    ClientKey,
    /// A client's certificate and key do not belong together.
    #[error("use the client certificate with its key: {0}")]
    ClientIdentity(rustls::Error),
    /// A proxy finds the way itself.
    #[error("use a proxy together with {0}: the proxy finds the target by the name in its URL")]
    ProxyFindsTheWay(&'static str),
    /// Only a tunnel keeps what is sent from the proxy.
    #[error("use a proxy for plain HTTP off loopback")]
    PlainProxy,
    /// The ordinary client cannot be made.
    #[error("set up the ordinary client: {0}")]
    Client(#[from] reqwest::Error),
}

/// No whole answer came. What is said about it can quote the target, so it is a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The host has no address.
    Resolve(Text),
    /// Nobody listens.
    Connect(Text),
    /// No connection in time.
    ConnectTimeout(Duration),
    /// TLS failed.
    Tls(Text),
    /// The proxy cannot be reached, or makes no way to the target.
    Proxy(Text),
    /// No whole answer in time.
    Timeout {
        /// The limit.
        after: Duration,
        /// Bytes that came before it.
        received: usize,
    },
    /// The connection was closed where an answer was due.
    ClosedBeforeAnswer,
    /// The connection was reset.
    Reset {
        /// Bytes that came before it.
        received: usize,
    },
    /// The answer stops in the middle.
    Truncated {
        /// Bytes of body that were announced, if so.
        expected: Option<u64>,
        /// Bytes of body, or of the head if that is not complete.
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
    /// What came is not HTTP.
    NotHttp {
        /// Its beginning.
        first_bytes: Vec<u8>,
    },
    /// What came is HTTP, but not well formed.
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
    /// The error in words.
    pub fn text(&self) -> Text {
        match self {
            Self::Resolve(why) => Text::from("the host has no address: ").and(why.clone()),
            Self::Connect(why) => Text::from("no connection: ").and(why.clone()),
            Self::ConnectTimeout(limit) => format!("no connection within {limit:?}").into(),
            Self::Tls(why) => Text::from("TLS failed: ").and(why.clone()),
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

    /// Whether nothing had been sent when it happened.
    pub fn is_before_sending(&self) -> bool {
        matches!(
            self,
            Self::Resolve(_) | Self::Connect(_) | Self::ConnectTimeout(_) | Self::Proxy(_) | Self::GivenUp { .. }
        )
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Resolve(_)
            | Self::Connect(_)
            | Self::ConnectTimeout(_)
            | Self::Tls(_)
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

/// A quotation of the target.
pub(super) fn quoted(text: impl Into<TargetText>) -> Text {
    Text::from("`").and(text.into()).and("`")
}
