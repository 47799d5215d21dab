//! Turns settings into a target, in the same way for every command.

use super::credentials::{are_dummy, principals};
use super::embedded;
use super::preset::Used;
use super::service::{Place, parse, place, rates};
use super::settings::TargetSettings;
use crate::edge::failure::Failure;
use crate::edge::output;
use std::collections::BTreeMap;
use std::time::Duration;
use trentcheck_core::fixture::{Corpus, PrincipalName, nearest_of};
use trentcheck_core::normalise::Redactor;
use trentcheck_core::run::{Elsewhere, Target};
use trentcheck_core::send::{Endpoint, Limits, Peer};
use trentcheck_reference::Server;

/// The requirements of a command on its target.
pub(crate) struct Terms {
    /// What happens if no endpoint is given.
    pub(crate) missing: Missing,
    /// Where the target may be.
    pub(crate) reach: Reach,
    /// How provided keys are checked.
    pub(crate) provided: Provided,
}

/// What happens if no endpoint is given.
pub(crate) enum Missing {
    /// The embedded reference is the target.
    Embedded,
    /// The command fails in this way.
    Refused(Failure),
}

/// Where the target may be.
pub(crate) enum Reach {
    /// Anywhere.
    Anywhere,
    /// Only on loopback. Elsewhere the command fails in this way.
    Loopback(Failure),
}

/// How provided keys are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provided {
    /// A case must use each key.
    Checked,
    /// They are ignored.
    Unused,
}

/// A target that is ready to be called: its pace is set, and its secrets and accounts are redacted. Nothing has been
/// sent.
pub(crate) struct Prepared {
    /// The target.
    pub(crate) target: Target,
    /// The time within which a state change must become visible.
    pub(crate) settle: Duration,
    /// The cases that the target's preset leaves out, by id, each with the reason.
    pub(crate) excluded: BTreeMap<String, String>,
    /// The embedded reference must outlive every call.
    _server: Option<Server>,
}

impl Prepared {
    /// Prepares the target of these settings. All commands use this function.
    pub(crate) async fn of(settings: &TargetSettings, corpus: &Corpus, terms: Terms) -> Result<Self, Failure> {
        let accounts = [&settings.account, &settings.stranger_account].into_iter().flatten();
        output::protect(&Redactor::default().with_accounts(accounts.map(String::as_str)));
        let (_server, mut target) = match (&settings.endpoint, terms.missing) {
            (Some(url), _) => (None, remote(settings, url)?),
            (None, Missing::Embedded) => {
                if let Some(name) = &settings.name {
                    return Err(Failure::rule(format!("the target `{name}` has no endpoint")).hint(format!(
                        "give `[targets.{name}]` an `endpoint`; `--embedded` chooses the embedded reference"
                    )));
                }
                let (server, target) = embedded::start(settings.edition(), settings.timeout()).await?;
                (Some(server), target)
            }
            (None, Missing::Refused(failure)) => return Err(failure),
        };
        output::protect(&target.redactor());
        if terms.provided == Provided::Checked {
            check_provided(&target, corpus)?;
        }
        let is_loopback = target.endpoint.is_loopback();
        if let (Reach::Loopback(failure), false) = (terms.reach, is_loopback) {
            return Err(failure);
        }
        target.limits.rates = rates(&settings.rates, corpus, is_loopback)?;
        let has_credentials = !target.principals.get(&PrincipalName::Primary).is_some_and(are_dummy);
        let excluded = settings.preset.as_ref().map(|preset| preset.excluded(corpus, has_credentials));
        let settle = settings.settle(&target.endpoint);
        Ok(Self { settle, excluded: excluded.unwrap_or_default(), target, _server })
    }
}

/// Refuses signed changes at a target whose certificate is not verified.
pub(crate) fn must_be_verified(target: &Target, what: &str) -> Result<(), Failure> {
    match target.peer() {
        Peer::Loopback | Peer::Verified => Ok(()),
        Peer::Unverified => Err(Failure::safety(format!("{what} only where the target's certificate is verified"))
            .hint("`--ca` with the certificate of its authority in place of `--insecure`")),
    }
}

fn remote(settings: &TargetSettings, url: &str) -> Result<Target, Failure> {
    let TargetSettings { service, signers, .. } = settings;
    let preset = settings.preset.as_ref();
    let (endpoint, region) = place(&Place {
        url,
        region: settings.region.as_deref(),
        of_preset: preset.and_then(Used::region),
        service: *service,
        signers,
    })?;
    let local = preset.and_then(|preset| preset.at(&endpoint));
    let principals = principals(signers, &region, endpoint.is_loopback(), local.as_ref())?;
    let is_plain = endpoint.to_string().starts_with("http://");
    if is_plain && !endpoint.is_loopback() {
        return Err(
            Failure::safety("credentials are not sent over plain HTTP off loopback").hint("use an `https://` endpoint")
        );
    }
    let tls = settings.connection.settings(&endpoint, local.as_ref())?;
    let elsewhere = elsewhere(settings.elsewhere.as_deref(), &endpoint, &region)?;
    Ok(Target {
        endpoint,
        region,
        edition: settings.edition(),
        principals,
        provided: provided(&settings.provide)?,
        elsewhere,
        account: settings.account.clone(),
        stranger_account: settings.stranger_account.clone(),
        embedded: false,
        tls,
        limits: Limits { exchange: settings.timeout(), ..Limits::default() },
    })
}

fn provided(words: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    words
        .iter()
        .map(|word| match word.split_once('=') {
            Some((name, id)) if !name.is_empty() && !id.is_empty() => Ok((name.to_owned(), id.to_owned())),
            _ => Err(Failure::rule(format!("`--provide` takes `NAME=ID`, such as `creating=KEY-ID`, not `{word}`"))),
        })
        .collect()
}

/// Refuses a provided key that no case uses.
fn check_provided(target: &Target, corpus: &Corpus) -> Result<(), Failure> {
    let known = || corpus.preconditions.iter().filter_map(|precondition| precondition.provided.as_deref());
    match target.provided.keys().find(|name| !known().any(|known| known == name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Failure::rule(format!("`--provide {name}`: no case asks for a key of this name")).hint(
            match nearest_of(name, known()) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("the names are {}", known().collect::<Vec<_>>().join(", ")),
            },
        )),
    }
}

/// The second Region. The safety rules of the target also apply to it, so it must be on loopback if the target is. On
/// loopback it is the target itself, unless the user names another endpoint.
fn elsewhere(word: Option<&str>, target: &Endpoint, home: &str) -> Result<Option<Elsewhere>, Failure> {
    let Some(word) = word else { return Ok(target.is_loopback().then(|| Elsewhere::assumed(target, home))) };
    let Some((region, url)) = word.split_once('=') else {
        return Err(Failure::rule(format!(
            "`--elsewhere` takes `REGION=URL`, such as `us-west-2=http://127.0.0.1:4567`, not `{word}`"
        )));
    };
    let endpoint = parse(url)?;
    if endpoint.is_loopback() != target.is_loopback() || endpoint.scheme != target.scheme {
        return Err(Failure::safety(format!("{target} and {endpoint} cannot be one service in two Regions"))
            .hint("both must be on loopback or both off it, and both with TLS or both without"));
    }
    Ok(Some(Elsewhere { endpoint, region: region.to_owned(), is_assumed: false }))
}
