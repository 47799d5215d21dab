//! The input of a sweep and its result.

use crate::arn::Arn;
use crate::fixture::{Owner, Place};
use crate::kms::ours::Ours;
use crate::kms::{Clients, Kms};
use crate::ledger::OpenRun;
use crate::target::Target;
use crate::text::Text;
use std::time::Duration;

/// The keys that are swept.
#[derive(Clone, Debug)]
pub enum Sweeping {
    /// The keys of runs that did not end, as their ledger lists them.
    Runs(Vec<OpenRun>),
    /// The keys of runs whose youngest key has at least this age.
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

/// What a sweep may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touch {
    /// All keys that are found: their aliases are deleted, and their deletion is scheduled.
    Change,
    /// Only the keys and aliases that an earlier sweep listed.
    Shown(Swept),
    /// Nothing. The sweep only lists what it would do.
    Nothing,
}

/// The result of a sweep, or of a sweep that only lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// ARNs of the keys whose deletion is scheduled now.
    pub scheduled: Vec<String>,
    /// ARNs of the keys that were pending deletion before.
    pub pending: Vec<String>,
    /// Names of the aliases that are deleted.
    pub aliases: Vec<String>,
    /// Keys that were skipped, with the reason.
    pub skipped: Vec<Text>,
    /// Keys that were not removed, or that may exist, with the reason.
    pub left: Vec<Text>,
    /// ARNs of keys that were skipped because their account was not named. Each is also in `left`.
    pub unnamed: Vec<String>,
}

impl Swept {
    /// Whether the sweep changes anything.
    pub fn has_changes(&self) -> bool {
        !self.scheduled.is_empty() || !self.aliases.is_empty()
    }
}

/// The context of a sweep.
pub(super) struct Sweep<'a> {
    pub(super) target: &'a Target,
    pub(super) clients: &'a Clients,
    pub(super) touch: &'a Touch,
    pub(super) settle: Duration,
}

/// A key to remove, with the client that reaches it.
pub(super) struct Found<'a> {
    pub(super) ours: Ours,
    pub(super) kms: &'a Kms,
}

impl<'a> Sweep<'a> {
    /// All principals, in a fixed order.
    pub(super) fn everybody(&self) -> Vec<(Owner, &'a Kms)> {
        let mut places: Vec<&(Place, Owner)> = self.clients.by_place.keys().collect();
        places.sort();
        places.into_iter().map(|place| (place.1, &self.clients.by_place[place])).collect()
    }

    /// The account that was named for this principal. On loopback it may be absent.
    pub(super) fn named(&self, owner: Owner) -> Option<&'a String> {
        match owner {
            Owner::Primary => self.target.account.as_ref(),
            Owner::Stranger => self.target.stranger_account.as_ref(),
        }
    }

    /// Whether keys in the account of this ARN may be changed.
    pub(super) fn may_touch(&self, arn: &Arn) -> bool {
        let is_its_account = |account: &String| arn.account() == account;
        self.target.endpoint.is_loopback()
            || [Owner::Primary, Owner::Stranger].iter().any(|owner| self.named(*owner).is_some_and(is_its_account))
    }
}
