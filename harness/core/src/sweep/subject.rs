//! What a sweep is about, and what it did.

use crate::arn::Arn;
use crate::fixture::{Owner, Place};
use crate::kms::ours::Ours;
use crate::kms::{Clients, Kms};
use crate::ledger::OpenRun;
use crate::target::Target;
use crate::text::Text;
use std::time::Duration;

/// Which keys are swept.
#[derive(Clone, Debug)]
pub enum Sweeping {
    /// Those of runs that did not end, by their ledger.
    Runs(Vec<OpenRun>),
    /// Those of runs whose youngest key is at least this old.
    OlderThan(Duration),
}

/// How long a sweep may take.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// How long to wait for a state to be seen.
    pub settle: Duration,
    /// Time limit of the whole. What there is no time for is left.
    pub deadline: Duration,
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
    pub skipped: Vec<Text>,
    /// What could not be removed, or may be there, and why.
    pub left: Vec<Text>,
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
pub(super) struct Sweep<'a> {
    pub(super) target: &'a Target,
    pub(super) clients: &'a Clients,
    pub(super) touch: &'a Touch,
    pub(super) settle: Duration,
}

/// A key that is to be removed, and who reaches it.
pub(super) struct Found<'a> {
    pub(super) ours: Ours,
    pub(super) kms: &'a Kms,
}

impl<'a> Sweep<'a> {
    /// Everybody, in a fixed order.
    pub(super) fn everybody(&self) -> Vec<(Owner, &'a Kms)> {
        let mut places: Vec<&(Place, Owner)> = self.clients.by_place.keys().collect();
        places.sort();
        places.into_iter().map(|place| (place.1, &self.clients.by_place[place])).collect()
    }

    /// The account that was named for this principal; on loopback none has to be.
    pub(super) fn named(&self, owner: Owner) -> Option<&'a String> {
        match owner {
            Owner::Primary => self.target.account.as_ref(),
            Owner::Stranger => self.target.stranger_account.as_ref(),
        }
    }

    /// Whether keys of this ARN's account may be touched.
    pub(super) fn may_touch(&self, arn: &Arn) -> bool {
        let is_its_account = |account: &String| arn.account() == account;
        self.target.endpoint.is_loopback()
            || [Owner::Primary, Owner::Stranger].iter().any(|owner| self.named(*owner).is_some_and(is_its_account))
    }
}
