//! Why an exchange brought no answer, and whose fault that is.

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

/// No whole answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The host has no address.
    #[error("the host has no address: {0}")]
    Resolve(String),
    /// Nobody listens.
    #[error("no connection: {0}")]
    Connect(String),
    /// No connection in time.
    #[error("no connection within {0:?}")]
    ConnectTimeout(Duration),
    /// TLS failed.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The proxy cannot be reached, or makes no way to the target.
    #[error("no way through the proxy {0}")]
    Proxy(String),
    /// No whole answer in time.
    #[error("no whole answer within {after:?} ({received} bytes came)")]
    Timeout {
        /// The limit.
        after: Duration,
        /// Bytes that came before it.
        received: usize,
    },
    /// The connection was closed where an answer was due.
    #[error("the connection was closed without an answer")]
    ClosedBeforeAnswer,
    /// The connection was reset.
    #[error("the connection was reset after {received} bytes of an answer")]
    Reset {
        /// Bytes that came before it.
        received: usize,
    },
    /// The answer stops in the middle.
    #[error("the answer stops after {received} bytes{}", expected.map(|expected| format!(" of {expected}")).unwrap_or_default())]
    Truncated {
        /// Bytes of body that were announced, if so.
        expected: Option<u64>,
        /// Bytes of body, or of the head if that is not complete.
        received: usize,
    },
    /// The head is too large.
    #[error("the head of the answer is larger than {limit} bytes")]
    HeadTooLarge {
        /// The limit.
        limit: usize,
    },
    /// The body is too large.
    #[error("the body of the answer is larger than {limit} bytes")]
    BodyTooLarge {
        /// The limit.
        limit: usize,
    },
    /// What came is not HTTP.
    #[error("the answer is not HTTP; it begins with `{}`", String::from_utf8_lossy(first_bytes).escape_debug())]
    NotHttp {
        /// Its beginning.
        first_bytes: Vec<u8>,
    },
    /// What came is HTTP, but not well formed.
    #[error("the answer is malformed: {0}")]
    Malformed(String),
    /// The lane cannot carry the request.
    #[error("the http lane cannot carry the request: {0}")]
    Carry(String),
}

impl SendError {
    /// Whether nothing had been sent when it happened.
    pub fn is_before_sending(&self) -> bool {
        matches!(self, Self::Resolve(_) | Self::Connect(_) | Self::ConnectTimeout(_) | Self::Proxy(_))
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Resolve(_)
            | Self::Connect(_)
            | Self::ConnectTimeout(_)
            | Self::Tls(_)
            | Self::Proxy(_)
            | Self::Timeout { .. } => Fault::Network,
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
