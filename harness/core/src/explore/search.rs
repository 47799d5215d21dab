//! The search: trial after trial, and what fails made as small as it goes.

use super::attempt::Tried;
use super::fault::{Fault, what_differs};
use super::generate::{Grammar, trial};
use super::shrink::Until;
use super::side::Side;
use super::{Ended, Exploration, ExploreOptions, Watcher};
use crate::compare::Repeats;
use crate::fixture::{Corpus, Owner, Place, Precondition, PrincipalName};
use crate::normalise::Redactor;
use crate::target::{SetupError, Target};
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
        if let Err(why) = self.target.is_a_kms(self.grammar().own.first()).await {
            exploration.ended = Ended::Lost(why);
            return;
        }
        let grammar = self.grammar();
        let strategy = trial(&grammar);
        let until = Until::new(started, self.options.time, stop);
        let mut known = self.options.known.iter();
        loop {
            if *stop.borrow() {
                exploration.ended = Ended::Interrupted;
                return;
            }
            let is_enough = exploration.generated >= self.options.trials
                || self.target.exchanges() >= self.options.exchanges
                || until.is_over()
                || exploration.findings.len() >= self.options.findings;
            let (trial, from) = match known.next() {
                // What is not tried stays known.
                _ if until.is_over() => return,
                Some(trial) => (trial.clone(), None),
                None if is_enough => return,
                None => {
                    exploration.generated += 1;
                    let mut runner = runner(self.options.seed, exploration.generated);
                    let Ok(tree) = strategy.new_tree(&mut runner) else { continue };
                    (tree.current(), Some(exploration.generated))
                }
            };
            exploration.repeated += usize::from(from.is_none());
            let tried = self.attempt(&trial).await;
            let is_blocked = tried.blocked.is_some();
            if let Some(why) = &tried.blocked {
                exploration.blocked += 1;
                if !exploration.reasons.contains(why) && exploration.reasons.len() < 8 {
                    exploration.reasons.push(why.clone());
                }
            } else if tried.lost.is_none() {
                exploration.judged += 1;
            }
            if from.is_none() && tried.shown.is_empty() && !is_blocked && tried.lost.is_none() {
                exploration.gone.push(trial.clone());
            }
            let lost = tried.lost.clone();
            // Each fault is made small for itself, since the smallest trial of one need not show another.
            while let Some(fault) = self.fresh(&tried) {
                let tree = match from {
                    Some(number) => strategy.new_tree(&mut runner(self.options.seed, number)).ok(),
                    None => None,
                };
                let finding = self.finding(&trial, from, &tried, tree, &fault, &until).await;
                self.seen.insert(fault);
                exploration.findings.extend(finding);
                if exploration.findings.len() >= self.options.findings {
                    break;
                }
            }
            // What was found in the same breath counts all the same.
            if let Some(why) = lost {
                exploration.ended = Ended::Lost(why);
                return;
            }
            watcher.ended(exploration.generated, self.target.exchanges(), exploration.findings.len());
        }
    }

    /// The start that most trials have.
    pub(super) fn usual_start(&self) -> String {
        self.grammar().starts.into_iter().next().unwrap_or_default()
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

    /// The first fault that was not reported yet: of the first call that shows one the strongest.
    fn fresh(&self, tried: &Tried) -> Option<Fault> {
        tried.shown.iter().find_map(|shown| {
            let counted = shown.mismatches.iter().filter(|mismatch| mismatch.level >= self.options.level);
            let fresh = counted.filter(|mismatch| !self.seen.contains(&what_differs(mismatch)));
            // The first of equals.
            fresh.rev().max_by_key(|mismatch| mismatch.level).map(what_differs)
        })
    }
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
    use crate::explore::{Move, Relation, Trial};
    use crate::fixture::{Edition, Mutation, RequestChange};
    use crate::plan::{KeyNames, World, plan};
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

    /// A target that has everything.
    fn whole(edition: Edition) -> Grammar {
        let starts: Vec<String> = ["imported-symmetric", "with-alias", "pending-rotation"].map(str::to_owned).to_vec();
        let principals = vec![
            PrincipalName::Primary,
            PrincipalName::Session,
            PrincipalName::Denied,
            PrincipalName::Stranger,
            PrincipalName::Expired,
        ];
        Grammar { own: starts.clone(), starts, principals, edition }
    }

    fn trials(edition: Edition, count: usize) -> Vec<Trial> {
        let strategy = trial(&whole(edition));
        (1..=count)
            .filter_map(|number| strategy.new_tree(&mut runner(1, number)).ok())
            .map(|tree| tree.current())
            .collect()
    }

    /// About as many trials as 10,000 exchanges hold.
    const TRIALS: usize = 1500;

    #[test]
    fn every_kind_of_trial_is_made_within_one_exploration() {
        let all = trials(Edition::KeyMaterialId, TRIALS);
        let changes: Vec<&RequestChange> = all.iter().flat_map(|trial| &trial.steps).filter_map(Move::change).collect();
        let text = |change: &RequestChange| change.body.clone().unwrap_or_default();
        let id = |change: &RequestChange| change.key_id.clone().unwrap_or_default();
        let has = |what: &str, is_such: &dyn Fn(&RequestChange) -> bool| {
            assert!(changes.iter().any(|change| is_such(change)), "{what}");
        };
        for mutation in Mutation::ALL {
            has(&mutation.to_string(), &|change| change.mutation == Some(*mutation));
        }
        for principal in whole(Edition::KeyOnly).principals {
            has(&format!("{principal:?}"), &|change| change.principal == principal);
        }
        for length in [0, 1, 2048, 2049] {
            has(&format!("{length} characters"), &|change| {
                change.key_id.is_some() && id(change).chars().count() == length
            });
        }
        for word in ["alias", "| upper", "arn:aws-cn", ":s3:", "absent.id"] {
            has(word, &|change| id(change).contains(word));
        }
        has("no ASCII", &|change| !id(change).is_ascii());
        has("no JSON", &|change| text(change).ends_with("\"{{ key.id }}"));
        has("no object", &|change| text(change) == "[]");
        has("no body", &|change| change.body.as_deref() == Some(""));
        has("a member twice", &|change| text(change).matches("\"KeyId\"").count() == 2);
        has("no UTF-8", &|change| {
            let bytes = change.body_hex.as_deref().and_then(|digits| hex::decode(digits).ok());
            bytes.is_some_and(|bytes| String::from_utf8(bytes).is_err())
        });
        has("a far clock", &|change| change.clock > 80_000);
        has("HEAD", &|change| change.method.as_deref() == Some("HEAD"));
        has("no target", &|change| change.remove.iter().any(|name| name == "X-Amz-Target"));
        let relations = [Relation::Model, Relation::Plain, Relation::Again, Relation::Unchanged];
        assert!(relations.iter().all(|relation| all.iter().any(|trial| trial.relation == *relation)));
        let pairs = [
            [Move::delete(), Move::Use],
            [Move::ImportSame, Move::Use],
            [Move::ImportSame, Move::Describe],
            [Move::delete(), Move::Decrypt],
            [Move::Disable, Move::delete()],
            [Move::Schedule, Move::delete()],
            [Move::delete(), Move::ImportOther],
            [Move::delete(), Move::Cancel],
        ];
        for pair in pairs {
            assert!(all.iter().any(|trial| trial.steps.windows(2).any(|steps| *steps == pair)), "{pair:?}");
        }
    }

    #[test]
    fn every_generated_request_can_be_planned() {
        let names = KeyNames {
            id: "0b7fd7dd-0000-4000-8000-000000000001".to_owned(),
            arn: "arn:aws:kms:us-east-2:111122223333:key/0b7fd7dd-0000-4000-8000-000000000001".to_owned(),
            alias: Some("alias/x".to_owned()),
            alias_arn: Some("arn:aws:kms:us-east-2:111122223333:alias/x".to_owned()),
            material_id: Some("0".repeat(64)),
            new_material_id: Some("1".repeat(64)),
        };
        let world = World {
            key: Some(names),
            account: Some("111122223333".to_owned()),
            region: "us-east-2".to_owned(),
            host: "localhost".to_owned(),
            ..World::default()
        };
        for edition in Edition::ALL {
            for trial in trials(edition, TRIALS) {
                for change in trial.steps.iter().filter_map(Move::change) {
                    let planned = plan(change, &world);
                    assert!(planned.is_ok(), "{change:?}: {:?}", planned.err());
                }
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
