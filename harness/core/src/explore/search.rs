//! The search: trial after trial, and what fails made as small as it goes.

use super::attempt::Tried;
use super::generate::{Grammar, trial};
use super::side::Side;
use super::{Ended, Exploration, ExploreOptions, Finding, Relation, Trial, Watcher, paste};
use crate::compare::{Mismatch, Repeats};
use crate::fixture::{Corpus, Owner, Place, Precondition, PrincipalName};
use crate::normalise::Redactor;
use crate::run::{SetupError, Target};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;
use std::time::Instant;
use tokio::sync::watch;

/// Two sides, and what was found so far.
pub(super) struct Explorer<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) target: Side<'a>,
    pub(super) model: Side<'a>,
    pub(super) options: &'a ExploreOptions,
    pub(super) repeats: Repeats,
    pub(super) redactor: Redactor,
    /// Trials so far, repeated ones too.
    pub(super) tried: usize,
    /// Differences that were reported already.
    seen: BTreeSet<String>,
}

/// Requests that shrinking may take for one finding.
const SHRINKING: usize = 400;

impl<'a> Explorer<'a> {
    pub(super) fn new(
        corpus: &'a Corpus,
        target: &'a Target,
        model: &'a Target,
        options: &'a ExploreOptions,
        run: &'a str,
    ) -> Result<Self, SetupError> {
        let side = |target| Side::new(corpus, target, &options.clock, options.settle, &options.entropy, run);
        Ok(Self {
            corpus,
            target: side(target)?,
            model: side(model)?,
            options,
            repeats: Repeats::default(),
            redactor: target.redactor(),
            tried: 0,
            seen: BTreeSet::new(),
        })
    }

    pub(super) async fn go(
        &mut self,
        exploration: &mut Exploration,
        watcher: &dyn Watcher,
        started: Instant,
        stop: &watch::Receiver<bool>,
    ) {
        if let Err(error) = self.target.is_alive().await
            && error.fault() == crate::send::Fault::Network
        {
            exploration.ended = Ended::Lost(error.to_string());
            return;
        }
        let grammar = self.grammar();
        let strategy = trial(&grammar);
        let mut known = self.options.known.iter();
        let mut number = 0;
        loop {
            if *stop.borrow() {
                exploration.ended = Ended::Interrupted;
                return;
            }
            let is_enough = number >= self.options.trials
                || self.target.exchanges() >= self.options.exchanges
                || started.elapsed() >= self.options.time
                || exploration.findings.len() >= self.options.findings;
            let (tree, trial, from) = match known.next() {
                Some(trial) => (None, trial.clone(), None),
                None if is_enough => return,
                None => {
                    number += 1;
                    let mut runner = runner(self.options.seed, number);
                    let Ok(tree) = strategy.new_tree(&mut runner) else { continue };
                    let trial = tree.current();
                    (Some(tree), trial, Some(number))
                }
            };
            let tried = self.attempt(&trial).await;
            if let Some(why) = &tried.lost {
                // What was found in the same breath counts all the same.
                let why = why.clone();
                self.keep(exploration, finding(trial, from, tried));
                exploration.ended = Ended::Lost(why);
                return;
            }
            if let Some(why) = &tried.blocked {
                exploration.blocked += 1;
                if !exploration.reasons.contains(why) && exploration.reasons.len() < 8 {
                    exploration.reasons.push(why.clone());
                }
            } else {
                exploration.judged += 1;
            }
            let fresh = self.fresh(&tried.mismatches);
            if fresh.is_empty() {
                if from.is_none() && tried.mismatches.is_empty() {
                    exploration.gone.push(trial);
                }
            } else {
                let found = match self.shrink(tree, &trial, &fresh).await {
                    Some((smallest, last)) => Finding { repeats: true, ..finding(smallest, from, last) },
                    None => finding(trial, from, tried),
                };
                self.keep(exploration, found);
            }
            watcher.ended(number, self.target.exchanges(), exploration.findings.len());
        }
    }

    /// What both sides have.
    fn grammar(&self) -> Grammar {
        let can = |side: &Side<'_>, precondition: &Precondition| match &precondition.provided {
            Some(name) => side.target.provided.contains_key(name),
            None => {
                let stranger = side.target.principals.contains_key(&PrincipalName::Stranger);
                (precondition.owner == Owner::Primary || stranger)
                    && (precondition.region == Place::Here || side.target.elsewhere.is_some())
            }
        };
        let starts = self.corpus.preconditions.iter().filter(|precondition| {
            crate::fixture::holds_in(precondition.editions.as_ref(), self.target.target.edition)
                && can(&self.target, precondition)
                && can(&self.model, precondition)
        });
        let mut starts: Vec<String> = starts.map(|precondition| precondition.id().to_owned()).collect();
        // The first one is the one that most trials start from.
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
        Grammar { starts, own, principals, edition: self.target.target.edition }
    }

    /// Differences that were not reported yet, by what identifies them.
    fn fresh(&self, mismatches: &[Mismatch]) -> BTreeSet<String> {
        let counted = mismatches.iter().filter(|mismatch| mismatch.level >= self.options.level);
        counted.map(identity).filter(|identity| !self.seen.contains(identity)).collect()
    }

    fn keep(&mut self, exploration: &mut Exploration, mut finding: Finding) {
        let fresh = self.fresh(&finding.mismatches);
        if fresh.is_empty() {
            return;
        }
        finding.mismatches.retain(|mismatch| fresh.contains(&identity(mismatch)));
        for mismatch in &mut finding.mismatches {
            mismatch.found = self.redactor.redact(&mismatch.found);
        }
        self.seen.extend(fresh);
        exploration.findings.push(finding);
    }

    /// Makes a failing trial smaller as long as it still shows one of these differences. Gives the smallest one and what
    /// it showed last; nothing if the trial shows nothing when it is repeated.
    async fn shrink(
        &mut self,
        tree: Option<impl ValueTree<Value = Trial>>,
        trial: &Trial,
        wanted: &BTreeSet<String>,
    ) -> Option<(Trial, Tried)> {
        let shows = |tried: &Tried| tried.mismatches.iter().any(|mismatch| wanted.contains(&identity(mismatch)));
        let again = self.attempt(trial).await;
        if !shows(&again) {
            return None;
        }
        let (mut smallest, mut last) = (trial.clone(), again);
        let Some(mut tree) = tree else { return Some((smallest, last)) };
        let until = self.target.exchanges() + SHRINKING;
        let mut simpler = tree.simplify();
        while simpler && self.target.exchanges() < until {
            let candidate = tree.current();
            let tried = self.attempt(&candidate).await;
            simpler = if shows(&tried) {
                (smallest, last) = (candidate, tried);
                tree.simplify()
            } else if tried.lost.is_some() {
                false
            } else {
                tree.complicate()
            };
        }
        // Calls behind the one that shows it are not needed.
        if smallest.relation == Relation::Model {
            smallest.steps.truncate(last.at + 1);
        }
        Some((smallest, last))
    }
}

/// A trial and what it showed, as a finding that was seen once.
fn finding(trial: Trial, number: Option<usize>, tried: Tried) -> Finding {
    Finding {
        steps: trial.steps.iter().map(paste::word).collect(),
        trial,
        mismatches: tried.mismatches,
        repeats: false,
        number,
        exchange: tried.exchange,
        case: tried.case,
    }
}

/// What tells one difference from another: not the ids in it, which are others in every trial.
fn identity(mismatch: &Mismatch) -> String {
    let blurred = |text: &str| {
        let text: String = text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
        let is_id = |word: &str| word.len() > 12 && word.chars().any(|letter| letter == '0');
        text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
            .map(|word| if is_id(word) { "…" } else { word })
            .collect::<String>()
    };
    format!("{:?} {} {} {}", mismatch.what, mismatch.place, blurred(&mismatch.expected), blurred(&mismatch.found))
}

/// Randomness of one trial, so that each can be repeated alone.
fn runner(seed: u64, number: usize) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    bytes[8..16].copy_from_slice(&(number as u64).to_be_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Move;
    use crate::fixture::Edition;
    use proptest::prelude::*;

    fn grammar(edition: Edition) -> Grammar {
        let starts = vec!["imported-symmetric".to_owned(), "disabled".to_owned()];
        let principals = vec![PrincipalName::Primary, PrincipalName::Session];
        Grammar { own: starts.clone(), starts, principals, edition }
    }

    proptest! {
        #[test]
        fn a_trial_that_is_written_down_is_read_back(trial in trial(&grammar(Edition::KeyMaterialId))) {
            let text = serde_json::to_string(&trial).unwrap_or_default();
            prop_assert_eq!(serde_json::from_str::<Trial>(&text).ok(), Some(trial.clone()));
            // As the request of a case, which is TOML.
            for change in trial.steps.iter().filter_map(Move::change) {
                let text = toml::to_string(change).unwrap_or_default();
                let read = toml::from_str::<crate::fixture::RequestChange>(&text);
                prop_assert_eq!(read.as_ref().ok(), Some(change), "{}", text);
            }
        }
    }

    #[test]
    fn a_seed_and_a_number_make_one_trial() {
        let strategy = trial(&grammar(Edition::KeyOnly));
        let make = |seed, number| strategy.new_tree(&mut runner(seed, number)).map(|tree| tree.current()).ok();
        assert_eq!(make(1, 2), make(1, 2));
        assert!((1..20).any(|number| make(1, number) != make(2, number)));
    }
}
