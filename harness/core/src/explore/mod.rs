//! Property mode: generated requests and sequences of calls, tried on a target and on a model of it side by side, and
//! relations between answers of the target itself. What differs is shrunk, and written down as a case.
//!
//! The model is another target, such as the embedded reference; nothing here knows which. Its answers are a reading of
//! the spec and no source: what only it says binds less than what a clause says.

mod generate;
mod judge;
mod paste;
mod side;
mod trial;

pub use trial::{Move, Relation, Trial};

use crate::compare::{Mismatch, Repeats};
use crate::fixture::{Corpus, Edition, Level, Material, Owner, Place, PrincipalName};
use crate::normalise::{Redactor, request_lines, response_lines};
use crate::observe::Observation;
use crate::run::{Clock, Entropy, SetupError, Target};
use generate::Grammar;
use judge::{Judging, alike, by_model, effects};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use side::{Answered, NoStage, Seen, Side, Stage};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How an exploration behaves.
#[derive(Clone)]
pub struct ExploreOptions {
    /// How many trials to make at most.
    pub trials: usize,
    /// How many requests to send to the target at most.
    pub exchanges: usize,
    /// How long to go on.
    pub time: Duration,
    /// From which everything is generated.
    pub seed: u64,
    /// Weaker differences are no findings.
    pub level: Level,
    /// How many findings are enough.
    pub findings: usize,
    /// Trials to make before any generated one.
    pub known: Vec<Trial>,
    /// How long to wait for a state to be seen.
    pub settle: Duration,
    /// Tells the time.
    pub clock: Clock,
    /// Randomness of keys and ids; not of the trials.
    pub entropy: Entropy,
}

/// A difference, and the smallest trial that was seen to show it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The trial after shrinking.
    pub trial: Trial,
    /// The differences.
    pub mismatches: Vec<Mismatch>,
    /// Whether it was seen again when the trial was repeated.
    pub repeats: bool,
    /// The generated trial that it came from; none if it was known before.
    pub number: Option<usize>,
    /// The calls, in words.
    pub steps: Vec<String>,
    /// Request and answer of the call that shows it, secrets removed.
    pub exchange: Vec<String>,
    /// A case for `fixtures/`.
    pub case: String,
}

impl Finding {
    /// Its strongest level.
    pub fn level(&self) -> Level {
        paste::strongest(self.mismatches.iter().map(|mismatch| mismatch.level))
    }
}

/// Why an exploration ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It made what it was asked for, or found enough.
    Done,
    /// It was interrupted.
    Interrupted,
    /// A side stopped answering.
    Lost(String),
}

/// What came of an exploration.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// Trials that were judged.
    pub judged: usize,
    /// Trials that could not be judged: a key could not be made, or the sides differed before the operation.
    pub blocked: usize,
    /// Why trials were blocked, each once.
    pub reasons: Vec<String>,
    /// Requests that the target got.
    pub exchanges: usize,
    /// The findings, in order.
    pub findings: Vec<Finding>,
    /// Known trials that no longer show anything.
    pub gone: Vec<Trial>,
    /// Why it ended.
    pub ended: Ended,
    /// Keys that could not be released.
    pub left: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// Hears of an exploration as it goes.
pub trait Watcher: Send + Sync {
    /// A trial ended: how many were made, how many requests were sent, how much was found.
    fn ended(&self, trials: usize, exchanges: usize, findings: usize);
}

/// A trial's verdict.
#[derive(Default)]
struct Tried {
    mismatches: Vec<Mismatch>,
    /// Position of the call that showed the first of them.
    at: usize,
    exchange: Vec<String>,
    case: String,
    blocked: Option<String>,
    lost: Option<String>,
}

struct Explorer<'a> {
    corpus: &'a Corpus,
    target: Side<'a>,
    model: Side<'a>,
    options: &'a ExploreOptions,
    edition: Edition,
    repeats: Repeats,
    redactor: Redactor,
    /// Differences that were reported already.
    seen: BTreeSet<String>,
    tried: usize,
}

/// Requests that shrinking may take for one finding.
const SHRINKING: usize = 400;

/// Explores a target, with another one as the model.
///
/// # Errors
///
/// Only what keeps it from beginning.
pub async fn explore(
    corpus: &Corpus,
    target: &Target,
    model: &Target,
    options: &ExploreOptions,
    watcher: &dyn Watcher,
    stop: watch::Receiver<bool>,
) -> Result<Exploration, SetupError> {
    let started = Instant::now();
    let run = options.entropy.run_id();
    let side = |target| Side::new(corpus, target, &options.clock, options.settle, &options.entropy, &run);
    let mut explorer = Explorer {
        corpus,
        target: side(target)?,
        model: side(model)?,
        options,
        edition: target.edition,
        repeats: Repeats::default(),
        redactor: target.redactor(),
        seen: BTreeSet::new(),
        tried: 0,
    };
    let mut exploration = Exploration {
        judged: 0,
        blocked: 0,
        reasons: Vec::new(),
        exchanges: 0,
        findings: Vec::new(),
        gone: Vec::new(),
        ended: Ended::Done,
        left: Vec::new(),
        took: Duration::ZERO,
    };
    explorer.go(&mut exploration, watcher, started, &stop).await;
    exploration.exchanges = explorer.target.exchanges();
    // Keys of a target that is gone cannot be released, and asking it would take the time limit of every one of them.
    if !matches!(exploration.ended, Ended::Lost(_)) && !target.embedded {
        exploration.left = explorer.target.pool.release().await;
    }
    exploration.took = started.elapsed();
    Ok(exploration)
}

impl Explorer<'_> {
    async fn go(
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
        let strategy = generate::trial(&grammar);
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
            if let Some(why) = tried.lost {
                // What was found in the same breath counts all the same.
                self.keep(exploration, trial, from, tried.mismatches, (tried.exchange, tried.case), false);
                exploration.ended = Ended::Lost(why);
                return;
            }
            if let Some(why) = tried.blocked {
                exploration.blocked += 1;
                if !exploration.reasons.contains(&why) && exploration.reasons.len() < 8 {
                    exploration.reasons.push(why);
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
                let (trial, last, repeats) = self.shrink(tree, trial, &fresh).await;
                let (mismatches, shown) = match last {
                    Some(last) => (last.mismatches, (last.exchange, last.case)),
                    None => (tried.mismatches, (tried.exchange, tried.case)),
                };
                self.keep(exploration, trial, from, mismatches, shown, repeats);
            }
            watcher.ended(number, self.target.exchanges(), exploration.findings.len());
        }
    }

    /// What both sides have.
    fn grammar(&self) -> Grammar {
        let can = |side: &Side<'_>, precondition: &crate::fixture::Precondition| match &precondition.provided {
            Some(name) => side.target.provided.contains_key(name),
            None => {
                let stranger = side.target.principals.contains_key(&PrincipalName::Stranger);
                (precondition.owner == Owner::Primary || stranger)
                    && (precondition.region == Place::Here || side.target.elsewhere.is_some())
            }
        };
        let starts = self.corpus.preconditions.iter().filter(|precondition| {
            crate::fixture::holds_in(precondition.editions.as_ref(), self.edition)
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
        Grammar { starts, own, principals, edition: self.edition }
    }

    /// Differences that were not reported yet, by what identifies them.
    fn fresh(&self, mismatches: &[Mismatch]) -> BTreeSet<String> {
        let counted = mismatches.iter().filter(|mismatch| mismatch.level >= self.options.level);
        counted.map(identity).filter(|identity| !self.seen.contains(identity)).collect()
    }

    fn keep(
        &mut self,
        exploration: &mut Exploration,
        trial: Trial,
        number: Option<usize>,
        mut mismatches: Vec<Mismatch>,
        (exchange, case): (Vec<String>, String),
        repeats: bool,
    ) {
        let fresh = self.fresh(&mismatches);
        if fresh.is_empty() {
            return;
        }
        mismatches.retain(|mismatch| fresh.contains(&identity(mismatch)));
        for mismatch in &mut mismatches {
            mismatch.found = self.redactor.redact(&mismatch.found);
        }
        self.seen.extend(fresh);
        let steps = trial.steps.iter().map(paste::word).collect();
        exploration.findings.push(Finding { trial, mismatches, repeats, number, steps, exchange, case });
    }

    /// Makes a failing trial smaller as long as it still shows one of these differences. Gives the smallest one, what
    /// it showed last, and whether anything was seen twice.
    async fn shrink(
        &mut self,
        tree: Option<impl ValueTree<Value = Trial>>,
        trial: Trial,
        wanted: &BTreeSet<String>,
    ) -> (Trial, Option<Tried>, bool) {
        let shows = |tried: &Tried| tried.mismatches.iter().any(|mismatch| wanted.contains(&identity(mismatch)));
        let again = self.attempt(&trial).await;
        if !shows(&again) {
            return (trial, None, false);
        }
        let (mut smallest, mut last) = (trial, again);
        let Some(mut tree) = tree else { return (smallest, Some(last), true) };
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
        (smallest, Some(last), true)
    }

    /// Makes one trial.
    async fn attempt(&mut self, trial: &Trial) -> Tried {
        self.tried += 1;
        match trial.relation {
            Relation::Model => self.against_model(trial).await,
            Relation::Plain => self.against_plain(trial).await,
            Relation::Again => self.against_itself(trial).await,
        }
    }

    /// Whether a key can be brought back to where the trial began. A second material, and what was ever imported into a
    /// key, stay with it.
    fn leaves_no_trace(&self, trial: &Trial) -> bool {
        let material = self.corpus.precondition(&trial.start).map(|start| start.material);
        let imports = |step: &Move| *step == Move::ImportOther || *step == Move::ImportSame;
        match material {
            Some(Material::Two) => false,
            Some(Material::None) => !trial.steps.iter().any(imports),
            _ => !trial.steps.contains(&Move::ImportOther),
        }
    }

    async fn stage(&self, side: &Side<'_>, trial: &Trial, which: &str) -> Result<Stage, Tried> {
        side.stage(&trial.start, &format!("{which} {}", self.tried)).await.map_err(|error| match error {
            NoStage::Unavailable(why) => Tried { blocked: Some(why), ..Tried::default() },
            NoStage::NoAnswer(why) => Tried { lost: Some(why), ..Tried::default() },
        })
    }

    async fn against_model(&self, trial: &Trial) -> Tried {
        let (target, model) =
            tokio::join!(self.stage(&self.target, trial, "absent"), self.stage(&self.model, trial, "absent"));
        let (mut target, mut model) = match (target, model) {
            (Ok(target), Ok(model)) => (target, model),
            (Err(tried), Ok(stage)) => {
                self.model.strike(stage, true).await;
                return tried;
            }
            (Ok(stage), Err(tried)) => {
                self.target.strike(stage, true).await;
                return tried;
            }
            (Err(tried), Err(_)) => return tried,
        };
        let mut tried = Tried::default();
        let mut deleted = false;
        for (at, step) in trial.steps.iter().enumerate() {
            if !self.step(trial, at, step, (&mut target, &mut model), &mut deleted, &mut tried).await {
                break;
            }
        }
        let trusted = tried.mismatches.is_empty() && tried.lost.is_none() && self.leaves_no_trace(trial);
        tokio::join!(self.target.strike(target, trusted), self.model.strike(model, trusted));
        tried
    }

    /// Makes one call on both sides; says whether to go on.
    async fn step(
        &self,
        trial: &Trial,
        at: usize,
        step: &Move,
        (target, model): (&mut Stage, &mut Stage),
        deleted: &mut bool,
        tried: &mut Tried,
    ) -> bool {
        let is_delete = step.change().is_some();
        let before = if is_delete {
            let (target, model) = tokio::join!(self.target.describe(target), self.model.describe(model));
            match (target, model) {
                (Ok(target), Ok(model)) => Some((target, model)),
                (Err(failure), _) | (_, Err(failure)) => {
                    tried.blocked = Some(failure.describe());
                    return false;
                }
            }
        } else {
            None
        };
        let (seen, expected) = tokio::join!(self.target.perform(target, step), self.model.perform(model, step));
        let place = if is_delete { "answer" } else { "afterwards" };
        let arn = Side::key_arn(target).map(str::to_owned);
        let judging = Judging {
            corpus: self.corpus,
            edition: self.edition,
            step,
            deleted: *deleted,
            is_symmetric: self
                .corpus
                .precondition(&trial.start)
                .is_some_and(|start| start.spec.as_deref() == Some("SYMMETRIC_DEFAULT")),
            key_arn: arn.as_deref(),
            place,
        };
        let verdict = by_model(&seen, &expected, &judging);
        let mut mismatches = verdict.mismatches;
        if is_delete && let Seen::Answers(answers) = &seen {
            let observed = answers.iter().filter_map(Answered::observation);
            mismatches.extend(observed.flat_map(|observation| self.repeats.of(self.corpus, observation)));
        }
        let model_answer = match &expected {
            Seen::Answers(answers) => answers.last().and_then(Answered::observation).cloned(),
            Seen::Impossible => None,
        };
        let succeeded = model_answer.as_ref().is_some_and(Observation::is_success);
        if verdict.in_step
            && let Some((target_before, model_before)) = &before
        {
            let refused = model_answer.as_ref().is_some_and(|answer| !answer.is_success());
            match self.effects((target, model), target_before, model_before, refused).await {
                Ok(found) => mismatches.extend(found),
                Err(why) => tried.blocked = Some(why),
            }
        }
        *deleted |= is_delete && succeeded;
        if self.adds(tried, mismatches) {
            tried.at = at;
            tried.exchange = self.lines(&seen);
            tried.case = paste::case(self.corpus, self.edition, trial, at, model_answer.as_ref());
        }
        if let Some(why) = verdict.unreached {
            // One answer that is late is no dead target.
            match self.target.is_alive().await {
                Ok(()) => tried.blocked = Some(why),
                Err(error) => tried.lost = Some(error.to_string()),
            }
            return false;
        }
        verdict.in_step && tried.blocked.is_none()
    }

    /// Adds what was found; says whether these are the first of the trial that count.
    fn adds(&self, tried: &mut Tried, mismatches: Vec<Mismatch>) -> bool {
        let counts = |mismatch: &Mismatch| mismatch.level >= self.options.level;
        let is_first = !tried.mismatches.iter().any(counts) && mismatches.iter().any(counts);
        tried.mismatches.extend(mismatches);
        is_first
    }

    /// Reads both keys back, until they agree or time is up.
    async fn effects(
        &self,
        (target, model): (&Stage, &Stage),
        target_before: &[Value; 2],
        model_before: &[Value; 2],
        refused: bool,
    ) -> Result<Vec<Mismatch>, String> {
        let model_after = self.model.describe(model).await.map_err(|failure| failure.describe())?;
        let mut pauses = self.target.pauses();
        loop {
            let after = match self.target.describe(target).await {
                Ok(after) => after,
                Err(failure) => {
                    let gone = serde_json::json!({ "KeyState": failure.answer });
                    return Ok(effects([&target_before[0], &gone], [&model_before[0], &model_after[0]], refused, ""));
                }
            };
            let mut found = effects([&target_before[0], &after[0]], [&model_before[0], &model_after[0]], refused, "");
            found.extend(effects(
                [&target_before[1], &after[1]],
                [&model_before[1], &model_after[1]],
                true,
                "of the other key ",
            ));
            if found.is_empty() || !pauses.pause().await {
                return Ok(found);
            }
        }
    }

    /// Two keys of the target in one state: what is changed must not matter.
    async fn against_plain(&self, trial: &Trial) -> Tried {
        let (changed, plain) =
            tokio::join!(self.stage(&self.target, trial, "absent"), self.stage(&self.target, trial, "absent"));
        let (mut changed, mut plain) = match (changed, plain) {
            (Ok(changed), Ok(plain)) => (changed, plain),
            (Err(tried), Ok(stage)) | (Ok(stage), Err(tried)) => {
                self.target.strike(stage, true).await;
                return tried;
            }
            (Err(tried), Err(_)) => return tried,
        };
        let mut tried = Tried::default();
        if let Some(step) = trial.steps.first() {
            let (delete, seen) = (Move::delete(), self.target.perform(&mut changed, step).await);
            let expected = self.target.perform(&mut plain, &delete).await;
            let names = [&changed, &plain].map(|stage| Side::key_arn(stage).map(str::to_owned));
            self.compare(trial, &seen, &expected, [names[0].as_deref(), names[1].as_deref()], &mut tried);
        }
        let trusted = tried.mismatches.is_empty() && self.leaves_no_trace(trial);
        self.target.strike(changed, trusted).await;
        self.target.strike(plain, trusted).await;
        tried
    }

    /// One key of the target: delete, import the same bytes, delete. The second answer repeats the first.
    async fn against_itself(&self, trial: &Trial) -> Tried {
        let mut stage = match self.stage(&self.target, trial, "absent").await {
            Ok(stage) => stage,
            Err(tried) => return tried,
        };
        let mut tried = Tried::default();
        let mut answers = Vec::new();
        for step in &trial.steps {
            let seen = self.target.perform(&mut stage, step).await;
            let succeeded = match &seen {
                Seen::Answers(answers) => answers.iter().filter_map(Answered::observation).all(Observation::is_success),
                Seen::Impossible => false,
            };
            if step.change().is_some() {
                answers.push(seen);
            } else if !succeeded {
                // Without the import the second deletion is another case.
                answers.clear();
                break;
            }
        }
        if let [first, second] = answers.as_slice() {
            let name = Side::key_arn(&stage).map(str::to_owned);
            self.compare(trial, second, first, [name.as_deref(), name.as_deref()], &mut tried);
        }
        let trusted = tried.mismatches.is_empty() && self.leaves_no_trace(trial);
        self.target.strike(stage, trusted).await;
        tried
    }

    fn compare(&self, trial: &Trial, seen: &Seen, expected: &Seen, names: [Option<&str>; 2], tried: &mut Tried) {
        let (Seen::Answers(seen_answers), Seen::Answers(expected)) = (seen, expected) else { return };
        let pairs = seen_answers.iter().zip(expected);
        let found = pairs.flat_map(|(answer, plain)| alike(answer, plain, names, "answer")).collect();
        if self.adds(tried, found) {
            tried.exchange = self.lines(seen);
            let answer = expected.last().and_then(Answered::observation);
            tried.case = paste::case(self.corpus, self.edition, trial, 0, answer);
        }
    }

    fn lines(&self, seen: &Seen) -> Vec<String> {
        let Seen::Answers(answers) = seen else { return Vec::new() };
        let Some(answered) = answers.last() else { return Vec::new() };
        let request = request_lines(&answered.request, &self.redactor).into_iter().map(|line| format!("> {line}"));
        let answer: Vec<String> = match &answered.result {
            Ok((response, _)) => {
                response_lines(response, &self.redactor).into_iter().map(|line| format!("< {line}")).collect()
            }
            Err(error) => vec![format!("! {error}")],
        };
        request.chain(answer).collect()
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
    use proptest::prelude::*;

    fn grammar(edition: Edition) -> Grammar {
        let starts = vec!["imported-symmetric".to_owned(), "disabled".to_owned()];
        let principals = vec![PrincipalName::Primary, PrincipalName::Session];
        Grammar { own: starts.clone(), starts, principals, edition }
    }

    proptest! {
        #[test]
        fn a_trial_that_is_written_down_is_read_back(trial in generate::trial(&grammar(Edition::KeyMaterialId))) {
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
        let strategy = generate::trial(&grammar(Edition::KeyOnly));
        let make = |seed, number| strategy.new_tree(&mut runner(seed, number)).map(|tree| tree.current()).ok();
        assert_eq!(make(1, 2), make(1, 2));
        assert!((1..20).any(|number| make(1, number) != make(2, number)));
    }
}
