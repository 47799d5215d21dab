//! `trentcheck selfcheck --explore`: how much generated requests find without any case.

use super::explore::{fresh_seed, options};
use super::selfcheck::config;
use super::wrong_servers::{chosen, edition_of};
use crate::arguments::{SelfcheckArguments, ServerSet};
use crate::edge::cores::{cores, of_this_thread};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::edge::progress::Line;
use crate::setup::embedded;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use trentcheck_core::explore::{Exploration, ExploreOptions, Watcher, explore};
use trentcheck_core::fixture::{Corpus, Edition, Level};
use trentcheck_core::report::ExitCode;
use trentcheck_reference::{Config, Mutant, Reached};

/// How many times the exchanges of a mutant the reference itself gets, with the same seed.
const CONTROL: usize = 3;

/// The share of mutants that must be found, in percent, with this many exchanges for each. With fewer it is only shown.
const WANTED: (f64, usize) = (80.0, 10_000);

/// How late a state change may be seen, which only a mutant that never shows it uses up.
const SETTLE: Duration = Duration::from_millis(50);

/// Limit of one exchange. Far more than any answer of a mutant on loopback.
const TIMEOUT: Duration = Duration::from_secs(5);

struct Silent;

impl Watcher for Silent {
    fn ended(&self, _: usize, _: usize, _: usize) {}
}

/// Explores every mutant until something is found, prints how many were, and fails if that is less than the share that
/// is promised.
pub(crate) async fn measure(arguments: SelfcheckArguments) -> Result<u8, Failure> {
    let started = Instant::now();
    let corpus = Arc::new(crate::setup::corpus::corpus(None)?);
    let seed = match arguments.seed {
        Some(seed) => seed,
        None => fresh_seed()?,
    };
    let mutants: Vec<&'static Mutant> = chosen(&arguments.mutants, &[ServerSet::Own])?
        .into_iter()
        .map(|server| server.mutant)
        .filter(|mutant| mutant.equivalent.is_none())
        .collect();
    let exchanges = usize::try_from(arguments.exchanges).unwrap_or(usize::MAX);
    let jobs = arguments.jobs.map_or_else(cores, usize::from);
    let (reached, (mut lines, alarms)) = control(&corpus, CONTROL * exchanges, seed).await?;
    let results = all(&corpus, &mutants, jobs, exchanges, seed, &reached).await?;
    let mut costs = Vec::new();
    for mutant in &mutants {
        let Some(exploration) = results.get(mutant.name) else { continue };
        match exploration.findings.first() {
            Some(_) => costs.push(exploration.exchanges),
            None => lines.push(format!(
                "not found: {} ({}); {} trials, {} exchanges",
                mutant.name, mutant.title, exploration.judged, exploration.exchanges
            )),
        }
    }
    costs.sort_unstable();
    let share = 100.0 * costs.len() as f64 / mutants.len().max(1) as f64;
    let median = costs.get(costs.len() / 2).copied().unwrap_or_default();
    lines.push(format!(
        "exploration: {} of {} mutants ({share:.1} %) found within {exchanges} exchanges each, half of them within {median}; seed {seed}; {:.1} s",
        costs.len(),
        mutants.len(),
        started.elapsed().as_secs_f64()
    ));
    output::to_stdout(&lines.join("\n"));
    let (wanted, within) = WANTED;
    let is_enough = share >= wanted || exchanges < within;
    let code = if is_enough && alarms == 0 { ExitCode::Pass } else { ExitCode::Divergence };
    Ok(code as u8)
}

/// Explores every mutant, so many at a time. The result has each by its name.
async fn all(
    corpus: &Arc<Corpus>,
    mutants: &[&'static Mutant],
    jobs: usize,
    exchanges: usize,
    seed: u64,
    reached: &BTreeMap<Edition, Vec<Made>>,
) -> Result<BTreeMap<&'static str, Exploration>, Failure> {
    let slots = Arc::new(Semaphore::new(jobs));
    let mut running = JoinSet::new();
    for mutant in mutants.iter().copied() {
        let (corpus, slots) = (Arc::clone(corpus), Arc::clone(&slots));
        let edition = edition_of(mutant);
        let made = reached.get(&edition).into_iter().flatten();
        let spared = made.filter(|made| !made.mutants.contains(mutant.name)).map(|made| (made.number, made.exchanges));
        let spared = spared.collect();
        running.spawn_blocking(move || {
            on_this_thread(async {
                let _slot = slots.acquire().await;
                let options = ExploreOptions { exchanges, spared, ..in_search(seed)? };
                one(&corpus, edition, config(edition, Some(mutant)), &options, &Silent).await
            })
            .map(|exploration| (mutant.name, exploration))
        });
    }
    let line = Line::new("mutants", Some(mutants.len()));
    let count = line.counter();
    let mut results = BTreeMap::new();
    while let Some(ended) = running.join_next().await {
        let ended = ended.map_err(|error| Failure::internal(format!("explore a mutant: {error}")))?;
        let (name, exploration) = ended?;
        results.insert(name, exploration);
        count();
    }
    Ok(results)
}

/// Explores the reference itself: what it seems to do wrong says nothing about a mutant. Gives which mutants each trial
/// reaches, what is printed, and how many false alarms there were.
async fn control(
    corpus: &Arc<Corpus>,
    exchanges: usize,
    seed: u64,
) -> Result<(BTreeMap<Edition, Vec<Made>>, (Vec<String>, usize)), Failure> {
    let mut lines = Vec::new();
    let mut all = BTreeMap::new();
    let explored = Edition::ALL.map(|edition| {
        let corpus = Arc::clone(corpus);
        let control = tokio::task::spawn_blocking(move || {
            let trials = Trials::default();
            let config = Config { reached: Some(Arc::clone(&trials.reached)), ..config(edition, None) };
            let options = ExploreOptions { exchanges, ..in_search(seed)? };
            let exploration = on_this_thread(one(&corpus, edition, config, &options, &trials))?;
            Ok::<_, Failure>((exploration, trials.made.into_inner().unwrap_or_else(PoisonError::into_inner)))
        });
        (edition, control)
    });
    for (edition, control) in explored {
        let control = control.await.map_err(|error| Failure::internal(format!("explore the reference: {error}")))?;
        let (exploration, made) = control?;
        for finding in exploration.findings {
            let mismatch = finding.mismatches.first();
            let what =
                mismatch.map(|mismatch| format!("{}: {}", mismatch.expected, mismatch.found)).unwrap_or_default();
            lines.push(format!("false alarm on the reference ({edition}): {}; {what}", finding.steps.join(", ")));
        }
        all.insert(edition, made);
    }
    let alarms = lines.len();
    lines.push(format!("control: the reference itself, {exchanges} exchanges in each edition, {alarms} false alarms"));
    Ok((all, (lines, alarms)))
}

/// A trial at the reference.
struct Made {
    number: usize,
    exchanges: usize,
    /// The mutants that it reaches. The others would answer it as the reference does.
    mutants: BTreeSet<&'static str>,
}

/// Notes the mutants that each trial reaches.
#[derive(Default)]
struct Trials {
    reached: Arc<Reached>,
    made: Mutex<Vec<Made>>,
}

impl Watcher for Trials {
    fn ended(&self, number: usize, exchanges: usize, _: usize) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let before: usize = made.iter().map(|made| made.exchanges).sum();
        made.push(Made { number, exchanges: exchanges - before, mutants: self.reached.take() });
    }
}

/// Both ends of an exchange on this thread, where what proptest generates has to stay too.
fn on_this_thread(exploration: impl Future<Output = Result<Exploration, Failure>>) -> Result<Exploration, Failure> {
    of_this_thread()?.block_on(exploration)
}

/// Options of a search for one difference.
fn in_search(seed: u64) -> Result<ExploreOptions, Failure> {
    Ok(ExploreOptions {
        trials: usize::MAX,
        findings: 1,
        // That something was found is enough.
        shrinking: 0,
        level: Level::Should,
        settle: SETTLE,
        ..options(seed)?
    })
}

async fn one(
    corpus: &Corpus,
    edition: Edition,
    config: Config,
    options: &ExploreOptions,
    watcher: &dyn Watcher,
) -> Result<Exploration, Failure> {
    let (server, target) = embedded::start_as(config, edition, TIMEOUT).await?;
    let (reference, model) = embedded::start_as(self::config(edition, None), edition, TIMEOUT).await?;
    let (_stop, stopped) = watch::channel(false);
    let exploration = explore(corpus, &target, &model, options, watcher, stopped)
        .await
        .map_err(|error| Failure::internal(error.to_string()))?;
    server.stop().await;
    reference.stop().await;
    Ok(exploration)
}
