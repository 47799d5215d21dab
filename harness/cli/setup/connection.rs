//! How a target is reached: TLS, another address, a proxy.

use super::configuration::File;
use crate::arguments::ConnectionArguments;
use crate::edge::failure::Failure;
use crate::edge::shell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use trentcheck_core::send::{ClientIdentity, Endpoint, Proxy, Tls, Verify};

/// How the target is reached, where the URL alone does not say it.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    ca: Option<PathBuf>,
    verify: Verify,
    server_name: Option<String>,
    resolve: Option<SocketAddr>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    proxy: Option<String>,
}

impl Connection {
    /// What flags and environment say, else what the file says.
    pub(super) fn of(arguments: &ConnectionArguments, file: &File) -> Self {
        let ConnectionArguments { ca, insecure, server_name, resolve, client_cert, client_key, proxy } = arguments;
        // A certificate of the command line does not go with a key of the file.
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

    /// The same way to another host, which has another address and another name.
    pub(super) fn to_another_host(&self) -> Self {
        Self { resolve: None, server_name: None, ..self.clone() }
    }

    /// The settings of connections to an endpoint. Nothing may lead what was typed as loopback to elsewhere.
    pub(super) fn settings(&self, endpoint: &Endpoint) -> Result<Tls, Failure> {
        if self.verify == Verify::NoInsecure && self.ca.is_some() {
            return Err(Failure::usage("use both `--insecure` and `--ca`: one of them is enough"));
        }
        let proxy = self.proxy(endpoint)?;
        if endpoint.is_loopback() {
            let leads_away = |what: String| {
                Failure::safety(format!("the endpoint is on loopback, and {what} is not"))
                    .hint("name the endpoint as it is; what is safe is judged by its name")
            };
            if let Some(address) = self.resolve.filter(|address| !address.ip().is_loopback()) {
                return Err(leads_away(format!("`--resolve {address}`")));
            }
            if let Some(proxy) = proxy.as_ref().filter(|proxy| !proxy.is_loopback()) {
                return Err(leads_away(format!("the proxy {proxy}")));
            }
        }
        Ok(Tls {
            ca_pem: self.ca.as_deref().map(read).transpose()?,
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
            (None, Some(_)) => Err(Failure::usage("use `--client-key` without `--client-cert`")),
            (None, None) => Ok(None),
        }
    }

    fn proxy(&self, endpoint: &Endpoint) -> Result<Option<Proxy>, Failure> {
        match self.proxy.as_deref() {
            None => Ok(None),
            Some("env") => Proxy::from_environment(endpoint, |name| std::env::var(name).ok())
                .map_err(|error| Failure::usage(format!("find a proxy in the environment: {error}"))),
            // The URL may hold a password, so it is not repeated.
            Some(url) => Proxy::parse(url).map(Some).map_err(|error| {
                Failure::usage(format!("read the proxy's URL: {error}"))
                    .hint("a proxy looks like `http://proxy.example.com:3128`")
            }),
        }
    }

    /// The flags that repeat this, a password apart.
    pub(super) fn flags(&self) -> String {
        let mut line = String::new();
        let mut add = |flag: &str, value: Option<String>| {
            if let Some(value) = value {
                line.push_str(&shell::flag(flag, &value));
            }
        };
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        add("--ca", path(&self.ca));
        add("--server-name", self.server_name.clone());
        add("--resolve", self.resolve.map(|address| address.to_string()));
        add("--client-cert", path(&self.client_cert));
        add("--client-key", path(&self.client_key));
        let shown = |url: &String| match Proxy::parse(url) {
            Ok(proxy) => proxy.to_string(),
            Err(_) => "env".to_owned(),
        };
        add("--proxy", self.proxy.as_ref().map(shown));
        if self.verify == Verify::NoInsecure {
            line.push_str(" --insecure");
        }
        line
    }
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

    #[test]
    fn a_path_with_blanks_stays_one_word() {
        let arguments = ConnectionArguments { ca: Some("my ca/$HOME.pem".into()), ..Default::default() };
        let connection = Connection::of(&arguments, &File::default());
        assert_eq!(connection.verify, Verify::Yes);
        assert_eq!(connection.flags(), " --ca 'my ca/$HOME.pem'");
    }
}
