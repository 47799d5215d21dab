//! Runs trials, known or generated, until the exploration ends.

use super::attempt::Tried;
use super::exploration::{Ended, Exploration, ExploreOptions, Watcher};
use super::explorer::{Explorer, Until};
use super::fault::{Fault, what_differs};
use super::generate::trial;
use super::shrink::Numbered;
use super::trial::Trial;
use crate::fixture::Corpus;
use crate::keys::Released;
use crate::normalise::Redactor;
use crate::target::{Permit, SetupError, Target};
use futures_util::future::LocalBoxFuture;
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::sync::watch;

/// Explores a target. Another target is the model.
///
/// # Errors
///
/// The exploration cannot begin.
pub fn explore<'a>(
    corpus: &'a Corpus,
    target: &'a Target,
    model: &'a Target,
    options: &'a ExploreOptions,
    watcher: &'a dyn Watcher,
    stop: watch::Receiver<bool>,
) -> LocalBoxFuture<'a, Result<Exploration, SetupError>> {
    Box::pin(whole(corpus, target, model, options, watcher, stop))
}

async fn whole(
    corpus: &Corpus,
    target: &Target,
    model: &Target,
    options: &ExploreOptions,
    watcher: &dyn Watcher,
    stop: watch::Receiver<bool>,
) -> Result<Exploration, SetupError> {
    let until = Until::new(options.time, &stop);
    let run = options.entropy.run_id();
    let mut explorer = Explorer::new(corpus, target, model, options, &run)?;
    let mut exploration = Exploration::new();
    exploration.ended = explorer.go(&mut exploration, watcher, &until).await;
    exploration.exchanges += explorer.target.exchanges();
    exploration.accounts = explorer.target.pool.accounts();
    // A target that no longer answers cannot release keys, and each attempt would take the whole time limit.
    if !matches!(exploration.ended, Ended::Lost(_)) && !target.embedded {
        let Released { left, perhaps } = explorer.target.pool.release(Permit::All.release()).await;
        exploration.left = left.iter().chain(&perhaps).map(|left| explorer.redactor.show(left)).collect();
    }
    exploration.took = until.took();
    Ok(exploration)
}

impl Explorer<'_> {
    /// Makes trials and records their findings. Returns the reason why the exploration ended.
    async fn go(&mut self, exploration: &mut Exploration, watcher: &dyn Watcher, until: &Until<'_>) -> Ended {
        let grammar = self.grammar();
        if let Err(why) = self.target.is_a_kms(grammar.own.first()).await {
            return Ended::Lost(self.redactor.show(&why));
        }
        let strategy = trial(&grammar);
        let mut known = self.options.known.iter();
        while let Some(next) = self.next(&mut known, &strategy, exploration, until) {
            let tried = Box::pin(self.attempt(&next.trial)).await;
            count(&next, &tried, exploration, &self.redactor);
            self.find(&next, &tried, &strategy, exploration, until).await;
            // The findings of the attempt that lost the target count too.
            if let Some(why) = tried.lost {
                return Ended::Lost(self.redactor.show(&why));
            }
            let exchanges = exploration.exchanges + self.target.exchanges();
            watcher.ended(exploration.generated, exchanges, exploration.findings.len());
        }
        if until.is_stopped() { Ended::Interrupted } else { Ended::Done }
    }

    /// The next trial: known trials first, then generated ones. Nothing if the exploration must end.
    fn next<'t>(
        &self,
        known: &mut impl Iterator<Item = &'t Trial>,
        strategy: &BoxedStrategy<Trial>,
        exploration: &mut Exploration,
        until: &Until<'_>,
    ) -> Option<Numbered> {
        loop {
            // A known trial that is not made stays known.
            if until.is_over() {
                return None;
            }
            if let Some(trial) = known.next() {
                exploration.repeated += 1;
                return Some(Numbered { trial: trial.clone(), number: None });
            }
            if self.is_enough(exploration) {
                return None;
            }
            exploration.generated += 1;
            let number = exploration.generated;
            if let Some(exchanges) = self.options.spared.get(&number) {
                exploration.exchanges += exchanges;
                exploration.judged += 1;
                continue;
            }
            if let Ok(tree) = strategy.new_tree(&mut runner(self.options.seed, number)) {
                return Some(Numbered { trial: tree.current(), number: Some(number) });
            }
        }
    }

    /// Whether no further trial is generated.
    fn is_enough(&self, exploration: &Exploration) -> bool {
        exploration.generated >= self.options.trials
            || exploration.exchanges + self.target.exchanges() >= self.options.exchanges
            || self.has_found_enough(exploration)
    }

    fn has_found_enough(&self, exploration: &Exploration) -> bool {
        exploration.findings.len() >= self.options.findings
    }

    /// Makes a finding of each new fault that a trial has shown. Each is shrunk separately, because the smallest trial
    /// of one fault need not show another one.
    async fn find(
        &mut self,
        next: &Numbered,
        tried: &Tried,
        strategy: &BoxedStrategy<Trial>,
        exploration: &mut Exploration,
        until: &Until<'_>,
    ) {
        while let Some(fault) = self.fresh(tried) {
            let tree = next.number.and_then(|number| strategy.new_tree(&mut runner(self.options.seed, number)).ok());
            let finding = Box::pin(self.finding(next, tried, tree, &fault, until)).await;
            self.seen.insert(fault);
            exploration.findings.extend(finding);
            if self.has_found_enough(exploration) {
                return;
            }
        }
    }

    /// The first fault that is not reported yet: the strongest one of the first call that shows any.
    fn fresh(&self, tried: &Tried) -> Option<Fault> {
        tried.shown.iter().find_map(|shown| {
            let counted = shown.mismatches.iter().filter(|mismatch| mismatch.level >= self.options.level);
            let fresh = counted.filter(|mismatch| !self.seen.contains(&what_differs(mismatch)));
            // Among equal levels, the first fault is chosen.
            fresh.rev().max_by_key(|mismatch| mismatch.level).map(what_differs)
        })
    }
}

/// Counts a trial by its result.
fn count(made: &Numbered, tried: &Tried, exploration: &mut Exploration, redactor: &Redactor) {
    let is_judged = tried.blocked.is_none() && tried.lost.is_none();
    exploration.judged += usize::from(is_judged);
    if let Some(why) = &tried.blocked {
        exploration.blocked += 1;
        let why = redactor.show(why);
        if !exploration.reasons.contains(&why) && exploration.reasons.len() < 8 {
            exploration.reasons.push(why);
        }
    }
    if made.number.is_none() && is_judged && tried.shown.is_empty() {
        exploration.gone.push(made.trial.clone());
    }
}

/// The randomness of one trial, so that each trial can be repeated alone.
fn runner(seed: u64, number: usize) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    bytes[8..16].copy_from_slice(&(number as u64).to_be_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::generate::Grammar;
    use crate::explore::generate::is_generated;
    use crate::explore::{Move, Relation};
    use crate::fixture::{Edition, Mutation, PrincipalName, RequestChange};
    use crate::plan::{KeyNames, World, plan};
    use crate::test_support::CORPUS;
    use proptest::prelude::*;

    fn grammar(edition: Edition) -> Grammar {
        let starts = vec!["imported-symmetric".to_owned(), "disabled".to_owned()];
        let principals = vec![PrincipalName::Primary, PrincipalName::Session];
        Grammar { operation: CORPUS.operation.clone(), own: starts.clone(), starts, principals, edition }
    }

    proptest! {
        #[test]
        fn a_trial_that_is_written_down_is_read_back(trial in trial(&grammar(Edition::KeyMaterialId))) {
            let text = serde_json::to_string(&trial).unwrap_or_default();
            prop_assert_eq!(serde_json::from_str::<Trial>(&text).ok(), Some(trial.clone()));
            // The changes are written as TOML, as in a case.
            for change in trial.steps.iter().filter_map(Move::change) {
                let text = toml::to_string(change).unwrap_or_default();
                let read = crate::fixture::read::<crate::fixture::RequestChange>(&text);
                prop_assert_eq!(read.as_ref().ok(), Some(change), "{}", text);
            }
        }
    }

    /// A target that supports everything.
    fn whole(edition: Edition) -> Grammar {
        let starts: Vec<String> = ["imported-symmetric", "with-alias", "pending-rotation"].map(str::to_owned).to_vec();
        let principals = vec![
            PrincipalName::Primary,
            PrincipalName::Session,
            PrincipalName::Denied,
            PrincipalName::Stranger,
            PrincipalName::Expired,
        ];
        Grammar { operation: CORPUS.operation.clone(), own: starts.clone(), starts, principals, edition }
    }

    fn trials(edition: Edition, count: usize) -> Vec<Trial> {
        let strategy = trial(&whole(edition));
        (1..=count)
            .filter_map(|number| strategy.new_tree(&mut runner(1, number)).ok())
            .map(|tree| tree.current())
            .collect()
    }

    /// About the number of trials that fit into 10,000 exchanges.
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
        for mutation in Mutation::ALL.iter().filter(|mutation| is_generated(mutation)) {
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
            arn: "arn:aws:kms:us-east-2:111122223333:key/0b7fd7dd-0000-4000-8000-000000000001".parse().ok(),
            alias: Some("alias/x".to_owned()),
            alias_arn: "arn:aws:kms:us-east-2:111122223333:alias/x".parse().ok(),
            material_id: Some("0".repeat(64)),
            new_material_id: Some("1".repeat(64)),
            former_material_id: None,
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
                    let planned = plan(&CORPUS.operation, change, &world);
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

    /// The published share of mutants that an exploration finds depends on these trials. If the trials change, the
    /// share must be measured again.
    #[test]
    fn a_seed_makes_the_trials_that_it_has_always_made() {
        let digest = |edition| {
            let text = serde_json::to_string(&trials(edition, TRIALS)).unwrap_or_default();
            hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
        };
        assert_eq!(digest(Edition::KeyOnly), "f2bccc4e265f8a6ea863fc8181a5bc843107eb386883b4c7fc802beecc3f08ec");
        assert_eq!(digest(Edition::KeyMaterialId), "c42d91a5d304769db7f27ae12fbadbb9de265d727e0f8db351fc3e073dc3b79c");
    }
}
