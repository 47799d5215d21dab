//! The target of a run: endpoint, Region, edition, credentials and settings.

use crate::fixture::{Edition, PrincipalName};
use crate::normalise::Redactor;
use crate::send::{Endpoint, Limits, Peer, Tls};
use crate::sign::Credentials;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Returns the current time. Stages use no other clock.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// A run cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The connection settings are wrong.
    #[error(transparent)]
    Send(#[from] crate::send::SetupError),
    /// The ledger cannot be written.
    #[error(transparent)]
    Ledger(#[from] crate::ledger::LedgerError),
    /// The principal `primary` has no credentials.
    #[error("find credentials for the principal `primary`")]
    NoCredentials,
    /// The run creates keys, but no account is named.
    #[error("find the account in which the run may create keys")]
    NoAccount,
    /// Keys are to be made or borrowed, and anybody could be the target.
    #[error("make or borrow keys at a target whose certificate is not verified")]
    Unverified,
}

/// The same service in another Region.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// The endpoint in that Region.
    pub endpoint: Endpoint,
    /// The name of that Region.
    pub region: String,
    /// Whether nobody named it, so that it may not exist: a test server may answer requests for any Region at one
    /// address.
    pub is_assumed: bool,
}

impl Elsewhere {
    /// The address of a test server, asked for another Region.
    pub fn assumed(endpoint: &Endpoint, home: &str) -> Self {
        Self { endpoint: endpoint.clone(), region: other_than(home).to_owned(), is_assumed: true }
    }
}

/// An endpoint under test.
#[derive(Clone, Debug)]
pub struct Target {
    /// The address where the target listens.
    pub endpoint: Endpoint,
    /// The Region that requests are signed for.
    pub region: String,
    /// The edition that the target implements.
    pub edition: Edition,
    /// The principals that can sign, with their credentials.
    pub principals: BTreeMap<PrincipalName, Credentials>,
    /// Ids of keys in states that only a target under our control has, by name.
    pub provided: BTreeMap<String, String>,
    /// The same service in another Region, if there is one.
    pub elsewhere: Option<Elsewhere>,
    /// The account of the primary principal, if it is known before the run.
    pub account: Option<String>,
    /// The account of the principal `stranger`, if the run may create keys in it off loopback.
    pub stranger_account: Option<String>,
    /// Whether the target is the embedded reference.
    pub embedded: bool,
    /// How TLS connections are made.
    pub tls: Tls,
    /// The limits of every exchange.
    pub limits: Limits,
}

impl Target {
    /// Host and port of the second Region's endpoint, empty if there is none.
    pub(crate) fn other_host(&self) -> String {
        self.elsewhere.as_ref().map_or_else(String::new, |elsewhere| elsewhere.endpoint.authority())
    }

    /// Who answers there.
    pub fn peer(&self) -> Peer {
        Peer::of(&self.endpoint, &self.tls)
    }

    /// A Region other than that of the target.
    pub fn other_region(&self) -> String {
        match &self.elsewhere {
            Some(elsewhere) => elsewhere.region.clone(),
            None => other_than(&self.region).to_owned(),
        }
    }

    /// A redactor that knows the credentials of all principals.
    pub fn redactor(&self) -> Redactor {
        let credentials = self.principals.values().flat_map(|credentials| {
            [
                (credentials.secret_access_key.clone(), "<secret-access-key>"),
                (credentials.session_token.clone().unwrap_or_default(), "<session-token>"),
                (credentials.access_key_id.clone(), "<access-key-id>"),
            ]
        });
        let password = self.tls.proxy.as_ref().and_then(|proxy| proxy.password());
        let proxy = password.map(|password| (password.to_owned(), "<proxy-password>"));
        Redactor::new(credentials.chain(proxy))
    }
}

/// The cases that a run may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// All cases, at keys of a test server.
    All,
    /// All cases, at keys that this run creates in the accounts that the target names.
    Owned,
    /// Only cases that name no existing key.
    NoKeys,
}

impl Permit {
    /// How long the release of the keys may take, besides the time limit of the run. What is not released by then is
    /// reported.
    pub fn release(self) -> Duration {
        match self {
            // Keys of a test server end with it.
            Self::All => Duration::from_secs(30),
            Self::Owned | Self::NoKeys => Duration::from_secs(5 * 60),
        }
    }
}

/// A Region that is not this one.
fn other_than(region: &str) -> &'static str {
    if region == "us-west-2" { "us-east-2" } else { "us-west-2" }
}

/// The partition of a Region.
pub(crate) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
