//! Starts the embedded reference and describes it as a target.

use crate::edge::failure::Failure;
use std::collections::BTreeMap;
use std::time::Duration;
use trentcheck_core::fixture::{Edition, PrincipalName};
use trentcheck_core::run::{Elsewhere, Target};
use trentcheck_core::send::{Endpoint, Limits, Tls};
use trentcheck_core::sign::Credentials;
use trentcheck_reference as reference;

/// Converts an edition into the type of the reference.
pub(crate) fn edition_of(edition: Edition) -> reference::Edition {
    match edition {
        Edition::KeyOnly => reference::Edition::KeyOnly,
        Edition::KeyMaterialId => reference::Edition::KeyMaterialId,
    }
}

/// Starts the reference and describes it as a target.
pub(crate) async fn start(edition: Edition, timeout: Duration) -> Result<(reference::Server, Target), Failure> {
    let config = reference::Config { edition: edition_of(edition), ..reference::Config::default() };
    start_as(config, edition, timeout).await
}

/// Starts a reference with this configuration, which may be a mutant.
pub(crate) async fn start_as(
    config: reference::Config,
    edition: Edition,
    timeout: Duration,
) -> Result<(reference::Server, Target), Failure> {
    let server = reference::Server::start(config)
        .await
        .map_err(|error| Failure::internal(format!("start the embedded reference: {error}")))?;
    let target = target(&server, edition, timeout)?;
    Ok((server, target))
}

fn target(server: &reference::Server, edition: Edition, timeout: Duration) -> Result<Target, Failure> {
    let endpoint = |address: std::net::SocketAddr| {
        Endpoint::parse(&format!("http://{address}")).map_err(|error| Failure::internal(error.to_string()))
    };
    let config = server.config();
    let mut principals = BTreeMap::new();
    for principal in &config.principals {
        if let Some(name) = name_of(&principal.name) {
            let credentials = Credentials {
                access_key_id: principal.access_key_id.clone(),
                secret_access_key: principal.secret_access_key.clone(),
                session_token: principal.session_token.clone(),
            };
            principals.insert(name, credentials);
        }
    }
    let elsewhere = match config.regions.get(1).and_then(|region| Some((region, server.address_of(region)?))) {
        Some((region, address)) => {
            Some(Elsewhere { endpoint: endpoint(address)?, region: region.clone(), is_assumed: false })
        }
        None => None,
    };
    Ok(Target {
        endpoint: endpoint(server.address())?,
        region: config.regions.first().cloned().unwrap_or_default(),
        edition,
        principals,
        provided: config.seeds.iter().map(|seed| (seed.name.clone(), seed.key_id.clone())).collect(),
        elsewhere,
        account: None,
        stranger_account: None,
        embedded: true,
        tls: Tls::default(),
        limits: Limits { exchange: timeout, ..Limits::default() },
    })
}

fn name_of(name: &str) -> Option<PrincipalName> {
    match name {
        "primary" => Some(PrincipalName::Primary),
        "session" => Some(PrincipalName::Session),
        "denied" => Some(PrincipalName::Denied),
        "stranger" => Some(PrincipalName::Stranger),
        "expired" => Some(PrincipalName::Expired),
        _ => None,
    }
}
