//! The state of an exploration: its two sides, what both can do, and when it must end.

use super::exploration::ExploreOptions;
use super::fault::Fault;
use super::generate::Grammar;
use super::precedent::Precedents;
use super::side::Side;
use crate::compare::Repeats;
use crate::fixture::{Corpus, Material, Owner, Place, Precondition, PrincipalName, Replica};
use crate::normalise::Redactor;
use crate::target::{SetupError, Target};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The two sides, and what was found so far.
pub(super) struct Explorer<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) target: Side<'a>,
    pub(super) model: Side<'a>,
    pub(super) options: &'a ExploreOptions,
    pub(super) precedents: Precedents<'a>,
    pub(super) repeats: Repeats,
    pub(super) redactor: Redactor,
    /// The number of trials so far, including repeated ones.
    pub(super) tried: usize,
    /// The faults that are already reported.
    pub(super) seen: BTreeSet<Fault>,
}

impl<'a> Explorer<'a> {
    pub(super) fn new(
        corpus: &'a Corpus,
        target: &'a Target,
        model: &'a Target,
        options: &'a ExploreOptions,
        run: &'a str,
    ) -> Result<Self, SetupError> {
        let side = |target| Side::new(corpus, target, options, run);
        Ok(Self {
            corpus,
            target: side(target)?,
            model: side(model)?,
            options,
            precedents: Precedents::of(corpus, target.edition),
            repeats: Repeats::default(),
            redactor: target.redactor(),
            tried: 0,
            seen: BTreeSet::new(),
        })
    }

    /// The precondition from which most trials start.
    pub(super) fn usual_start(&self) -> String {
        self.grammar().starts.into_iter().next().unwrap_or_default()
    }

    /// What both sides support.
    pub(super) fn grammar(&self) -> Grammar {
        let can = |side: &Side<'_>, precondition: &Precondition| match &precondition.provided {
            Some(name) => side.target.provided.contains_key(name),
            None => {
                let stranger = side.target.principals.contains_key(&PrincipalName::Stranger);
                (precondition.owner == Owner::Primary || stranger)
                    && (precondition.region == Place::Here
                        || side.target.elsewhere.as_ref().is_some_and(|elsewhere| !elsewhere.is_assumed))
            }
        };
        let starts = self.corpus.preconditions.iter().filter(|precondition| {
            crate::fixture::holds_in(precondition.editions.as_ref(), self.target.target.edition)
                && is_explored(precondition)
                && can(&self.target, precondition)
                && can(&self.model, precondition)
        });
        let mut starts: Vec<String> = starts.map(|precondition| precondition.id().to_owned()).collect();
        // Most trials start from the first precondition.
        if let Some(at) = starts.iter().position(|id| id == "imported-symmetric") {
            starts.swap(0, at);
        }
        let is_own = |id: &&String| {
            self.corpus.precondition(id).is_some_and(|start| {
                start.spec.is_some() && start.owner == Owner::Primary && start.region == Place::Here
            })
        };
        let own = starts.iter().filter(is_own).cloned().collect();
        let theirs: BTreeSet<PrincipalName> = self.model.principals().collect();
        let principals = self.target.principals().filter(|name| theirs.contains(name)).collect();
        let operation = self.corpus.operation.clone();
        Grammar { operation, starts, own, principals, edition: self.target.target.edition }
    }
}

/// Whether trials start from such keys. No call of a trial reads a policy, a grant, a replica or a rotation, RSA keys take
/// long to make, and a trial does not use keys for key agreement.
fn is_explored(precondition: &Precondition) -> bool {
    let is_plain = precondition.replica == Replica::None && !precondition.policy && !precondition.grant;
    let is_used = !precondition.spec.as_deref().is_some_and(|spec| spec.starts_with("RSA"))
        && precondition.usage.as_deref() != Some("KEY_AGREEMENT");
    is_plain && is_used && precondition.material != Material::Rotated
}

/// The end of an exploration.
pub(super) struct Until<'a> {
    started: Instant,
    time: Duration,
    stop: &'a watch::Receiver<bool>,
}

impl<'a> Until<'a> {
    /// Ends after this time, or when the user asks to stop.
    pub(super) fn new(time: Duration, stop: &'a watch::Receiver<bool>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "an exploration ends when its time is up")]
        let started = Instant::now();
        Self { started, time, stop }
    }

    /// Whether no new trial may begin.
    pub(super) fn is_over(&self) -> bool {
        self.is_stopped() || self.took() >= self.time
    }

    /// Whether the user asked to stop.
    pub(super) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// The time since the beginning.
    pub(super) fn took(&self) -> Duration {
        self.started.elapsed()
    }
}
