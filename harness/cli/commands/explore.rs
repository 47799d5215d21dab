//! `trentcheck explore`.

use super::explore_kept::Failures;
use crate::arguments::{ExploreArguments, FAILURES};
use crate::edge::entropy;
use crate::edge::failure::Failure;
use crate::edge::interrupt::on_interrupt;
use crate::edge::output;
use crate::edge::progress::Line;
use crate::render::explore::{Explored, render};
use crate::setup::choice::{Unchosen, one};
use crate::setup::configuration::Configuration;
use crate::setup::corpus::corpus;
use crate::setup::embedded;
use crate::setup::settings::TargetSettings;
use crate::setup::target::{Missing, Prepared, Provided, Reach, Terms};
use crate::setup::words::Words;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use trentcheck_core::explore::{Ended, Exploration, ExploreOptions, Watcher, explore as search};
use trentcheck_core::fixture::Level;
use trentcheck_core::normalise::Redactor;
use trentcheck_core::report::ExitCode;
use trentcheck_core::run::Entropy;

/// Trials, if neither their number nor a time is given.
const TRIALS: usize = 500;

/// Differences after which more of them would only be noise.
const FINDINGS: usize = 50;

/// Requests that repeating a finding and making it smaller may take.
const SHRINKING: usize = 200;

/// Explores the target, prints what was found and how to repeat it, and gives the exit code.
pub(crate) async fn explore(arguments: &ExploreArguments) -> Result<u8, Failure> {
    let corpus = corpus(None)?;
    let configuration = Configuration::read(arguments.target.config.as_deref())?;
    let choice = one(&arguments.target, &configuration, Unchosen::Refused)?;
    let settings = TargetSettings::of(&arguments.target, &choice, &configuration, None)?;
    let (edition, timeout) = (settings.edition(), settings.timeout());
    let off_loopback = Failure::safety("`explore` creates and deletes key material, so it runs on loopback only")
        .hint("off loopback, `trentcheck run` sends cases that cannot succeed");
    let terms = Terms { missing: Missing::Embedded, reach: Reach::Loopback(off_loopback), provided: Provided::Checked };
    let prepared = Prepared::of(&settings, &corpus, terms).await?;
    let target = &prepared.target;
    // The reference has to outlive the exploration.
    let (_reference, mut model) = embedded::start(edition, timeout).await?;
    // A lack on one side must not look like one on the other.
    model.provided.retain(|name, _| target.provided.contains_key(name));
    let endpoint = if target.embedded { "embedded".to_owned() } else { target.endpoint.to_string() };
    let mut failures = Failures::read(&arguments.failures, &corpus)?;
    let seed = match arguments.seed {
        Some(seed) => seed,
        None => fresh_seed()?,
    };
    let trials = match (arguments.cases, arguments.time) {
        (Some(cases), _) => usize::try_from(cases).unwrap_or(usize::MAX),
        (None, Some(_)) => usize::MAX,
        (None, None) => TRIALS,
    };
    let options = ExploreOptions {
        trials,
        time: arguments.time.unwrap_or(Duration::MAX),
        level: arguments.fail_on,
        known: failures.of(edition),
        settle: prepared.settle,
        ..options(seed)?
    };
    let (stop, stopped) = watch::channel(false);
    let interrupt = on_interrupt(stop);
    let line = Line::new("trials", (trials != usize::MAX).then_some(trials));
    let exploration = search(&corpus, target, &model, &options, &line, stopped)
        .await
        .map_err(|error| Failure::usage(error.to_string()))?;
    interrupt.abort();
    drop(line);
    output::protect(&Redactor::default().with_accounts(exploration.accounts.iter().map(String::as_str)));
    let kept = failures.update(edition, &endpoint, &exploration);
    failures.write(&arguments.failures)?;
    let code = code(&exploration);
    let again = again(arguments, &settings, &prepared, seed, exploration.generated);
    let explored = Explored { exploration: &exploration, endpoint: &endpoint, again: &again, kept: &kept, code };
    output::to_stdout(&render(&explored));
    Ok(code as u8)
}

/// The line that repeats an exploration with its seed and as many trials.
fn again(
    arguments: &ExploreArguments,
    settings: &TargetSettings,
    prepared: &Prepared,
    seed: u64,
    trials: usize,
) -> String {
    let mut line = Words::of("trentcheck explore");
    line.flag("--seed", seed);
    settings.repeat(&prepared.target, &mut line);
    if arguments.fail_on != Level::Should {
        line.flag("--fail-on", arguments.fail_on);
    }
    if arguments.failures != Path::new(FAILURES) {
        line.path("--failures", Some(&arguments.failures));
    }
    if trials > 0 {
        line.flag("--cases", trials);
    }
    line.line()
}

impl Watcher for Line {
    fn ended(&self, trials: usize, exchanges: usize, findings: usize) {
        self.at(trials, &format!("{exchanges} exchanges, {findings} findings"));
    }
}

/// A seed from the system's randomness, short enough to be typed.
pub(crate) fn fresh_seed() -> Result<u64, Failure> {
    Ok(u64::from_be_bytes(entropy::seed()?[..8].try_into().unwrap_or_default()) >> 32)
}

/// Options of an exploration with this seed, without limits of time and number.
pub(crate) fn options(seed: u64) -> Result<ExploreOptions, Failure> {
    Ok(ExploreOptions {
        trials: usize::MAX,
        exchanges: usize::MAX,
        time: Duration::MAX,
        seed,
        level: Level::Should,
        findings: FINDINGS,
        shrinking: SHRINKING,
        known: Vec::new(),
        spared: BTreeMap::new(),
        settle: Duration::from_secs(1),
        clock: Arc::new(SystemTime::now),
        entropy: Entropy::new(entropy::seed()?),
    })
}

fn code(exploration: &Exploration) -> ExitCode {
    // What was found is true all the same, but the answer to what was asked is not known.
    if matches!(exploration.ended, Ended::Lost(_)) {
        return ExitCode::Indeterminate;
    }
    let mut codes = Vec::new();
    if exploration.ended == Ended::Interrupted {
        codes.push(ExitCode::Interrupted);
    }
    if !exploration.findings.is_empty() {
        codes.push(ExitCode::Divergence);
    }
    if !exploration.left.is_empty() {
        codes.push(ExitCode::Teardown);
    }
    if exploration.judged == 0 {
        codes.push(ExitCode::NothingRun);
    }
    if codes.is_empty() {
        codes.push(ExitCode::Pass);
    }
    ExitCode::first_of(&codes)
}
