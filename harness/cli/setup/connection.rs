//! The settings of the connection to a target, such as TLS, another address and a proxy.

use super::configuration::File;
use super::preset::Local;
use super::words::Words;
use crate::arguments::ConnectionArguments;
use crate::edge::failure::Failure;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use trentcheck_core::send::{ClientIdentity, Endpoint, Proxy, Tls, Verify};

/// The settings of the connection, where the URL is not enough.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(super) ca: Option<PathBuf>,
    verify: Verify,
    pub(super) server_name: Option<String>,
    pub(super) resolve: Option<SocketAddr>,
    pub(super) client_cert: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
    proxy: Option<String>,
}

impl Connection {
    /// Takes the values of flags and environment, then those of the file.
    pub(super) fn of(arguments: &ConnectionArguments, file: &File) -> Self {
        let ConnectionArguments { ca, insecure, server_name, resolve, client_cert, client_key, proxy } = arguments;
        // A certificate from the command line is not combined with a key from the file.
        let (client_cert, client_key) = match (client_cert, client_key) {
            (None, None) => (&file.client_cert, &file.client_key),
            given => given,
        };
        Self {
            ca: ca.clone().or_else(|| file.ca.clone()),
            verify: if *insecure { Verify::NoInsecure } else { Verify::Yes },
            server_name: server_name.clone().or_else(|| file.server_name.clone()),
            resolve: resolve.or(file.resolve),
            client_cert: client_cert.clone(),
            client_key: client_key.clone(),
            proxy: proxy.clone().or_else(|| file.proxy.clone()),
        }
    }

    /// Whether certificates are not verified.
    pub(super) fn is_insecure(&self) -> bool {
        self.verify == Verify::NoInsecure
    }

    /// The proxy, without a password.
    pub(super) fn shown_proxy(&self) -> Option<String> {
        self.proxy.as_deref().map(without_password)
    }

    /// The same settings for another host, which has another address and another certificate name.
    pub(super) fn to_another_host(&self) -> Self {
        Self { resolve: None, server_name: None, ..self.clone() }
    }

    /// The settings of connections to an endpoint. If the URL names loopback, the connection must stay on loopback. The
    /// authority of a preset is trusted there only, and only if the user names none.
    pub(super) fn settings(&self, endpoint: &Endpoint, preset: Option<&Local<'_>>) -> Result<Tls, Failure> {
        if self.verify == Verify::NoInsecure && self.ca.is_some() {
            return Err(Failure::rule("`--insecure` does not go with `--ca`")
                .hint("`--ca` verifies the certificate, `--insecure` does not"));
        }
        let proxy = self.proxy(endpoint)?;
        if endpoint.is_loopback() {
            let leads_away = |what: String| {
                Failure::safety(format!("the endpoint is on loopback, and {what} is not"))
                    .hint("give the real endpoint; its name decides what is safe to send")
            };
            if let Some(address) = self.resolve.filter(|address| !address.ip().is_loopback()) {
                return Err(leads_away(format!("`--resolve {address}`")));
            }
            if let Some(proxy) = proxy.as_ref().filter(|proxy| !proxy.is_loopback()) {
                return Err(leads_away(format!("the proxy {proxy}")));
            }
        }
        Ok(Tls {
            ca_pem: match (&self.ca, preset) {
                (Some(ca), _) => Some(read(ca)?),
                (None, Some(preset)) if self.verify == Verify::Yes => of_preset(preset)?,
                (None, _) => None,
            },
            verify: self.verify,
            server_name: self.server_name.clone(),
            resolve: self.resolve,
            client: self.client()?,
            proxy,
        })
    }

    fn client(&self) -> Result<Option<ClientIdentity>, Failure> {
        match (&self.client_cert, &self.client_key) {
            (Some(certificate), key) => {
                let certificate_pem = read(certificate)?;
                let key_pem = key.as_deref().map(read).transpose()?.unwrap_or_else(|| certificate_pem.clone());
                Ok(Some(ClientIdentity { certificate_pem, key_pem }))
            }
            (None, Some(_)) => Err(Failure::rule("`--client-key` needs `--client-cert`")),
            (None, None) => Ok(None),
        }
    }

    fn proxy(&self, endpoint: &Endpoint) -> Result<Option<Proxy>, Failure> {
        match self.proxy.as_deref() {
            None => Ok(None),
            Some("env") => Proxy::from_environment(endpoint, |name| std::env::var(name).ok())
                .map_err(|error| Failure::usage(format!("find a proxy in the environment: {error}"))),
            // The URL may hold a password, so it is not shown.
            Some(url) => Proxy::parse(url).map(Some).map_err(|error| {
                Failure::usage(format!("read the proxy's URL: {error}"))
                    .hint("a proxy looks like `http://proxy.example.com:3128`")
            }),
        }
    }

    /// Adds the flags that repeat these settings, without a password.
    pub(super) fn repeat(&self, line: &mut Words) {
        line.path("--ca", self.ca.as_deref());
        line.maybe("--server-name", self.server_name.as_ref());
        line.maybe("--resolve", self.resolve);
        line.path("--client-cert", self.client_cert.as_deref());
        line.path("--client-key", self.client_key.as_deref());
        line.maybe("--proxy", self.shown_proxy());
        if self.verify == Verify::NoInsecure {
            line.switch("--insecure");
        }
    }
}

fn without_password(proxy: &str) -> String {
    Proxy::parse(proxy).map_or_else(|_| "env".to_owned(), |proxy| proxy.to_string())
}

/// The certificate of the authority that a preset names.
fn of_preset(preset: &Local<'_>) -> Result<Option<Vec<u8>>, Failure> {
    let Some(path) = preset.ca() else { return Ok(None) };
    read(&path).map(Some).map_err(|failure| failure.hint(preset.hint()))
}

/// Bytes of a PEM file; a bundle of all authorities has some hundred thousand.
const LARGEST: u64 = 4 << 20;

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    trentcheck_core::file::read(path, LARGEST)
        .map_err(|error| Failure::usage(format!("read `{}`: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::{Connection, Verify};
    use crate::arguments::ConnectionArguments;
    use crate::setup::configuration::File;
    use crate::setup::words::Words;

    #[test]
    fn a_path_with_blanks_stays_one_word() {
        let arguments = ConnectionArguments { ca: Some("my ca/$HOME.pem".into()), ..Default::default() };
        let connection = Connection::of(&arguments, &File::default());
        assert_eq!(connection.verify, Verify::Yes);
        let mut line = Words::default();
        connection.repeat(&mut line);
        assert_eq!(line.line(), "--ca 'my ca/$HOME.pem'");
    }
}
