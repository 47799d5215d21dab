//! A whole run: the probe, the cases in their order, the release of every key.

use super::case::not_run;
use super::context::Run;
use super::facts::{not_replayed, replayed};
use super::options::{Facts, Options, SequenceOf};
use super::probe::{Verdict, probe};
use super::progress::Progress;
use super::recorder::lane_name;
use super::schedule::{ENOUGH, INTERNAL, Part, Schedule};
use crate::fixture::{Corpus, Owner, Selection};
use crate::keys::Released;
use crate::kms::Pauses;
use crate::normalise::Shown;
use crate::report::{CaseRan, End, Outcome, Ran, RecordedRan, TargetReport};
use crate::send::Peer;
use crate::target::{SetupError, Target};
use crate::text::{TargetText, Text};
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};
use tokio::sync::watch;

/// Runs the selected cases at a target. `stop` ends the run early: cases that have not begun are not begun, and the keys
/// are released nevertheless.
///
/// # Errors
///
/// Only what keeps a run from beginning; everything later is in the result.
///
/// # Examples
///
/// One case at a server on loopback:
///
/// ```no_run
/// use std::collections::BTreeMap;
/// use std::time::Duration;
/// use trentcheck_core::fixture::{Document, Edition, Level, PrincipalName, Selection, load};
/// use trentcheck_core::report::Outcome;
/// use trentcheck_core::run::{Entropy, Options, Target, fill_random, run};
/// use trentcheck_core::send::{Endpoint, Limits, Tls};
/// use trentcheck_core::sign::Credentials;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut documents = Vec::new();
/// for part in ["spec", "cases", "recorded"] {
///     for entry in std::fs::read_dir(format!("fixtures/{part}"))? {
///         let path = entry?.path();
///         let name = path.file_name().unwrap_or_default().to_string_lossy();
///         documents.push(Document { path: format!("{part}/{name}"), text: std::fs::read_to_string(&path)? });
///     }
/// }
/// let corpus = load(&documents)?;
/// let selection = Selection::of_ids(vec!["example/absent-key".to_owned()]);
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
/// let settle = Duration::from_secs(1);
/// let options = Options { fail_on: Level::Must, ..Options::new(settle, Entropy::new(seed)) };
///
/// let (_stop, stopped) = tokio::sync::watch::channel(false);
/// let ran = run(&corpus, &selection, &target, &options, &(), stopped).await?;
/// for case in &ran.cases {
///     println!("{}: {:?}", case.id, case.outcome);
/// }
/// assert!(ran.cases.iter().all(|case| case.outcome == Outcome::Pass));
/// # Ok(())
/// # }
/// ```
// A box, so that what a run is made of is compiled here and not again in each program that makes one.
pub fn run<'a>(
    corpus: &'a Corpus,
    selection: &'a Selection,
    target: &'a Target,
    options: &'a Options,
    progress: &'a dyn Progress,
    stop: watch::Receiver<bool>,
) -> BoxFuture<'a, Result<Ran, SetupError>> {
    Box::pin(whole(corpus, selection, target, options, progress, stop))
}

async fn whole(
    corpus: &Corpus,
    selection: &Selection,
    target: &Target,
    options: &Options,
    progress: &dyn Progress,
    stop: watch::Receiver<bool>,
) -> Result<Ran, SetupError> {
    let started = (Instant::now(), (options.clock)());
    let run = Run::prepare(corpus, selection, target, options)?;
    if let Some(ledger) = &options.ledger {
        ledger.begins(&run.id, &target.endpoint.to_string(), &target.region)?;
        for (owner, account) in [(Owner::Primary, &target.account), (Owner::Stranger, &target.stranger_account)] {
            if let Some(account) = account {
                ledger.names(&run.id, owner, account)?;
            }
        }
    }
    progress.begins(run.selected.len());
    let deadline = tokio::time::Instant::now() + options.deadline;
    let schedule = Schedule { run: &run, progress, deadline, stop: &stop, diverged: AtomicUsize::new(0) };
    let mut notices: Vec<Text> = Vec::new();
    if target.peer() == Peer::Unverified {
        notices.push(UNVERIFIED.into());
    }
    if run.selected.is_empty() {
        notices.extend(why_nothing(corpus, selection, target).map(Text::from));
    }
    let (mut by_id, recorded) = match run.selected.is_empty() && options.facts == Facts::None {
        true => (BTreeMap::new(), None),
        false => reports(&schedule, &mut notices).await,
    };
    notices.extend(of_the_rest(&schedule, &by_id));
    notices.extend(of_bodies(&run));
    notices.extend(of_lateness(&run));
    let mut accounts: Vec<String> = run.account().into_iter().map(|(account, _)| account).collect();
    accounts.extend(run.pool.accounts());
    let left = release(&run, &mut notices).await;
    let cases = run.selected.iter().filter_map(|case| by_id.remove(case.id())).collect();
    let end = end(&schedule);
    Ok(ran(&run, Results { started, cases, recorded, notices, left, accounts, end }))
}

/// What a run says whose target could be anybody.
const UNVERIFIED: &str =
    "the target's certificate was not verified (`--insecure`): anybody on the way could have answered";

/// Why nothing is selected, where the edition or the slowness of cases is the reason.
fn why_nothing(corpus: &Corpus, selection: &Selection, target: &Target) -> Option<String> {
    let taken = |selection: &Selection, edition| {
        corpus.cases.iter().filter(|case| selection.takes(case) && case.holds_in(edition)).count()
    };
    let other = target.edition.other();
    match (taken(selection, other), taken(&selection.clone().with_slow(), target.edition)) {
        (0, 0) => None,
        (0, slow) => {
            let cases = if slow == 1 { "1 selected case waits" } else { &format!("{slow} selected cases wait") };
            Some(format!("{cases} for seconds, and only `--slow` runs such cases"))
        }
        (of_other, _) => Some(format!(
            "all {of_other} of the selected cases are of the other edition: choose it with `--edition {other}`"
        )),
    }
}

/// What a run says that left cases out because it had seen enough.
fn of_the_rest(schedule: &Schedule<'_>, cases: &BTreeMap<String, CaseRan>) -> Option<Text> {
    let left_out = cases.values().filter(|case| case.reason.as_deref() == Some(ENOUGH)).count();
    let diverging = schedule.run.options.enough.as_ref()?.diverging;
    (left_out > 0).then(|| {
        Text::from(format!(
            "`--max-fail {diverging}`: the run stopped, and {left_out} of {} selected cases were not run",
            cases.len()
        ))
    })
}

/// One sentence for all successes that have the body of the other edition.
fn of_bodies(run: &Run<'_>) -> Option<Text> {
    let (own, of_other) = (run.own_edition.load(Ordering::Relaxed), run.other_edition.load(Ordering::Relaxed));
    let other = run.target.edition.other();
    // A few wrong bodies are what the cases report; only a target that mostly answers so is of the other edition.
    (of_other > own).then(|| {
        Text::from(format!(
            "successes with the body of the other edition: {of_other} of {}; if the target implements that edition, \
             choose it with `--edition {other}`",
            own + of_other
        ))
    })
}

/// One sentence for all changes that were not seen in time.
fn of_lateness(run: &Run<'_>) -> Option<Text> {
    let late = run.primary.known_to_be_late()?.as_secs_f64();
    Some(Text::from(format!(
        "the target shows a change only after {late:.1} s, and trentcheck waits {:.1} s: raise `--settle` to {:.0}s",
        run.options.settle.as_secs_f64(),
        (late * 2.0).ceil()
    )))
}

/// What became of each case, and of recorded facts if they were asked for.
type Reports = (BTreeMap<String, CaseRan>, Option<RecordedRan>);

/// Runs the cases and replays recorded facts if the target can be tested. If not, `notices` says why.
async fn reports(schedule: &Schedule<'_>, notices: &mut Vec<Text>) -> Reports {
    let run = schedule.run;
    let mut pauses = Pauses::within(run.options.up_within);
    let verdict = loop {
        match schedule.within(probe(run)).await {
            // A server that was started a moment ago may not be ready.
            Part::Done(Verdict::Unreachable(_)) if !schedule.is_interrupted() && pauses.pause().await => {}
            Part::Done(verdict) => break verdict,
            Part::OutOfTime => break Verdict::Unreachable("find out what the target is in time".into()),
            Part::Panicked => return all(run, Outcome::Indeterminate, &INTERNAL.into()),
        }
    };
    match verdict {
        Verdict::Unreachable(why) => {
            notices.push(Text::from("failed to ").and(why));
            all(run, Outcome::Indeterminate, &"the target cannot be reached".into())
        }
        Verdict::Refused => {
            let why = run.guard.halted().unwrap_or("the target is not in the account or Region that you named");
            all(run, Outcome::Skipped, &run.redactor.show(&Text::from("safety: ").and(TargetText::new(why))))
        }
        Verdict::Skewed(why) => {
            notices.push(why.into());
            all(run, Outcome::Indeterminate, &"the clocks are too far apart".into())
        }
        Verdict::Unknown(why) => {
            notices.push(why);
            all(run, Outcome::Indeterminate, &"the target does not take the credentials".into())
        }
        Verdict::NoKms(why) => {
            notices.push(why);
            all(run, Outcome::Indeterminate, &"the target does not answer as KMS does".into())
        }
        Verdict::Unsupported(why) => {
            let reports = all(run, Outcome::Unsupported, &run.redactor.show(&why));
            notices.push(why);
            reports
        }
        Verdict::Ready { account, doubt } => {
            notices.extend(doubt);
            if let Some(account) = account {
                run.account.get_or_init(|| account);
            }
            let cases = schedule.cases().await;
            let recorded = match schedule.has_enough() {
                true => not_replayed(run, Outcome::Skipped, &ENOUGH.into()),
                false => replayed(schedule).await,
            };
            (cases, recorded)
        }
    }
}

fn all(run: &Run<'_>, outcome: Outcome, reason: &Shown) -> Reports {
    let cases = run.selected.iter().map(|case| (case.id().to_owned(), not_run(case, outcome, reason)));
    (cases.collect(), not_replayed(run, outcome, reason))
}

/// Releases every key. The result names what is left, and why.
async fn release(run: &Run<'_>, notices: &mut Vec<Text>) -> Vec<Text> {
    let Released { mut left, perhaps } = run.pool.release(run.options.permit.release()).await;
    match run.guard.watches() {
        true => left.extend(perhaps),
        // On a test server that hangs, keys that may be left do no harm.
        false => notices.extend(perhaps),
    }
    notices.extend(run.guard.halted().map(|why| {
        let refused = Text::from("refused: ").and(TargetText::new(why));
        refused.and("; keys that were made are scheduled for deletion")
    }));
    left
}

/// How the run ended, its verdicts apart.
fn end(schedule: &Schedule<'_>) -> End {
    End {
        is_interrupted: schedule.is_interrupted(),
        is_refused: schedule.run.guard.halted().is_some(),
        is_faulty: schedule.run.faults.load(Ordering::Relaxed) > 0,
    }
}

/// What a run came to.
struct Results {
    started: (Instant, SystemTime),
    cases: Vec<CaseRan>,
    recorded: Option<RecordedRan>,
    notices: Vec<Text>,
    left: Vec<Text>,
    accounts: Vec<String>,
    end: End,
}

fn ran(run: &Run<'_>, results: Results) -> Ran {
    let Results { started: (instant, time), cases, recorded, notices, left, accounts, end } = results;
    Ran {
        run: run.id.clone(),
        started: jiff::Timestamp::try_from(time)
            .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
            .unwrap_or_default(),
        duration_ms: u64::try_from(instant.elapsed().as_millis()).unwrap_or(u64::MAX),
        target: TargetReport::of(run.target),
        lane: lane_name(run.options.lane).to_owned(),
        jobs: run.options.jobs,
        seed: match run.options.order {
            SequenceOf::Corpus => None,
            SequenceOf::Seed(seed) => Some(seed),
        },
        fail_on: run.options.fail_on,
        clock_ahead_s: run.seconds_ahead.get().copied(),
        notices: notices.iter().map(|notice| run.redactor.show(notice)).collect(),
        keys: run.pool.made(),
        calls: run.tally.counts(),
        latencies: run.tally.latencies(),
        left: left.iter().map(|line| run.redactor.show(line)).collect(),
        accounts,
        recorded,
        rounds: None,
        end,
        cases,
    }
}
