//! The second look: a divergence is believed when it comes again on a fresh key and a fresh connection. Pure.

use super::case::Looked;
use crate::compare::{Likeness, What};
use crate::fixture::Level;
use crate::normalise::Shown;
use crate::report::{CaseRan, INTERMITTENT, Once, Outcome, SecondLook};
use std::collections::{BTreeMap, BTreeSet};

impl Looked {
    /// Whether one look is not enough for a verdict.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.ran.outcome == Outcome::Diverges || self.retryable.is_some()
    }

    /// The verdict of two looks.
    pub(super) fn confirmed_by(self, second: Self, fail_on: Level) -> CaseRan {
        let Self { mut ran, retryable } = self;
        ran.duration_us += second.ran.duration_us;
        let again: BTreeSet<&str> = failing(&second.ran, fail_on).map(|likeness| likeness.fault.as_str()).collect();
        let comes_again = failing(&ran, fail_on).any(|likeness| again.contains(likeness.fault.as_str()));
        // Nobody can look twice at a target that this case has killed.
        let is_dead = !has_verdict(&second.ran) && ran.mismatches.iter().any(|found| found.what == What::Liveness);
        let stands = match &retryable {
            // Where it fails nothing that would count, it is only noted.
            Some(_) if ran.outcome != Outcome::Diverges => second.retryable.is_some(),
            _ => comes_again || is_dead,
        };
        if stands {
            if comes_again {
                ran.once = without(&mut ran, |likeness| again.contains(likeness.fault.as_str()), fail_on);
            }
            return ran;
        }
        ran.once = without(&mut ran, |_| false, fail_on);
        let second = second.ran;
        (ran.outcome, ran.reason) = match (&retryable, has_verdict(&second)) {
            (Some(answer), true) if second.outcome == Outcome::Pass => {
                (Outcome::Indeterminate, Some(Shown::ours(format!("the target answered {answer} once, and not again"))))
            }
            (_, true) => {
                (Outcome::Flaky, Some(Shown::ours("it diverged once, and not again on a fresh key and connection")))
            }
            (_, false) => {
                let why = second.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
                let verb = second.outcome.as_verb();
                let reason = format!("it diverged once, and the second look {verb}{why}");
                (Outcome::Indeterminate, Some(Shown::ours(reason)))
            }
        };
        let CaseRan { outcome, reason, mismatches, pinned, exchanges, .. } = second;
        ran.second = Some(SecondLook {
            outcome,
            reason,
            answer: Some(pinned.answer).filter(|answer| !answer.is_empty()),
            mismatches: mismatches.into_iter().filter(|found| found.level >= fail_on).collect(),
            exchanges,
        });
        ran
    }
}

/// Makes a divergence of what comes and goes with one cause in several cases: such a target is wrong now and then.
pub(super) fn intermittent(cases: &mut BTreeMap<String, CaseRan>) {
    let mut by_cause: BTreeMap<Likeness, usize> = BTreeMap::new();
    for case in cases.values().filter(|case| case.outcome == Outcome::Flaky) {
        let causes: BTreeSet<&Likeness> = case.once.iter().map(|once| &once.likeness).collect();
        causes.into_iter().for_each(|cause| *by_cause.entry(cause.clone()).or_default() += 1);
    }
    for case in cases.values_mut().filter(|case| case.outcome == Outcome::Flaky) {
        let most = case.once.iter().filter_map(|once| by_cause.get(&once.likeness)).max().copied().unwrap_or_default();
        if most < INTERMITTENT {
            continue;
        }
        case.comes_and_goes(most);
    }
}

fn has_verdict(ran: &CaseRan) -> bool {
    matches!(ran.outcome, Outcome::Pass | Outcome::Diverges)
}

/// By what the mismatches that fail a run are known again.
fn failing(ran: &CaseRan, fail_on: Level) -> impl Iterator<Item = &Likeness> {
    ran.mismatches
        .iter()
        .zip(&ran.likenesses)
        .filter(move |(mismatch, _)| mismatch.level >= fail_on)
        .map(|(_, likeness)| likeness)
}

/// Takes out the mismatches that fail a run and are not kept.
fn without(ran: &mut CaseRan, keeps: impl Fn(&Likeness) -> bool, fail_on: Level) -> Vec<Once> {
    let mismatches = std::mem::take(&mut ran.mismatches);
    let differs = std::mem::take(&mut ran.pinned.differs);
    let likenesses = std::mem::take(&mut ran.likenesses);
    let mut once = Vec::new();
    for ((mismatch, differs), likeness) in mismatches.into_iter().zip(differs).zip(likenesses) {
        if mismatch.level >= fail_on && !keeps(&likeness) {
            once.push(Once { mismatch, differs, likeness });
        } else {
            ran.mismatches.push(mismatch);
            ran.pinned.differs.push(differs);
            ran.likenesses.push(likeness);
        }
    }
    once
}
