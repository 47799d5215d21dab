//! What has to be said before keys are made off loopback: the account, the plan, and a yes.
//!
//! The plan is a rehearsal: the same cases at the embedded reference, with the same guard, calls counted.

use super::confirm::confirm;
use super::embedded;
use super::plan::Plan;
use super::settings::RunSettings;
use super::target::must_be_verified;
use crate::edge::failure::Failure;
use crate::edge::output;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use trentcheck_core::fixture::{Case, Corpus, Danger, PrincipalName, Selection};
use trentcheck_core::report::RunReport;
use trentcheck_core::run::{Lent, Options, Permit, Target, run};

/// What a run may do at its target. Off loopback keys are made only after everything has been said.
pub(crate) async fn permit(
    settings: &RunSettings,
    target: &Target,
    corpus: &Corpus,
    selection: &Selection,
    options: Options,
    ledger: Option<&Path>,
) -> Result<Passed, Failure> {
    if target.endpoint.is_loopback() {
        return Ok(Passed::unlimited(Permit::All));
    }
    let permit = if settings.allow_mutation { Permit::Owned } else { Permit::NoKeys };
    let lent = options.lent.clone();
    if permit == Permit::NoKeys && lent.is_empty() {
        return Ok(Passed::unlimited(permit));
    }
    must_be_verified(target, "keys are made or borrowed")?;
    let Some(account) = &target.account else {
        return Err(Failure::safety("keys are made only in an account that is named")
            .hint("`--account` with its number; if the target's keys turn out to be in another, nothing goes on"));
    };
    let selection = match permit {
        Permit::NoKeys => &on_lent_only(corpus, selection, &lent),
        Permit::Owned | Permit::All => selection,
    };
    let mut rehearsal = rehearse(target, corpus, selection, options).await?;
    if permit == Permit::NoKeys {
        // The rehearsal made keys in place of those that are lent.
        rehearsal.keys = 0;
        rehearsal.calls.retain(|name, _| !["CreateKey", "ScheduleKeyDeletion", "ListKeys"].contains(&name.as_str()));
    }
    let most = rehearsal.keys * MORE_KEYS;
    let deadline = settings.deadline;
    let plan =
        Plan { lent: &lent, rehearsal: &rehearsal, most, target, settings: &settings.target, corpus, ledger, deadline };
    output::to_stderr(&plan.render());
    if !settings.yes {
        let account = account.clone();
        tokio::task::spawn_blocking(move || confirm(&account))
            .await
            .map_err(|error| Failure::internal(format!("ask: {error}")))??;
    }
    Ok(Passed { permit, most: (permit == Permit::Owned).then(|| Arc::new(AtomicUsize::new(most))) })
}

/// A wrong target uses keys up, and what differs from a baseline is looked at twice: so many times the keys of the
/// rehearsal may be made, by all looks together.
const MORE_KEYS: usize = 3;

/// What a session may do.
#[derive(Clone)]
pub(crate) struct Passed {
    /// Which cases may be sent.
    pub(crate) permit: Permit,
    /// How many keys may be made, if that is limited.
    pub(crate) most: Option<Arc<AtomicUsize>>,
}

impl Passed {
    fn unlimited(permit: Permit) -> Self {
        Self { permit, most: None }
    }
}

/// The cases that need no key, or one that is lent.
fn on_lent_only(corpus: &Corpus, selection: &Selection, lent: &[Lent]) -> Selection {
    let takes = |case: &&Case| {
        let is_lent = lent.iter().any(|lent| lent.precondition == case.precondition);
        selection.takes(case) && (case.danger == Danger::None || is_lent)
    };
    Selection::of_ids(corpus.cases.iter().filter(takes).map(Case::id))
}

/// The same cases at the embedded reference, by whom and where they would be sent.
async fn rehearse(
    target: &Target,
    corpus: &Corpus,
    selection: &Selection,
    options: Options,
) -> Result<RunReport, Failure> {
    let (server, mut stage) = embedded::start(target.edition, Duration::from_secs(10)).await?;
    let account_of = |name: &str| {
        let principals = &server.config().principals;
        principals.iter().find(|principal| principal.name == name).map(|principal| principal.account.clone())
    };
    stage.account = account_of("primary");
    stage.stranger_account = target.stranger_account.as_ref().and_then(|_| account_of("stranger"));
    stage.principals.retain(|name, _| *name == PrincipalName::Primary || target.principals.contains_key(name));
    stage.provided.retain(|name, _| target.provided.contains_key(name));
    if target.elsewhere.is_none() {
        stage.elsewhere = None;
    }
    let options = Options {
        permit: Permit::Owned,
        settle: Duration::from_secs(1),
        deadline: Duration::from_secs(60),
        clock: Arc::new(SystemTime::now),
        ledger: None,
        lent: Vec::new(),
        budget: None,
        ..options
    };
    let (_stop, stopped) = watch::channel(false);
    let report = run(corpus, selection, &stage, &options, &(), stopped)
        .await
        .map_err(|error| Failure::internal(error.to_string()))?;
    server.stop().await;
    Ok(report)
}
