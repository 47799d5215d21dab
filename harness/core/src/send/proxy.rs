//! An HTTP proxy between both lanes and the target. It is used only if the user asks for it.

use super::endpoint::{Endpoint, EndpointError, Scheme};
use super::error::SendError;
use crate::http::{Header, Request};
use crate::text::Text;
use ::http::Uri;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use std::fmt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// The most bytes of a proxy's answer to CONNECT, the same as in the HTTP client.
const ANSWER: usize = 8192;

/// A proxy. `Debug` and `Display` do not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The address where the proxy listens.
    endpoint: Endpoint,
    /// User name and password, as the user typed them.
    login: Option<(String, String)>,
}

/// A text is not a proxy, or the environment names none.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// It is not a URL of a host and a port.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The URL asks for TLS to the proxy itself.
    #[error("a proxy needs an `http://` URL, even if the target uses TLS")]
    Scheme,
    /// The environment names no proxy.
    #[error("none of {0} is set")]
    NotInEnvironment(&'static str),
    /// NO_PROXY cannot be compared with the host of the target.
    #[error("`{0}` is not a host that NO_PROXY can list")]
    Host(String),
}

impl Proxy {
    /// Reads `http://[USER:PASSWORD@]HOST[:PORT]`.
    ///
    /// # Errors
    ///
    /// The text is not such a URL.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let mut url = Url::parse(text).map_err(EndpointError::from)?;
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some((decoded(user), decoded(password.unwrap_or_default()))),
        };
        if login.is_some() {
            // Both calls fail only for a URL without a host, and such a URL is not an endpoint.
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }
        let endpoint = Endpoint::parse(url.as_str())?;
        match endpoint.scheme {
            Scheme::Http => Ok(Self { endpoint, login }),
            Scheme::Https => Err(ProxyError::Scheme),
        }
    }

    /// The proxy that the environment names for an endpoint. As in most programs, lower-case variables win over
    /// upper-case ones, and a host that NO_PROXY lists needs no proxy.
    ///
    /// # Errors
    ///
    /// The environment names no proxy, or names something that is not a proxy.
    pub fn from_environment(
        endpoint: &Endpoint,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ProxyError> {
        let (names, said) = match endpoint.scheme {
            Scheme::Https => {
                (["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"], "HTTPS_PROXY, https_proxy and ALL_PROXY")
            }
            Scheme::Http => {
                (["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"], "HTTP_PROXY, http_proxy and ALL_PROXY")
            }
        };
        let value = |name: &str| variable(name).filter(|value| !value.is_empty());
        let url = names.into_iter().find_map(value).ok_or(ProxyError::NotInEnvironment(said))?;
        let proxy = Self::parse(&url)?;
        let direct = value("no_proxy").or_else(|| value("NO_PROXY")).unwrap_or_default();
        Ok((!is_listed(endpoint, &proxy.endpoint, &direct)?).then_some(proxy))
    }

    /// Whether the proxy, as typed, always means this machine.
    pub fn is_loopback(&self) -> bool {
        self.endpoint.is_loopback()
    }

    /// The password, so that callers can keep it out of all output.
    pub fn password(&self) -> Option<&str> {
        self.login.as_ref().map(|(_, password)| password.as_str())
    }

    pub(super) fn host(&self) -> &str {
        &self.endpoint.host
    }

    pub(super) fn port(&self) -> u16 {
        self.endpoint.port
    }

    /// The value of the Proxy-Authorization header.
    pub(super) fn authorization(&self) -> Option<String> {
        let (user, password) = self.login.as_ref()?;
        Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
    }

    /// The error that the proxy cannot be used for this reason.
    pub(super) fn failure(&self, why: impl Into<Text>) -> SendError {
        SendError::Proxy(Text::from(format!("{}: ", self.endpoint)).and(why))
    }

    /// The error that the proxy requires credentials, or refuses the given ones.
    pub(super) fn wants_login(&self) -> SendError {
        self.failure("it requires a user name and a password, or refuses the given ones")
    }

    /// Opens a tunnel to the endpoint, on a new connection to the proxy.
    pub(super) async fn tunnel(&self, stream: &mut TcpStream, endpoint: &Endpoint) -> Result<(), SendError> {
        let Endpoint { host, port, .. } = endpoint;
        let to = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let authorization = self.authorization().map(|value| format!("Proxy-Authorization: {value}\r\n"));
        let ask = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{}\r\n", authorization.unwrap_or_default());
        stream.write_all(ask.as_bytes()).await.map_err(|error| self.failure(error.to_string()))?;
        let mut answer = Vec::new();
        // The answer is read byte by byte, so that no byte from the tunnel is consumed.
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() == ANSWER {
                return Err(self.failure("its answer to CONNECT is too large"));
            }
            answer.push(stream.read_u8().await.map_err(|_| self.failure("it closed without an answer to CONNECT"))?);
        }
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        match head.parse(&answer).ok().and(head.code) {
            Some(200) => Ok(()),
            Some(407) => Err(self.wants_login()),
            Some(status) => Err(self.failure(format!("it refused a tunnel to {to} with status {status}"))),
            None => Err(self.failure("it answered CONNECT with something that is not HTTP")),
        }
    }

    /// A request for a target without TLS, in the form that a proxy needs.
    pub(super) fn forwarded(&self, request: &Request, endpoint: &Endpoint) -> Request {
        let mut request = request.clone();
        if request.target.starts_with('/') {
            request.target = format!("{endpoint}{}", request.target);
        }
        request
            .headers
            .extend(self.authorization().map(|value| Header::new("Proxy-Authorization", value.into_bytes())));
        request
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proxy({self})")
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.endpoint.fmt(formatter)
    }
}

/// Whether NO_PROXY lists the endpoint, by the rules of curl and reqwest: by its name, its domain, its address, its
/// network, or `*`.
fn is_listed(endpoint: &Endpoint, proxy: &Endpoint, list: &str) -> Result<bool, ProxyError> {
    // The matcher accepts `*` for names only, but curl accepts it for addresses too.
    if list.split(',').any(|entry| entry.trim() == "*") {
        return Ok(true);
    }
    let uri: Uri = endpoint.to_string().parse().map_err(|_| ProxyError::Host(endpoint.host.clone()))?;
    Ok(Matcher::builder().all(proxy.to_string()).no(list).build().intercept(&uri).is_none())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed set-up fails the test")]

    use super::*;

    #[test]
    fn what_is_no_proxy_is_refused_with_a_reason() {
        for (text, reason) in [
            ("proxy:3128", "scheme"),
            ("https://proxy:3128", "`http://`"),
            ("socks5://proxy:3128", "scheme"),
            ("http://proxy:3128/path", "a path"),
            ("", ""),
        ] {
            let error = Proxy::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn the_password_is_sent_and_never_shown() {
        let proxy = Proxy::parse("http://user:p%40ss@proxy:3128").unwrap();
        assert_eq!(proxy.authorization().unwrap(), format!("Basic {}", BASE64_STANDARD.encode("user:p@ss")));
        assert_eq!(proxy.to_string(), "http://proxy:3128");
        assert!(!format!("{proxy:?}").contains("ss"), "{proxy:?}");
        assert_eq!(proxy.password(), Some("p@ss"));
    }

    #[test]
    fn the_environment_is_read_as_most_programs_read_it() {
        let endpoint = Endpoint::parse("https://kms.us-east-2.amazonaws.com").unwrap();
        let from = |variables: &[(&str, &str)]| {
            Proxy::from_environment(&endpoint, |name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let upper = ("HTTPS_PROXY", "http://upper:1");
        assert_eq!(from(&[upper]).unwrap().unwrap().to_string(), "http://upper:1");
        assert_eq!(from(&[upper, ("https_proxy", "http://l:1")]).unwrap().unwrap().to_string(), "http://l:1");
        assert_eq!(from(&[("ALL_PROXY", "http://all:1")]).unwrap().unwrap().to_string(), "http://all:1");
        for list in ["*", "amazonaws.com", ".amazonaws.com", "x, kms.us-east-2.amazonaws.com"] {
            assert_eq!(from(&[upper, ("NO_PROXY", list)]).unwrap(), None, "{list}");
        }
        assert!(from(&[upper, ("NO_PROXY", "aws.com,,azonaws.com")]).unwrap().is_some());
        assert!(matches!(from(&[("HTTP_PROXY", "http://h:1")]), Err(ProxyError::NotInEnvironment(_))));
    }

    #[test]
    fn no_proxy_lists_names_domains_addresses_and_networks() {
        let is_direct = |url: &str, list: &str| {
            let variable = |name: &str| match name {
                "ALL_PROXY" => Some("http://user:password@proxy:1".to_owned()),
                "NO_PROXY" => Some(list.to_owned()),
                _ => None,
            };
            Proxy::from_environment(&Endpoint::parse(url).unwrap(), variable).unwrap().is_none()
        };
        for (url, list) in [
            ("http://kms.example.com", "EXAMPLE.com"),
            ("http://10.1.2.3:80", "10.0.0.0/8"),
            ("http://10.1.2.3", "10.1.2.3"),
            ("http://[fd00::1]:8080", "fd00::/8"),
            ("https://[::1]", "::1"),
            ("https://10.1.2.3", "a, *"),
        ] {
            assert!(is_direct(url, list), "{url} by {list}");
        }
        for (url, list) in [
            ("http://kms.example.com", ""),
            ("http://kms.example.com", "*.example.com"),
            ("http://kmsexample.com", "example.com"),
            ("http://11.1.2.3", "10.0.0.0/8"),
        ] {
            assert!(!is_direct(url, list), "{url} by {list}");
        }
    }
}
