//! Shrinks a failing trial as far as possible, and repeats it once at the end.

use super::attempt::{Shown, Tried};
use super::exploration::{Certainty, Finding};
use super::explorer::{Explorer, Until};
use super::fault::{Fault, is_smaller, may_be_smaller, what_differs, with_less};
use super::paste;
use super::trial::{Relation, Trial};
use proptest::strategy::ValueTree;

/// A trial with the number of the generated trial that it comes from.
pub(super) struct Numbered {
    pub(super) trial: Trial,
    /// Absent if the trial was known before.
    pub(super) number: Option<usize>,
}

/// The smallest trial so far, with the result of its last attempt.
struct Smallest {
    trial: Trial,
    shown: Shown,
}

/// The state of shrinking one fault.
struct Shrinking<'s> {
    fault: &'s Fault,
    until: &'s Until<'s>,
    /// Shrinking ends when the target has got this number of requests in all.
    last_exchange: usize,
    /// The trials that were already made. They are not repeated.
    made: Vec<Trial>,
    smallest: Smallest,
}

impl Shrinking<'_> {
    /// Whether the time or the requests are used up.
    fn is_over(&self, explorer: &Explorer<'_>) -> bool {
        self.until.is_over() || explorer.target.exchanges() >= self.last_exchange
    }

    /// Whether a trial is new and could be smaller than the other one. It then counts as made.
    fn is_worth_a_try(&mut self, candidate: &Trial, than: &Trial) -> bool {
        if self.made.contains(candidate) || !may_be_smaller(candidate, than) {
            return false;
        }
        self.made.push(candidate.clone());
        true
    }
}

/// How far one method of shrinking got.
enum Progress {
    /// No further step makes the trial smaller.
    Whole,
    /// The time or the requests were used up.
    Cut,
    /// The target no longer answers.
    Lost,
}

impl Explorer<'_> {
    /// Makes a finding from a fault that a trial has shown; nothing if the trial no longer shows it.
    pub(super) async fn finding(
        &mut self,
        from: &Numbered,
        tried: &Tried,
        tree: Option<impl ValueTree<Value = Trial>>,
        fault: &Fault,
        until: &Until<'_>,
    ) -> Option<Finding> {
        let shown = tried.shown.iter().find(|shown| shows(shown, fault))?;
        let once = Smallest { trial: from.trial.clone(), shown: shown.clone() };
        let (smallest, certainty) = Box::pin(self.shrink(once, tree, fault, until)).await;
        let Smallest { trial, shown } = smallest;
        let mut mismatches = shown.mismatches;
        // The same answer may show further faults, which are reported in the same finding.
        mismatches.retain(|mismatch| {
            let also = what_differs(mismatch);
            also == *fault || (mismatch.level >= self.options.level && self.seen.insert(also))
        });
        Some(Finding {
            steps: trial.steps.iter().map(paste::word).collect(),
            trial,
            mismatches: mismatches.into_iter().map(|mismatch| mismatch.shown(&self.redactor)).collect(),
            certainty,
            number: from.number,
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
        if until.is_over() || self.target.exchanges() >= last_exchange {
            return (once, Certainty::Once);
        }
        let smallest = match self.again(&once.trial, fault).await {
            Again::Shown(shown) => Smallest { trial: once.trial, shown },
            Again::NotShown => return (once, Certainty::NotAgain),
            Again::Lost => return (once, Certainty::Once),
        };
        let made = vec![smallest.trial.clone()];
        let mut shrinking = Shrinking { fault, until, last_exchange, made, smallest };
        let mut certainty = Certainty::Smallest;
        if let Some(tree) = tree {
            match self.simplify(&mut shrinking, tree).await {
                Progress::Whole => {}
                Progress::Cut => certainty = Certainty::Larger,
                Progress::Lost => return (shrinking.smallest, Certainty::Larger),
            }
        }
        // Calls after the one that shows the fault are not needed.
        let mut trial = shrinking.smallest.trial.clone();
        if trial.relation == Relation::Model {
            trial.steps.truncate(shrinking.smallest.shown.at + 1);
        }
        match self.leave_out(&mut shrinking, &mut trial).await {
            Progress::Whole => {}
            Progress::Cut => certainty = Certainty::Larger,
            Progress::Lost => return (shrinking.smallest, Certainty::Larger),
        }
        if until.is_over() {
            return (shrinking.smallest, Certainty::Larger);
        }
        match self.again(&trial, fault).await {
            Again::Shown(shown) => (Smallest { trial, shown }, certainty),
            Again::NotShown => (shrinking.smallest, Certainty::NotAgain),
            Again::Lost => (shrinking.smallest, Certainty::Larger),
        }
    }

    /// Replaces generated values by simpler ones, in the order of their generators.
    async fn simplify(&mut self, shrinking: &mut Shrinking<'_>, mut tree: impl ValueTree<Value = Trial>) -> Progress {
        let (first, at) = (shrinking.smallest.trial.clone(), shrinking.smallest.shown.at);
        let mut simpler = tree.simplify();
        while simpler {
            if shrinking.is_over(self) {
                return Progress::Cut;
            }
            let trial = tree.current();
            if !shrinking.is_worth_a_try(&trial, &first) {
                simpler = tree.complicate();
                continue;
            }
            simpler = match self.again(&trial, shrinking.fault).await {
                Again::Shown(shown) if is_smaller((&trial, shown.at), (&first, at)) => {
                    shrinking.smallest = Smallest { trial, shown };
                    tree.simplify()
                }
                Again::Shown(_) | Again::NotShown => tree.complicate(),
                Again::Lost => return Progress::Lost,
            };
        }
        Progress::Whole
    }

    /// Removes single parts, also parts that were generated together. `trial` becomes the smallest trial.
    async fn leave_out(&mut self, shrinking: &mut Shrinking<'_>, trial: &mut Trial) -> Progress {
        let mut at = shrinking.smallest.shown.at;
        let usual = self.usual_start();
        let mut less = with_less(trial, &usual).into_iter();
        while let Some(candidate) = less.next() {
            if shrinking.is_over(self) {
                return Progress::Cut;
            }
            if !shrinking.is_worth_a_try(&candidate, trial) {
                continue;
            }
            match self.again(&candidate, shrinking.fault).await {
                Again::Shown(shown) if is_smaller((&candidate, shown.at), (trial, at)) => {
                    at = shown.at;
                    less = with_less(&candidate, &usual).into_iter();
                    trial.clone_from(&candidate);
                    shrinking.smallest = Smallest { trial: candidate, shown };
                }
                Again::Shown(_) | Again::NotShown => {}
                Again::Lost => return Progress::Lost,
            }
        }
        Progress::Whole
    }

    async fn again(&mut self, trial: &Trial, fault: &Fault) -> Again {
        let Tried { shown, lost, .. } = Box::pin(self.attempt(trial)).await;
        match shown.into_iter().find(|shown| shows(shown, fault)) {
            Some(shown) => Again::Shown(shown),
            None if lost.is_some() => Again::Lost,
            None => Again::NotShown,
        }
    }
}

/// The result of a repeated trial.
enum Again {
    Shown(Shown),
    NotShown,
    /// The target no longer answers.
    Lost,
}

fn shows(shown: &Shown, fault: &Fault) -> bool {
    shown.mismatches.iter().any(|mismatch| what_differs(mismatch) == *fault)
}
