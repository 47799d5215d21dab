//! The conditions under which a run may create keys off loopback: the account is named, the plan is printed, and the
//! user confirms it.
//!
//! The plan comes from a rehearsal: the same cases at the embedded reference, with the same guard and with the calls
//! counted.

use super::confirm::confirm;
use super::embedded;
use super::plan::Plan;
use super::settings::{RoundsWanted, RunSettings};
use super::target::must_be_verified;
use crate::edge::failure::Failure;
use crate::edge::output;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use trentcheck_core::fixture::{Case, Corpus, Danger, PrincipalName, Selection};
use trentcheck_core::report::Ran;
use trentcheck_core::run::{Lent, Options, Permit, Target, run};

/// Decides what a run may do at its target. Off loopback, keys are created only if all conditions hold.
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
        return Err(Failure::safety("off loopback, keys are created only in an account that you name")
            .hint("name it with `--account`; if the target creates keys in another account, the run stops"));
    };
    let selection = match permit {
        Permit::NoKeys => &on_lent_only(corpus, selection, &lent),
        Permit::Owned | Permit::All => selection,
    };
    // Nobody could say in advance how many keys that are.
    let rounds = match settings.rounds {
        None => 1,
        Some(RoundsWanted { most: Some(most), .. }) => most,
        Some(RoundsWanted { most: None, .. }) => {
            return Err(Failure::safety("off loopback, a run that makes or borrows keys needs a number of rounds")
                .hint("name it with `--repeat`, beside `--for` if you want"));
        }
    };
    let mut rehearsal = rehearse(target, corpus, selection, options).await?;
    if permit == Permit::NoKeys {
        // In the rehearsal, new keys replace the lent ones, so they are not counted.
        rehearsal.keys = 0;
        rehearsal.calls.retain(|name, _| !["CreateKey", "ScheduleKeyDeletion", "ListKeys"].contains(&name.as_str()));
    }
    rehearsal.keys = rehearsal.keys.saturating_mul(usize::try_from(rounds).unwrap_or(usize::MAX));
    rehearsal.calls.values_mut().for_each(|calls| *calls = calls.saturating_mul(rounds));
    let most = rehearsal.keys.saturating_mul(MORE_KEYS);
    let deadline = settings.deadline;
    let ledger = ledger.map(|path| (path, settings.target.sweep_line(path, target)));
    let plan = Plan { lent: &lent, rehearsal: &rehearsal, rounds, most, target, corpus, ledger, deadline };
    output::to_stderr(&plan.render());
    if !settings.yes {
        confirm(account).await?;
    }
    Ok(Passed { permit, most: (permit == Permit::Owned).then(|| Arc::new(AtomicUsize::new(most))) })
}

/// The factor on the keys of the rehearsal that limits the keys of all looks together. A wrong target uses more keys,
/// and differences from a baseline are looked at twice.
const MORE_KEYS: usize = 3;

/// The permissions of a session.
#[derive(Clone)]
pub(crate) struct Passed {
    /// The cases that may be sent.
    pub(crate) permit: Permit,
    /// The most keys that may be created, if there is a limit.
    pub(crate) most: Option<Arc<AtomicUsize>>,
}

impl Passed {
    fn unlimited(permit: Permit) -> Self {
        Self { permit, most: None }
    }
}

/// The cases that need no key, or only a lent key.
fn on_lent_only(corpus: &Corpus, selection: &Selection, lent: &[Lent]) -> Selection {
    let takes = |case: &&Case| {
        let is_lent = lent.iter().any(|lent| lent.precondition == case.precondition);
        selection.takes(case) && (case.danger == Danger::None || is_lent)
    };
    let mut taken = corpus.cases.iter().filter(takes).map(Case::id).peekable();
    // No ids would mean all cases.
    if taken.peek().is_none() { selection.clone() } else { Selection::of_ids(taken) }
}

/// Runs the same cases at the embedded reference, with the same principals and Regions.
async fn rehearse(target: &Target, corpus: &Corpus, selection: &Selection, options: Options) -> Result<Ran, Failure> {
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
    let ran = run(corpus, selection, &stage, &options, &(), stopped)
        .await
        .map_err(|error| Failure::internal(error.to_string()))?;
    server.stop().await;
    Ok(ran)
}
