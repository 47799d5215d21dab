//! What a check is asked to do.

use crate::fixture::{Edition, Level, PrincipalName};
use crate::sign::Credentials;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where a check may send requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To this machine only.
    Loopback,
    /// Anywhere.
    Anywhere,
}

/// A check of one server, before it is run.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `run`"]
pub struct Check {
    pub(super) address: String,
    pub(super) edition: Edition,
    pub(super) region: String,
    pub(super) fail_on: Level,
    pub(super) deviations: Option<PathBuf>,
    pub(super) only: Vec<String>,
    pub(super) without: Vec<(String, String)>,
    pub(super) without_from: Vec<(PathBuf, String)>,
    pub(super) principals: BTreeMap<PrincipalName, Credentials>,
    pub(super) provided: BTreeMap<String, String>,
    pub(super) up_within: Duration,
    pub(super) timeout: Duration,
    pub(super) settle: Option<Duration>,
    pub(super) deadline: Duration,
    pub(super) reach: Reach,
}

/// A check of the server at this address: a URL, or the [`SocketAddr`](std::net::SocketAddr) that it listens at.
///
/// See [the module](mod@crate::check) for an example.
pub fn check(address: impl fmt::Display) -> Check {
    Check::unaddressed().at(&address.to_string())
}

impl Check {
    /// A check of a server that is not started yet.
    pub(crate) fn unaddressed() -> Self {
        Self {
            address: String::new(),
            edition: Edition::KeyOnly,
            region: "us-east-2".to_owned(),
            fail_on: Level::Must,
            deviations: None,
            only: Vec::new(),
            without: Vec::new(),
            without_from: Vec::new(),
            principals: BTreeMap::new(),
            provided: BTreeMap::new(),
            up_within: Duration::from_secs(10),
            timeout: Duration::from_secs(10),
            settle: None,
            deadline: Duration::from_secs(15 * 60),
            reach: Reach::Loopback,
        }
    }

    /// The same check of the server at this address.
    pub(crate) fn at(self, address: &str) -> Self {
        let scheme = if address.contains("://") { "" } else { "http://" };
        Self { address: format!("{scheme}{address}"), ..self }
    }

    /// The edition of the API reference that the server implements; `KeyOnly` if nothing is said.
    pub fn edition(self, edition: Edition) -> Self {
        Self { edition, ..self }
    }

    /// The Region that requests are signed for; `us-east-2` if nothing is said.
    pub fn region(self, region: impl Into<String>) -> Self {
        Self { region: region.into(), ..self }
    }

    /// The level from which on a mismatch makes a case diverge; `must` if nothing is said.
    pub fn fail_on(self, fail_on: Level) -> Self {
        Self { fail_on, ..self }
    }

    /// A list of known deviations, as `trentcheck deviations update` writes it. A case that deviates as listed does not
    /// fail the check. An entry that is no longer true does. A relative path is relative to the working directory, which in
    /// a test of cargo is the folder of the package.
    pub fn deviations(self, file: impl Into<PathBuf>) -> Self {
        Self { deviations: Some(file.into()), ..self }
    }

    /// Runs only the cases of this id or glob, and those of further calls.
    pub fn only(mut self, cases: impl Into<String>) -> Self {
        self.only.push(cases.into());
        self
    }

    /// Leaves out the cases of this id or glob. They are skipped for this reason.
    pub fn without(mut self, cases: impl Into<String>, reason: impl Into<String>) -> Self {
        self.without.push((cases.into(), reason.into()));
        self
    }

    /// Leaves out the cases that a file names, for this reason: ids and globs, one on a line, with comments behind `#` on
    /// lines of their own. `--skip @FILE` of the command reads the same file. A relative path is relative to the working
    /// directory, as in [`Self::deviations`]. Where [`Self::without`] names a case too, its reason is shown.
    pub fn without_from(mut self, file: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        self.without_from.push((file.into(), reason.into()));
        self
    }

    /// The credentials that sign, if the server does not accept the dummy credentials: those of the principal `Primary`.
    pub fn credentials(self, access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        let (access_key_id, secret_access_key) = (access_key_id.into(), secret_access_key.into());
        self.principal(PrincipalName::Primary, Credentials { access_key_id, secret_access_key, session_token: None })
    }

    /// The credentials of a principal. On loopback dummy credentials sign if `Primary` has none; cases that need another
    /// principal are skipped without it.
    pub fn principal(mut self, name: PrincipalName, credentials: Credentials) -> Self {
        self.principals.insert(name, credentials);
        self
    }

    /// A key of the server in a state that no client can bring about, such as `creating`. Cases that need it are skipped
    /// without it.
    pub fn provide(mut self, name: impl Into<String>, key_id: impl Into<String>) -> Self {
        self.provided.insert(name.into(), key_id.into());
        self
    }

    /// How long the server may take until it listens; ten seconds if nothing is said.
    pub fn up_within(self, up_within: Duration) -> Self {
        Self { up_within, ..self }
    }

    /// The most time of one exchange; ten seconds if nothing is said.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The time within which a change must be visible; a second on loopback and thirty off it if nothing is said.
    pub fn settle(self, settle: Duration) -> Self {
        Self { settle: Some(settle), ..self }
    }

    /// The most time of the whole check; fifteen minutes if nothing is said. Cases that are not reached have no verdict.
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Allows a server that is not on this machine: over `https://`, with credentials for `Primary`, at the published pace,
    /// and only with requests that cannot succeed. Other cases are skipped.
    pub fn off_loopback(self) -> Self {
        Self { reach: Reach::Anywhere, ..self }
    }
}
