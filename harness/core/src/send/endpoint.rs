//! The endpoint of a target: scheme, host and port.

use std::fmt;
use std::net::IpAddr;
use url::{Host, Url};

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain.
    Http,
    /// Over TLS.
    Https,
}

/// An endpoint as the user typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// A name or an address; an IPv6 address without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A text is not an endpoint.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// It is not a URL.
    #[error("{0}")]
    Url(#[from] url::ParseError),
    /// It is neither `http` nor `https`.
    #[error("the scheme `{0}` is neither `http` nor `https`")]
    Scheme(String),
    /// It has no host.
    #[error("it has no host")]
    NoHost,
    /// It has a part that an endpoint must not have.
    #[error("it has {0}, which an endpoint must not have")]
    TooMuch(&'static str),
}

impl Endpoint {
    /// Reads a URL that has only scheme, host and port.
    ///
    /// # Errors
    ///
    /// The text is not such a URL.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let url = Url::parse(text)?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => return Err(EndpointError::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::TooMuch("a user name or a password"));
        }
        if !matches!(url.path(), "" | "/") {
            return Err(EndpointError::TooMuch("a path"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::TooMuch("a query or a fragment"));
        }
        let host = match url.host().ok_or(EndpointError::NoHost)? {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let port = url.port_or_known_default().ok_or(EndpointError::NoHost)?;
        Ok(Self { scheme, host, port })
    }

    /// Whether the host, as typed, always means this machine. A name that resolves to this machine is not enough,
    /// because it may resolve to another address next time.
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => is_local(&self.host),
        }
    }

    /// The value of the Host header. The port is omitted if it is the default port of the scheme.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.scheme, self.port) {
            (Scheme::Http, 80) | (Scheme::Https, 443) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// Whether a name is `localhost` or below it. Such a name always means this machine.
pub(super) fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(formatter, "{scheme}://{}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_judged_by_the_host_as_typed() {
        let is_loopback = |text: &str| Endpoint::parse(text).is_ok_and(|endpoint| endpoint.is_loopback());
        for text in [
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:5",
            "http://localhost",
            "http://kms.localhost:4566",
        ] {
            assert!(is_loopback(text), "{text}");
        }
        for text in
            ["http://10.0.0.1", "https://kms.us-east-2.amazonaws.com", "http://localhost.example.com", "http://0.0.0.0"]
        {
            assert!(!is_loopback(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_a_reason() {
        for (text, reason) in [
            ("ftp://h", "scheme"),
            ("http://u:p@h", "user name"),
            ("http://h/p", "a path"),
            ("http://h?q", "a query"),
            ("127.0.0.1:80", ""),
            ("", ""),
        ] {
            let error = Endpoint::parse(text).map(|endpoint| endpoint.to_string()).map_err(|error| error.to_string());
            assert!(error.as_ref().is_err_and(|error| error.contains(reason)), "{text}: {error:?}");
        }
    }

    #[test]
    fn default_ports_are_left_out_of_the_authority() {
        let authority = |text: &str| Endpoint::parse(text).map(|endpoint| endpoint.authority()).unwrap_or_default();
        assert_eq!(authority("https://h:443"), "h");
        assert_eq!(authority("http://h:443"), "h:443");
        assert_eq!(authority("http://[::1]:80"), "[::1]");
    }
}
