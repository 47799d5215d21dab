//! A failing trial made as small as it goes, and seen once more at the end.

use super::attempt::{Shown, Tried};
use super::fault::{Fault, is_smaller, may_be_smaller, what_differs, with_less};
use super::search::Explorer;
use super::{Certainty, Finding, Relation, Trial, paste};
use proptest::strategy::ValueTree;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// When an exploration has to end.
pub(super) struct Until<'a> {
    started: Instant,
    time: Duration,
    stop: &'a watch::Receiver<bool>,
}

impl<'a> Until<'a> {
    pub(super) fn new(started: Instant, time: Duration, stop: &'a watch::Receiver<bool>) -> Self {
        Self { started, time, stop }
    }

    /// Whether nothing more may be begun.
    pub(super) fn is_over(&self) -> bool {
        *self.stop.borrow() || self.started.elapsed() >= self.time
    }
}

/// The smallest trial so far, and what it showed when it was made last.
struct Smallest {
    trial: Trial,
    shown: Shown,
}

impl Explorer<'_> {
    /// Makes a finding of a fault that a trial has shown; nothing if the trial does not show it.
    pub(super) async fn finding(
        &mut self,
        trial: &Trial,
        number: Option<usize>,
        tried: &Tried,
        tree: Option<impl ValueTree<Value = Trial>>,
        fault: &Fault,
        until: &Until<'_>,
    ) -> Option<Finding> {
        let shown = tried.shown.iter().find(|shown| shows(shown, fault))?;
        let once = Smallest { trial: trial.clone(), shown: shown.clone() };
        let (smallest, certainty) = self.shrink(once, tree, fault, until).await;
        let Smallest { trial, shown } = smallest;
        let mut mismatches = shown.mismatches;
        // The same answer may show more, which is then reported with it.
        mismatches.retain(|mismatch| {
            let also = what_differs(mismatch);
            also == *fault || (mismatch.level >= self.options.level && self.seen.insert(also))
        });
        for mismatch in &mut mismatches {
            mismatch.found = self.redactor.redact(&mismatch.found);
        }
        Some(Finding {
            steps: trial.steps.iter().map(paste::word).collect(),
            trial,
            mismatches,
            certainty,
            number,
            exchange: shown.exchange,
            case: shown.case,
        })
    }

    async fn shrink(
        &mut self,
        once: Smallest,
        tree: Option<impl ValueTree<Value = Trial>>,
        fault: &Fault,
        until: &Until<'_>,
    ) -> (Smallest, Certainty) {
        let last_exchange = self.target.exchanges().saturating_add(self.options.shrinking);
        let is_over = |explorer: &Self| until.is_over() || explorer.target.exchanges() >= last_exchange;
        if is_over(self) {
            return (once, Certainty::Once);
        }
        let (at, mut smallest) = match self.again(&once.trial, fault).await {
            Again::Shown(shown) => (shown.at, Smallest { trial: once.trial.clone(), shown }),
            Again::NotShown => return (once, Certainty::NotAgain),
            Again::Lost => return (once, Certainty::Once),
        };
        let mut certainty = Certainty::Smallest;
        // What was tried already shows nothing new.
        let mut made = vec![once.trial.clone()];
        if let Some(mut tree) = tree {
            let mut simpler = tree.simplify();
            while simpler {
                if is_over(self) {
                    certainty = Certainty::Larger;
                    break;
                }
                let trial = tree.current();
                if made.contains(&trial) || !may_be_smaller(&trial, &once.trial) {
                    simpler = tree.complicate();
                    continue;
                }
                made.push(trial.clone());
                simpler = match self.again(&trial, fault).await {
                    Again::Shown(shown) if is_smaller((&trial, shown.at), (&once.trial, at)) => {
                        smallest = Smallest { trial, shown };
                        tree.simplify()
                    }
                    Again::Shown(_) | Again::NotShown => tree.complicate(),
                    Again::Lost => return (smallest, Certainty::Larger),
                };
            }
        }
        // Calls behind the one that shows it are not needed.
        let mut trial = smallest.trial.clone();
        if trial.relation == Relation::Model {
            trial.steps.truncate(smallest.shown.at + 1);
        }
        let mut at = smallest.shown.at;
        // What the values shrink to need not be all: parts that were generated together also go one by one.
        let usual = self.usual_start();
        let mut less = with_less(&trial, &usual).into_iter();
        while let Some(candidate) = less.next() {
            if is_over(self) {
                certainty = Certainty::Larger;
                break;
            }
            if made.contains(&candidate) || !may_be_smaller(&candidate, &trial) {
                continue;
            }
            made.push(candidate.clone());
            match self.again(&candidate, fault).await {
                Again::Shown(shown) if is_smaller((&candidate, shown.at), (&trial, at)) => {
                    at = shown.at;
                    less = with_less(&candidate, &usual).into_iter();
                    trial = candidate.clone();
                    smallest = Smallest { trial: candidate, shown };
                }
                Again::Shown(_) | Again::NotShown => {}
                Again::Lost => return (smallest, Certainty::Larger),
            }
        }
        if until.is_over() {
            return (smallest, Certainty::Larger);
        }
        match self.again(&trial, fault).await {
            Again::Shown(shown) => (Smallest { trial, shown }, certainty),
            Again::NotShown => (smallest, Certainty::NotAgain),
            Again::Lost => (smallest, Certainty::Larger),
        }
    }

    async fn again(&mut self, trial: &Trial, fault: &Fault) -> Again {
        let Tried { shown, lost, .. } = self.attempt(trial).await;
        match shown.into_iter().find(|shown| shows(shown, fault)) {
            Some(shown) => Again::Shown(shown),
            None if lost.is_some() => Again::Lost,
            None => Again::NotShown,
        }
    }
}

/// What came of a repeated trial.
enum Again {
    Shown(Shown),
    NotShown,
    /// The target is gone.
    Lost,
}

fn shows(shown: &Shown, fault: &Fault) -> bool {
    shown.mismatches.iter().any(|mismatch| what_differs(mismatch) == *fault)
}
