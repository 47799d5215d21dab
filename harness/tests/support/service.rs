//! A service that is not on loopback: the reference behind TLS, under a name that leads nowhere.

use super::hostile::tls_front;
use super::scratch::written;
use super::{config, reference};
use trentcheck_core::fixture::Edition;

/// The account of the reference's keys.
pub(crate) const ACCOUNT: &str = "111122223333";

/// The credentials that the reference knows as those of its primary principal.
pub(crate) const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIDTRENTCHECK000001"), ("AWS_SECRET_ACCESS_KEY", "trentcheck-dummy-secret-primary")];

/// Paces that tests do not wait for.
pub(crate) const FAST: [&str; 14] = [
    "CancelKeyDeletion",
    "CreateAlias",
    "CreateKey",
    "DeleteAlias",
    "DeleteImportedKeyMaterial",
    "DisableKey",
    "EnableKey",
    "Encrypt",
    "Decrypt",
    "GetParametersForImport",
    "ImportKeyMaterial",
    "ListKeys",
    "ScheduleKeyDeletion",
    "Sign",
];

/// The reference behind TLS, with the arguments that reach it.
pub(crate) async fn service(name: &str) -> (trentcheck_reference::Server, Vec<String>) {
    service_of(name, config(Edition::KeyOnly)).await
}

/// A reference of this configuration behind TLS, with the arguments that reach it.
pub(crate) async fn service_of(
    name: &str,
    config: trentcheck_reference::Config,
) -> (trentcheck_reference::Server, Vec<String>) {
    let (server, _) = reference(config).await;
    let (address, ca) = tls_front(server.address()).await;
    let ca = written(&format!("{name}.pem"), ca);
    let endpoint = format!("https://kms.example.test:{}", address.port());
    let address = address.to_string();
    let arguments = ["--endpoint", &endpoint, "--resolve", &address, "--ca", &ca];
    (server, arguments.map(str::to_owned).to_vec())
}

/// The arguments as the command takes them.
pub(crate) fn with<'a>(first: &'a str, reached: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    [first].into_iter().chain(reached.iter().map(String::as_str)).chain(more.iter().copied()).collect()
}
