//! Removes what runs left behind: only keys that have the run's id in tag and description, looked at again right before
//! each call that changes something.

mod find;
mod release;

use crate::fixture::{Corpus, Owner, Place};
use crate::kms::ours::Ours;
use crate::kms::{Clients, Kms};
use crate::ledger::{Ledger, LedgerError, OpenRun};
use crate::target::{Clock, SetupError, Target};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// Which keys are swept.
#[derive(Clone, Debug)]
pub enum Sweeping {
    /// Those of runs that did not end, by their ledger.
    Runs(Vec<OpenRun>),
    /// Those of runs whose youngest key is at least this old.
    OlderThan(Duration),
}

/// What is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Whatever is found: aliases are deleted and deletions scheduled.
    Change,
    /// The same, of what an earlier sweep said that it would change, and of nothing else.
    Shown(Swept),
    /// Nothing: it is only said what would be done.
    Nothing,
}

/// What a sweep did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// ARNs of the keys whose deletion is scheduled now.
    pub scheduled: Vec<String>,
    /// ARNs of the keys that were pending deletion before.
    pub pending: Vec<String>,
    /// Names of the aliases that are deleted.
    pub aliases: Vec<String>,
    /// What was let be, and why.
    pub skipped: Vec<String>,
    /// What could not be removed, or may be there, and why.
    pub left: Vec<String>,
    /// ARNs of keys that are let be since nobody named their account. Each is in `left` too.
    pub unnamed: Vec<String>,
}

impl Swept {
    /// Whether anything is changed.
    pub fn has_changes(&self) -> bool {
        !self.scheduled.is_empty() || !self.aliases.is_empty()
    }
}

/// What everything that a sweep does needs.
struct Sweep<'a> {
    target: &'a Target,
    clients: &'a Clients,
    touch: &'a Touch,
    settle: Duration,
}

/// A key that is to be removed, and who reaches it.
struct Found<'a> {
    ours: Ours,
    kms: &'a Kms,
}

impl<'a> Sweep<'a> {
    /// Everybody, in a fixed order.
    fn everybody(&self) -> Vec<(Owner, &'a Kms)> {
        let mut places: Vec<&(Place, Owner)> = self.clients.by_place.keys().collect();
        places.sort();
        places.into_iter().map(|place| (place.1, &self.clients.by_place[place])).collect()
    }

    /// The account that was named for this principal; on loopback none has to be.
    fn named(&self, owner: Owner) -> Option<&'a String> {
        match owner {
            Owner::Primary => self.target.account.as_ref(),
            Owner::Stranger => self.target.stranger_account.as_ref(),
        }
    }

    /// Whether keys of this ARN's account may be touched.
    fn may_touch(&self, arn: &str) -> bool {
        let is_its_account = |account: &String| arn.split(':').nth(4) == Some(account);
        self.target.endpoint.is_loopback()
            || [Owner::Primary, Owner::Stranger].iter().any(|owner| self.named(*owner).is_some_and(is_its_account))
    }
}

/// Sweeps.
///
/// # Errors
///
/// Connection settings or credentials that are wrong; everything later is in the result.
pub async fn sweep(
    corpus: &Corpus,
    target: &Target,
    sweeping: &Sweeping,
    touch: Touch,
    clock: &Clock,
    settle: Duration,
) -> Result<Swept, SetupError> {
    let clients = Clients::new(target, clock, settle, &corpus.unsupported, None)?;
    let sweep = Sweep { target, clients: &clients, touch: &touch, settle };
    let mut swept = Swept::default();
    let found = match sweeping {
        Sweeping::Runs(runs) => find::of_runs(&sweep, runs, &mut swept).await,
        Sweeping::OlderThan(age) => find::older_than(&sweep, *age, (clock)(), &mut swept).await,
    };
    for found in found {
        let arn = found.ours.arn.clone();
        if let Err(failure) = release::release(&sweep, found, &mut swept).await {
            swept.left.push(format!("key {arn}: {}", failure.describe()));
        }
    }
    if let Sweeping::Runs(runs) = sweeping {
        for key in runs.iter().flat_map(|run| &run.lent) {
            look_at_lent(&clients.primary, key, &mut swept).await;
        }
    }
    Ok(swept)
}

/// A key that was lent is never touched by a sweep, which has no material for it; it is told where it stands.
async fn look_at_lent(kms: &Kms, key: &str, swept: &mut Swept) {
    let state = match kms.call("DescribeKey", &json!({ "KeyId": key })).await {
        Ok(answer) => answer["KeyMetadata"]["KeyState"].as_str().unwrap_or_default().to_owned(),
        Err(failure) => failure.describe(),
    };
    match state.as_str() {
        "Enabled" => swept.skipped.push(format!("key {key}: it was lent to the run, and is enabled again")),
        _ => swept
            .left
            .push(format!("key {key}: it was lent to the run ({state}); import its material again, or enable it")),
    }
}

/// Tells a ledger what was swept. A run has ended once every key that the ledger names is accounted for and nothing is
/// left.
///
/// # Errors
///
/// A file that cannot be written.
pub fn settle(ledger: &Ledger, runs: &[OpenRun], swept: &Swept) -> Result<(), LedgerError> {
    let done: BTreeSet<&String> = swept.scheduled.iter().chain(&swept.pending).collect();
    for run in runs {
        for arn in run.keys.iter().filter(|arn| done.contains(arn)) {
            ledger.released(&run.run, arn)?;
        }
        if swept.left.is_empty() && run.keys.iter().all(|arn| done.contains(arn)) {
            ledger.ended(&run.run)?;
        }
    }
    Ok(())
}
