//! Which cases `selfcheck` runs at which mutant: those that reach its fault. A case that asks nothing which a mutant answers
//! otherwise gets the answers of the reference, so that it cannot find the mutant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use trentcheck_core::fixture::{Case, Corpus};
use trentcheck_core::report::CaseRan;
use trentcheck_core::run::Progress;
use trentcheck_reference::{Mutant, Reached};

/// The mutants that each case reaches, by the id of the case.
pub(super) type MutantsByCase = BTreeMap<String, BTreeSet<&'static str>>;

/// Notes, of a run of one case after the other at the reference, the mutants that each case reaches.
pub(super) struct Reach {
    /// What the reference tells. `None` at a mutant, which tells nothing.
    reached: Option<Arc<Reached>>,
    mutants: Mutex<MutantsByCase>,
}

impl Reach {
    pub(super) fn of(reached: Option<Arc<Reached>>) -> Self {
        Self { reached, mutants: Mutex::default() }
    }

    /// The mutants that each case reaches.
    pub(super) fn of_cases(self) -> MutantsByCase {
        self.mutants.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Reach {
    fn begins(&self, _cases: usize) {}

    fn ended(&self, case: &CaseRan) {
        if let Some(reached) = &self.reached {
            let mut mutants = self.mutants.lock().unwrap_or_else(PoisonError::into_inner);
            mutants.insert(case.id.clone(), reached.take());
        }
    }
}

/// The cases to run at a mutant: those that reach it, and the one that it names. Of the slow ones only the latter, because a check
/// of hundreds of mutants cannot wait at each.
pub(super) fn cases<'a>(corpus: &'a Corpus, mutant: &Mutant, reaches: impl Fn(&str) -> bool) -> Vec<&'a str> {
    let is_run = |case: &&Case| case.id() == mutant.killed_by || !case.slow && reaches(case.id());
    corpus.cases.iter().filter(is_run).map(Case::id).collect()
}
