//! A whole run: the probe, the cases in their order, the release of every key, the report.

use super::case::not_run;
use super::context::Run;
use super::options::{Options, SequenceOf};
use super::probe::{Verdict, probe};
use super::progress::Progress;
use super::recorder::lane_name;
use super::schedule::{INTERNAL, Part, Schedule};
use crate::fixture::{Corpus, Edition, Selection};
use crate::keys::Released;
use crate::report::{CaseReport, ExitCode, Figures, Outcome, RunReport, SCHEMA, TargetReport};
use crate::target::{SetupError, Target};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};
use tokio::sync::watch;

/// Runs the selected cases at a target. `stop` ends the run early: cases that have not begun are not begun, and the keys
/// are released nevertheless.
///
/// # Errors
///
/// Only what keeps a run from beginning; everything later is in the report.
///
/// # Examples
///
/// One case at a server on loopback:
///
/// ```no_run
/// use std::collections::BTreeMap;
/// use std::sync::Arc;
/// use std::time::{Duration, SystemTime};
/// use trentcheck_core::fixture::{Document, Edition, Level, PrincipalName, Selection, load};
/// use trentcheck_core::report::Outcome;
/// use trentcheck_core::run::{Entropy, Options, Permit, SequenceOf, Target, fill_random, run};
/// use trentcheck_core::send::{Endpoint, Lane, Limits, Tls};
/// use trentcheck_core::sign::Credentials;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut documents = Vec::new();
/// for part in ["spec", "cases"] {
///     for entry in std::fs::read_dir(format!("fixtures/{part}"))? {
///         let path = entry?.path();
///         let name = path.file_name().unwrap_or_default().to_string_lossy();
///         documents.push(Document { path: format!("{part}/{name}"), text: std::fs::read_to_string(&path)? });
///     }
/// }
/// let corpus = load(&documents)?;
/// let selection = Selection { patterns: vec!["example/absent-key".to_owned()], ..Selection::default() };
///
/// let credentials = Credentials {
///     access_key_id: "AKIDEXAMPLE".to_owned(),
///     secret_access_key: "a-secret".to_owned(),
///     session_token: None,
/// };
/// let target = Target {
///     endpoint: Endpoint::parse("http://127.0.0.1:4566")?,
///     region: "us-east-2".to_owned(),
///     edition: Edition::KeyOnly,
///     principals: BTreeMap::from([(PrincipalName::Primary, credentials)]),
///     provided: BTreeMap::new(),
///     elsewhere: None,
///     account: None,
///     stranger_account: None,
///     embedded: false,
///     tls: Tls::default(),
///     limits: Limits::default(),
/// };
///
/// let mut seed = [0; 32];
/// fill_random(&mut seed).map_err(|()| "the system has no randomness")?;
/// let entropy = Entropy::new(seed);
/// let options = Options {
///     lane: Lane::Wire,
///     jobs: 1,
///     order: SequenceOf::Corpus,
///     fail_on: Level::Must,
///     settle: Duration::from_secs(1),
///     deadline: Duration::from_secs(60),
///     permit: Permit::All,
///     clock: Arc::new(SystemTime::now),
///     run_id: entropy.run_id(),
///     entropy,
///     lent: Vec::new(),
///     budget: None,
///     ledger: None,
/// };
///
/// let (_stop, stopped) = tokio::sync::watch::channel(false);
/// let report = run(&corpus, &selection, &target, &options, &(), stopped).await?;
/// for case in &report.cases {
///     println!("{}: {:?}", case.id, case.outcome);
/// }
/// assert!(report.cases.iter().all(|case| case.outcome == Outcome::Pass));
/// # Ok(())
/// # }
/// ```
pub async fn run(
    corpus: &Corpus,
    selection: &Selection,
    target: &Target,
    options: &Options,
    progress: &dyn Progress,
    stop: watch::Receiver<bool>,
) -> Result<RunReport, SetupError> {
    let started = (Instant::now(), (options.clock)());
    let run = Run::prepare(corpus, selection, target, options)?;
    if let Some(ledger) = &options.ledger {
        ledger.begins(&run.id, &target.endpoint.to_string(), &target.region)?;
    }
    progress.begins(run.selected.len());
    let deadline = tokio::time::Instant::now() + options.deadline;
    let schedule = Schedule { run: &run, progress, deadline, stop: &stop };
    let mut notices = Vec::new();
    let mut by_id = match run.selected.is_empty() {
        true => {
            notices.extend(of_other_edition(corpus, selection, target));
            BTreeMap::new()
        }
        false => reports(&schedule, &mut notices).await,
    };
    let mut accounts: Vec<String> = run.account().into_iter().map(|(account, _)| account).collect();
    accounts.extend(run.pool.accounts());
    let left = release(&run, &mut notices).await;
    let cases = run.selected.iter().filter_map(|case| by_id.remove(case.id())).collect();
    let told = told(&schedule);
    Ok(report(&run, Results { started, cases, notices, left, accounts, told }))
}

/// Why nothing is selected, where the edition is the reason.
fn of_other_edition(corpus: &Corpus, selection: &Selection, target: &Target) -> Option<String> {
    let other = Edition::ALL.into_iter().find(|edition| *edition != target.edition)?;
    let taken = corpus.cases.iter().filter(|case| selection.takes(case) && case.holds_in(other)).count();
    (taken > 0).then(|| {
        format!("all {taken} of the selected cases are of the other edition: choose it with `--edition {other}`")
    })
}

/// Runs the cases if the target can be tested. If not, `notices` says why.
async fn reports(schedule: &Schedule<'_>, notices: &mut Vec<String>) -> BTreeMap<String, CaseReport> {
    let run = schedule.run;
    let verdict = match schedule.within(probe(run)).await {
        Part::Done(verdict) => verdict,
        Part::OutOfTime => Verdict::Unreachable("find out what the target is in time".to_owned()),
        Part::Panicked => return all(run, Outcome::Indeterminate, INTERNAL),
    };
    match verdict {
        Verdict::Unreachable(why) => {
            notices.push(format!("failed to {}", run.redactor.redact(&why)));
            all(run, Outcome::Indeterminate, "the target cannot be reached")
        }
        Verdict::Refused => all(run, Outcome::Skipped, "safety: it is not the account or Region that was named"),
        Verdict::Skewed(why) => {
            notices.push(why);
            all(run, Outcome::Indeterminate, "the clocks are too far apart")
        }
        Verdict::Unknown(why) => {
            notices.push(run.redactor.redact(&why));
            all(run, Outcome::Indeterminate, "the target does not take the credentials")
        }
        Verdict::Unsupported(why) => {
            let why = run.redactor.redact(&why);
            let reports = all(run, Outcome::Unsupported, &why);
            notices.push(why);
            reports
        }
        Verdict::Ready { account } => {
            if let Some(account) = account {
                run.account.get_or_init(|| account);
            }
            schedule.cases().await
        }
    }
}

fn all(run: &Run<'_>, outcome: Outcome, reason: &str) -> BTreeMap<String, CaseReport> {
    run.selected.iter().map(|case| (case.id().to_owned(), not_run(case, outcome, reason))).collect()
}

/// Releases every key. The result names what is left, and why.
async fn release(run: &Run<'_>, notices: &mut Vec<String>) -> Vec<String> {
    let Released { mut left, perhaps } = run.pool.release().await;
    match run.guard.watches() {
        true => left.extend(perhaps),
        // On a test server that hangs, keys that may be left do no harm.
        false => notices.extend(perhaps),
    }
    notices.extend(
        run.guard.halted().map(|why| format!("refused: {why}; keys that were made are scheduled for deletion")),
    );
    left
}

/// The exit codes that only the run itself knows.
fn told(schedule: &Schedule<'_>) -> Vec<ExitCode> {
    let told = [
        (ExitCode::Interrupted, schedule.is_interrupted()),
        (ExitCode::Internal, schedule.run.faults.load(Ordering::Relaxed) > 0),
        (ExitCode::Safety, schedule.run.guard.halted().is_some()),
    ];
    told.into_iter().filter(|(_, applies)| *applies).map(|(code, _)| code).collect()
}

/// What a run came to.
struct Results {
    started: (Instant, SystemTime),
    cases: Vec<CaseReport>,
    notices: Vec<String>,
    left: Vec<String>,
    accounts: Vec<String>,
    told: Vec<ExitCode>,
}

fn report(run: &Run<'_>, results: Results) -> RunReport {
    let Results { started: (instant, time), cases, notices, left, accounts, told } = results;
    let mut report = RunReport {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        run: run.id.clone(),
        started: jiff::Timestamp::try_from(time)
            .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
            .unwrap_or_default(),
        duration_ms: u64::try_from(instant.elapsed().as_millis()).unwrap_or(u64::MAX),
        target: TargetReport {
            endpoint: run.target.endpoint.to_string(),
            region: run.target.region.clone(),
            edition: run.target.edition,
            embedded: run.target.embedded,
        },
        lane: lane_name(run.options.lane).to_owned(),
        jobs: run.options.jobs,
        seed: match run.options.order {
            SequenceOf::Corpus => None,
            SequenceOf::Seed(seed) => Some(seed),
        },
        fail_on: run.options.fail_on,
        clock_ahead_s: run.seconds_ahead.get().copied(),
        notices,
        keys: run.pool.made(),
        calls: run.tally.counts(),
        left: left.iter().map(|line| run.redactor.redact(line)).collect(),
        accounts,
        baseline: None,
        differential: None,
        deviations: None,
        figures: Figures::of(&cases),
        exit_code: ExitCode::Pass,
        exit_codes: told,
        cases,
    };
    report.conclude();
    report
}
