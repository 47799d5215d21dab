//! What a run is pointed at.

use crate::fixture::{Edition, PrincipalName};
use crate::normalise::Redactor;
use crate::send::{Endpoint, Limits, Peer, Tls};
use crate::sign::Credentials;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Tells the time. The only clock that stages see.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// A run could not begin.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The connection's settings are wrong.
    #[error(transparent)]
    Send(#[from] crate::send::SetupError),
    /// The ledger cannot be written.
    #[error(transparent)]
    Ledger(#[from] crate::ledger::LedgerError),
    /// There are no credentials to sign with.
    #[error("find credentials for the principal `primary`")]
    NoCredentials,
    /// Keys are to be made, and the account was not named.
    #[error("know the account in which keys may be made")]
    NoAccount,
    /// Keys are to be made or borrowed, and anybody could be the target.
    #[error("make or borrow keys at a target whose certificate is not verified")]
    Unverified,
}

/// The same service in another Region.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Its endpoint.
    pub endpoint: Endpoint,
    /// Its Region.
    pub region: String,
}

/// An endpoint under test.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// The Region that requests are signed for.
    pub region: String,
    /// Its edition.
    pub edition: Edition,
    /// Who can sign.
    pub principals: BTreeMap<PrincipalName, Credentials>,
    /// Ids of keys that only a target under our control has, by name.
    pub provided: BTreeMap<String, String>,
    /// The same service in another Region, if there is one.
    pub elsewhere: Option<Elsewhere>,
    /// The primary principal's account, if known beforehand.
    pub account: Option<String>,
    /// The account of the principal `stranger`, if keys may be made in it off loopback.
    pub stranger_account: Option<String>,
    /// Whether it is the embedded reference.
    pub embedded: bool,
    /// How TLS connections are made.
    pub tls: Tls,
    /// Limits of every exchange.
    pub limits: Limits,
}

impl Target {
    /// Who answers there.
    pub fn peer(&self) -> Peer {
        Peer::of(&self.endpoint, &self.tls)
    }

    /// The Region that is not the target's own.
    pub fn other_region(&self) -> String {
        if let Some(elsewhere) = &self.elsewhere {
            return elsewhere.region.clone();
        }
        let other = if self.region == "us-west-2" { "us-east-2" } else { "us-west-2" };
        other.to_owned()
    }

    /// Removes the credentials of all principals from what leaves the program.
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

/// Which cases may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// All of them, at keys of a test server.
    All,
    /// All of them, at keys that this run made in the accounts that the target names.
    Owned,
    /// Only those that name no key that exists.
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

/// The partition that a Region's name belongs to.
pub(crate) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
