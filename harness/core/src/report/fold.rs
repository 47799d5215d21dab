//! Rounds: the same cases run again and again, folded into one run. What is kept does not grow with the number of rounds.

use super::outcome::Outcome;
use super::ran::{CaseRan, INTERMITTENT, Ran};
use super::rounds::{CaseRounds, RoundsEnd, RoundsReport, badness, latencies};
use crate::compare::Likeness;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most mismatches of a case that are kept of all rounds together. A round of its own has fewer.
const MOST_MISMATCHES: usize = 50;

/// The most sentences about the run that are kept of all rounds together.
const MOST_NOTICES: usize = 50;

/// Whether a round came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// It did.
    Whole,
    /// An interrupt or the time limit of the run cut it. What it did not judge says nothing.
    Cut,
}

/// The rounds so far, as one run.
#[derive(Clone, Debug)]
pub struct Rounds {
    whole: Ran,
    /// The place of each case.
    places: HashMap<String, usize>,
    /// In how many rounds each case diverged once and not again, with a mismatch that is kept.
    came: Vec<usize>,
    /// Whether any round judged a case. The worst of each case, which is kept, does not tell.
    has_judged: bool,
    rounds: u64,
}

impl Rounds {
    /// The first round, in which every case counts.
    pub fn of(mut first: Ran) -> Self {
        for case in &mut first.cases {
            case.rounds = Some(CaseRounds { outcomes: BTreeMap::from([(case.outcome, 1)]), shown: 1 });
        }
        let places = first.cases.iter().enumerate().map(|(place, case)| (case.id.clone(), place)).collect();
        let came = first.cases.iter().map(|case| usize::from(case.outcome == Outcome::Flaky)).collect();
        Self { has_judged: first.has_judged(), whole: first, places, came, rounds: 1 }
    }

    /// Adds a round of the same cases.
    pub fn add(&mut self, next: Ran, extent: Extent) {
        self.rounds += 1;
        self.has_judged |= next.has_judged();
        let whole = &mut self.whole;
        whole.keys += next.keys;
        for (operation, count) in next.calls {
            *whole.calls.entry(operation).or_default() += count;
        }
        whole.latencies.add(&next.latencies);
        for notice in next.notices {
            if whole.notices.len() < MOST_NOTICES && !whole.notices.contains(&notice) {
                whole.notices.push(notice);
            }
        }
        whole.left.extend(next.left);
        let accounts = next.accounts.into_iter().filter(|account| !whole.accounts.contains(account));
        whole.accounts.extend(accounts.collect::<Vec<_>>());
        whole.end = whole.end.or(next.end);
        for case in next.cases {
            let is_verdict = matches!(case.outcome, Outcome::Pass | Outcome::Diverges | Outcome::Flaky);
            let place = self.places.get(&case.id).copied();
            if let Some(place) = place.filter(|_| is_verdict || extent == Extent::Whole) {
                fold(&mut whole.cases[place], &mut self.came[place], case, self.rounds);
            }
        }
    }

    /// The rounds so far.
    pub fn so_far(&self) -> &Ran {
        &self.whole
    }

    /// Whether any of them judged a case.
    pub fn have_judged(&self) -> bool {
        self.has_judged
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.rounds
    }

    /// The run of all rounds.
    pub fn ended(self, asked: Option<u64>, asked_ms: Option<u64>, ended: RoundsEnd) -> Ran {
        let latencies = latencies(&self.whole.latencies);
        let rounds = RoundsReport { run: self.rounds, asked, asked_ms, ended, latencies };
        Ran { rounds: Some(rounds), ..self.whole }
    }
}

/// Takes one more round of a case into what is kept of it.
fn fold(kept: &mut CaseRan, came: &mut usize, next: CaseRan, round: u64) {
    let mut rounds = kept.rounds.take().unwrap_or_default();
    *rounds.outcomes.entry(next.outcome).or_default() += 1;
    match (badness(next.outcome).cmp(&badness(kept.outcome)), next.outcome) {
        (Ordering::Greater, _) => {
            rounds.shown = round;
            *came = usize::from(next.outcome == Outcome::Flaky);
            *kept = next;
        }
        (Ordering::Equal, Outcome::Diverges) => add_mismatches(kept, next),
        // Kept is a flaky round too, or what several of them made a divergence.
        (_, Outcome::Flaky) if *came > 0 => {
            let known = |likeness: &Likeness| {
                kept.likenesses.contains(likeness) || kept.once.iter().any(|once| once.likeness == *likeness)
            };
            *came += usize::from(next.once.iter().any(|once| known(&once.likeness)));
            if *came >= INTERMITTENT {
                kept.comes_and_goes(*came);
            }
        }
        _ => {}
    }
    kept.rounds = Some(rounds);
}

/// Takes over the mismatches that are not known yet, so that an answer which a list of known deviations has cannot hide one
/// which it does not have.
fn add_mismatches(kept: &mut CaseRan, next: CaseRan) {
    let known: BTreeSet<Likeness> = kept.likenesses.iter().cloned().collect();
    let of_next = next.mismatches.into_iter().zip(next.pinned.differs).zip(next.likenesses);
    for ((mismatch, differs), likeness) in of_next {
        if !known.contains(&likeness) && kept.mismatches.len() < MOST_MISMATCHES {
            kept.mismatches.push(mismatch);
            kept.pinned.differs.push(differs);
            kept.likenesses.push(likeness);
        }
    }
}

#[cfg(test)]
mod tests;
