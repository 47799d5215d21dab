//! A reference target as the harness sees one.

use std::collections::BTreeMap;
use std::time::Duration;
use trentcheck_core::fixture::{Edition, PrincipalName};
use trentcheck_core::run::{Elsewhere, Target};
use trentcheck_core::send::{Endpoint, Limits, Tls};
use trentcheck_core::sign::Credentials;
use trentcheck_reference as reference;

/// A target at this URL with dummy credentials.
fn target(url: &str, edition: Edition) -> Target {
    let credentials = Credentials {
        access_key_id: "AKIDTRENTCHECK000001".to_owned(),
        secret_access_key: "trentcheck-dummy-secret-primary".to_owned(),
        session_token: None,
    };
    Target {
        endpoint: Endpoint::parse(url).unwrap(),
        region: "us-east-2".to_owned(),
        edition,
        principals: BTreeMap::from([(PrincipalName::Primary, credentials)]),
        provided: BTreeMap::new(),
        elsewhere: None,
        account: None,
        stranger_account: None,
        embedded: false,
        tls: Tls::default(),
        limits: Limits { exchange: Duration::from_secs(5), ..Limits::default() },
    }
}

/// A reference target and how to reach it with all its principals.
pub(crate) async fn reference(config: reference::Config) -> (reference::Server, Target) {
    let edition = match config.edition {
        reference::Edition::KeyOnly => Edition::KeyOnly,
        reference::Edition::KeyMaterialId => Edition::KeyMaterialId,
    };
    let server = reference::Server::start(config).await.unwrap();
    let mut target = target(&format!("http://{}", server.address()), edition);
    for principal in &server.config().principals {
        let name = match principal.name.as_str() {
            "primary" => PrincipalName::Primary,
            "session" => PrincipalName::Session,
            "denied" => PrincipalName::Denied,
            "stranger" => PrincipalName::Stranger,
            "expired" => PrincipalName::Expired,
            other => panic!("{other} is no principal"),
        };
        let credentials = Credentials {
            access_key_id: principal.access_key_id.clone(),
            secret_access_key: principal.secret_access_key.clone(),
            session_token: principal.session_token.clone(),
        };
        target.principals.insert(name, credentials);
    }
    target.provided = server.config().seeds.iter().map(|seed| (seed.name.clone(), seed.key_id.clone())).collect();
    let region = server.config().regions[1].clone();
    let address = server.address_of(&region).unwrap();
    let endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
    target.elsewhere = Some(Elsewhere { endpoint, region, is_assumed: false });
    (server, target)
}

/// The configuration of a reference of this edition.
pub(crate) fn config(edition: Edition) -> reference::Config {
    let edition = match edition {
        Edition::KeyOnly => reference::Edition::KeyOnly,
        Edition::KeyMaterialId => reference::Edition::KeyMaterialId,
    };
    reference::Config { edition, ..reference::Config::default() }
}

/// The mutant or control of this name.
#[track_caller]
pub(crate) fn mutant(name: &str) -> &'static reference::Mutant {
    let mut all = reference::mutants().iter().chain(reference::controls());
    all.find(|mutant| mutant.name == name).unwrap_or_else(|| panic!("there is no mutant or control `{name}`"))
}

/// The configuration of a reference with this fault, in the edition that the fault is made for.
pub(crate) fn mutated(mutant: &'static reference::Mutant) -> reference::Config {
    reference::Config { edition: mutant.edition, mutant: Some(mutant), ..reference::Config::default() }
}

/// The reference, or a mutant or control of this name, and its URL.
pub(crate) async fn served(fault: Option<&str>) -> (reference::Server, String) {
    let mutant = fault.map(mutant);
    let (server, target) = self::reference(reference::Config { mutant, ..config(Edition::KeyOnly) }).await;
    (server, target.endpoint.to_string())
}
