//! What all cases of a run share.

use super::options::Options;
use crate::arn::Arn;
use crate::compare::{Mismatch, Repeats};
use crate::fixture::{Case, Corpus, Danger, Precondition, Selection};
use crate::keys::{Maker, Pool, Provisions};
use crate::kms::{Clients, Guard, Kms};
use crate::normalise::Redactor;
use crate::observe::Observation;
use crate::plan::{Absent, World};
use crate::send::{Sender, Tally};
use crate::target::{Permit, SetupError, Target, partition};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

/// What all cases of a run share.
pub(super) struct Run<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) target: &'a Target,
    pub(super) options: &'a Options,
    pub(super) id: String,
    pub(super) host: String,
    pub(super) sender: Sender,
    pub(super) primary: Kms,
    pub(super) pool: Pool<'a>,
    pub(super) guard: Arc<Guard>,
    /// Every request by its operation.
    pub(super) tally: Tally,
    /// How often an internal error ended something.
    pub(super) faults: AtomicUsize,
    /// How many expected successes had the body of the edition of the run.
    pub(super) own_edition: AtomicUsize,
    /// How many expected successes had the body of the other edition.
    pub(super) other_edition: AtomicUsize,
    pub(super) redactor: Redactor,
    /// The caller's account and partition.
    pub(super) account: OnceLock<(String, String)>,
    /// By how much our clock is ahead of the target's.
    pub(super) seconds_ahead: OnceLock<i64>,
    /// The cases of the run, in the order of the corpus.
    pub(super) selected: Vec<&'a Case>,
    repeats: Repeats,
}

impl<'a> Run<'a> {
    /// Opens no connection.
    pub(super) fn prepare(
        corpus: &'a Corpus,
        selection: &Selection,
        target: &'a Target,
        options: &'a Options,
    ) -> Result<Self, SetupError> {
        let guard = Guard::new(&options.run_id, target, options.permit, options.lent.len())?;
        let Clients { sender, host, primary, by_place, tally } =
            Clients::new(target, &options.clock, options.settle, corpus, Some(&guard))?;
        let maker = Maker { entropy: &options.entropy, run: &options.run_id };
        let provisions =
            Provisions { ledger: options.ledger.clone(), lent: &options.lent, budget: options.budget.as_deref() };
        Ok(Self {
            corpus,
            target,
            options,
            id: options.run_id.clone(),
            host,
            sender,
            primary,
            pool: Pool::new(maker, by_place, provisions),
            guard,
            tally,
            faults: AtomicUsize::new(0),
            own_edition: AtomicUsize::new(0),
            other_edition: AtomicUsize::new(0),
            redactor: target.redactor(),
            account: OnceLock::new(),
            seconds_ahead: OnceLock::new(),
            selected: selected(corpus, selection, target),
            repeats: Repeats::default(),
        })
    }

    pub(super) fn may_make_keys(&self) -> bool {
        self.options.permit != Permit::NoKeys
    }

    pub(super) fn needs_keys(&self) -> bool {
        self.selected.iter().any(|case| case.danger != Danger::None)
    }

    /// Whether a key is lent that stands in for this precondition.
    pub(super) fn is_lent(&self, precondition: &Precondition) -> bool {
        self.options.lent.iter().any(|lent| lent.precondition == precondition.id())
    }

    /// The caller's account and partition, if known.
    pub(super) fn account(&self) -> Option<(String, String)> {
        self.account.get().cloned()
    }

    /// The ARN of a key of the caller, whose account may be unknown.
    pub(super) fn arn(&self, key_id: &str) -> Option<Arn> {
        let (account, partition) = self.account()?;
        Arn::new(&partition, "kms", &self.target.region, &account, &format!("key/{key_id}")).ok()
    }

    /// The names that a case can use, without its keys.
    pub(super) fn world(&self, case: &Case) -> World {
        World {
            key: None,
            other: None,
            absent: Absent { id: self.options.entropy.uuid(&format!("absent {}", case.id())) },
            region: self.target.region.clone(),
            other_region: self.target.other_region(),
            account: self.account().map(|(account, _)| account),
            partition: self.partition(),
            run: self.id.clone(),
            host: self.host.clone(),
            other_host: self.target.other_host(),
        }
    }

    /// Mismatches of the headers whose values no two answers may share.
    pub(super) fn repeated_values(&self, observation: &Observation) -> Vec<Mismatch> {
        self.repeats.of(self.corpus, observation)
    }

    fn partition(&self) -> String {
        self.account().map_or_else(|| partition(&self.target.region).to_owned(), |(_, partition)| partition)
    }
}

/// The cases that the selection takes and that hold in the target's edition, with those that they require.
fn selected<'a>(corpus: &'a Corpus, selection: &Selection, target: &Target) -> Vec<&'a Case> {
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    for case in corpus.cases.iter().filter(|case| selection.takes(case) && case.holds_in(target.edition)) {
        ids.insert(case.id());
        ids.extend(case.requires.iter().map(String::as_str));
    }
    corpus.cases.iter().filter(|case| ids.contains(case.id())).collect()
}
