//! A whole run: the probe, the cases in their order, the release of every key, the report.

use super::case::{lane_name, not_run, run_case};
use super::options::{Options, SequenceOf};
use super::probe::{Verdict, probe};
use crate::compare::{Mismatch, Repeats};
use crate::fixture::{Case, Corpus, Danger, Edition, Selection};
use crate::keys::{Maker, Pool, Provisions, Released};
use crate::kms::Clients;
use crate::kms::Guard;
use crate::kms::Kms;
use crate::normalise::Redactor;
use crate::observe::Observation;
use crate::report::{CaseReport, ExitCode, Figures, Outcome, RunReport, SCHEMA, TargetReport};
use crate::send::{Sender, Tally};
use crate::target::{Permit, SetupError, Target, partition};
use aws_lc_rs::digest;
use futures_util::FutureExt;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// Hears of a run as it goes.
pub trait Progress: Send + Sync {
    /// The run is about to begin this many cases.
    fn begins(&self, cases: usize);
    /// A case ended.
    fn ended(&self, case: &CaseReport);
}

/// Nobody listens.
impl Progress for () {
    fn begins(&self, _cases: usize) {}
    fn ended(&self, _case: &CaseReport) {}
}

/// What all cases of a run share.
pub(super) struct Run<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) target: &'a Target,
    pub(super) options: &'a Options,
    pub(super) id: String,
    pub(super) host: String,
    pub(super) sender: Sender,
    pub(super) primary: Kms,
    pub(super) pool: Pool<'a>,
    pub(super) guard: Arc<Guard>,
    tally: Tally,
    /// How often a fault of our own ended something.
    faults: AtomicUsize,
    pub(super) redactor: Redactor,
    account: OnceLock<(String, String)>,
    /// By how much our clock is ahead of the target's.
    pub(super) seconds_ahead: OnceLock<i64>,
    selected: Vec<&'a Case>,
    repeats: Repeats,
}

impl Run<'_> {
    pub(super) fn may_make_keys(&self) -> bool {
        self.options.permit != Permit::NoKeys
    }

    pub(super) fn needs_keys(&self) -> bool {
        self.selected.iter().any(|case| case.danger != Danger::None)
    }

    /// The caller's account and partition, if known.
    pub(super) fn account(&self) -> Option<(String, String)> {
        self.account.get().cloned()
    }

    pub(super) fn partition(&self) -> String {
        self.account().map_or_else(|| partition(&self.target.region).to_owned(), |(_, partition)| partition)
    }

    /// The ARN of a key of the caller.
    pub(super) fn arn(&self, key_id: &str) -> Option<String> {
        let (account, partition) = self.account()?;
        Some(format!("arn:{partition}:kms:{}:{account}:key/{key_id}", self.target.region))
    }

    pub(super) fn principal_word(&self, case: &Case) -> String {
        serde_json::to_value(case.request.principal)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Mismatches of the headers whose values no two answers may share.
    pub(super) fn repeated_values(&self, observation: &Observation) -> Vec<Mismatch> {
        self.repeats.of(self.corpus, observation)
    }
}

/// Runs the selected cases at a target. `stop` ends the run early: cases that have not begun are not begun, keys are
/// released all the same.
///
/// # Errors
///
/// Only what keeps a run from beginning; everything later is in the report.
pub async fn run(
    corpus: &Corpus,
    selection: &Selection,
    target: &Target,
    options: &Options,
    progress: &dyn Progress,
    stop: watch::Receiver<bool>,
) -> Result<RunReport, SetupError> {
    let started = (std::time::Instant::now(), (options.clock)());
    let run = prepare(corpus, selection, target, options)?;
    if let Some(ledger) = &options.ledger {
        ledger.begins(&run.id, &target.endpoint.to_string(), &target.region)?;
    }
    progress.begins(run.selected.len());
    let mut notices = Vec::new();
    if run.selected.is_empty() {
        notices.extend(of_other_edition(corpus, selection, target));
    }
    let deadline = tokio::time::Instant::now() + options.deadline;
    let verdict = match run.selected.is_empty() {
        true => None,
        false => match within(&run, probe(&run), deadline, &stop).await {
            Ended::Well(verdict) => Some(verdict),
            Ended::OutOfTime => Some(Verdict::Unreachable("find out what the target is in time".to_owned())),
            Ended::Panicked => None,
        },
    };
    let reports = match verdict {
        None => all(&run, Outcome::Indeterminate, INTERNAL),
        Some(Verdict::Unreachable(why)) => {
            notices.push(format!("failed to {}", run.redactor.redact(&why)));
            all(&run, Outcome::Indeterminate, "the target cannot be reached")
        }
        Some(Verdict::Refused) => all(&run, Outcome::Skipped, "safety: it is not the account or Region that was named"),
        Some(Verdict::Skewed(why)) => {
            notices.push(why);
            all(&run, Outcome::Indeterminate, "the clocks are too far apart")
        }
        Some(Verdict::Unknown(why)) => {
            notices.push(run.redactor.redact(&why));
            all(&run, Outcome::Indeterminate, "the target does not take the credentials")
        }
        Some(Verdict::Unsupported(why)) => {
            let why = run.redactor.redact(&why);
            let reports = all(&run, Outcome::Unsupported, &why);
            notices.push(why);
            reports
        }
        Some(Verdict::Ready { account }) => {
            if let Some(account) = account {
                run.account.get_or_init(|| account);
            }
            cases(&run, progress, deadline, &stop).await
        }
    };
    let mut accounts: Vec<String> = run.account().into_iter().map(|(account, _)| account).collect();
    accounts.extend(run.pool.accounts());
    let Released { mut left, perhaps } = run.pool.release().await;
    match run.guard.watches() {
        true => left.extend(perhaps),
        // A test server that hangs is no place where something is left.
        false => notices.extend(perhaps),
    }
    notices.extend(
        run.guard.halted().map(|why| format!("refused: {why}; keys that were made are scheduled for deletion")),
    );
    let mut by_id = reports;
    let cases: Vec<CaseReport> = run.selected.iter().filter_map(|case| by_id.remove(case.id())).collect();
    let told = [
        (ExitCode::Interrupted, *stop.borrow()),
        (ExitCode::Internal, run.faults.load(Ordering::Relaxed) > 0),
        (ExitCode::Safety, run.guard.halted().is_some()),
    ];
    let told = told.into_iter().filter(|(_, applies)| *applies).map(|(code, _)| code).collect();
    let report = report(&run, cases, notices, left, started, told);
    Ok(RunReport { accounts, ..report })
}

/// Why nothing is selected, where the edition is the reason.
fn of_other_edition(corpus: &Corpus, selection: &Selection, target: &Target) -> Option<String> {
    let other = Edition::ALL.into_iter().find(|edition| *edition != target.edition)?;
    let taken = corpus.cases.iter().filter(|case| selection.takes(case) && case.holds_in(other)).count();
    (taken > 0).then(|| {
        format!("all {taken} of the selected cases are of the other edition: choose it with `--edition {other}`")
    })
}

fn prepare<'a>(
    corpus: &'a Corpus,
    selection: &Selection,
    target: &'a Target,
    options: &'a Options,
) -> Result<Run<'a>, SetupError> {
    let guard = Guard::new(&options.run_id, target, options.permit, options.lent.len())?;
    let Clients { sender, host, primary, by_place, tally, .. } =
        Clients::new(target, &options.clock, options.settle, &corpus.unsupported, Some(&guard))?;
    Ok(Run {
        corpus,
        target,
        options,
        id: options.run_id.clone(),
        host,
        sender,
        primary,
        pool: Pool::new(
            Maker { entropy: &options.entropy, run: &options.run_id },
            by_place,
            Provisions { ledger: options.ledger.clone(), lent: &options.lent, budget: options.budget.as_deref() },
        ),
        guard,
        tally,
        faults: AtomicUsize::new(0),
        redactor: target.redactor(),
        account: OnceLock::new(),
        seconds_ahead: OnceLock::new(),
        selected: selected(corpus, selection, target),
        repeats: Repeats::default(),
    })
}

/// The cases that the selection takes and that hold in the target's edition, with those that they require.
fn selected<'a>(corpus: &'a Corpus, selection: &Selection, target: &Target) -> Vec<&'a Case> {
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    for case in corpus.cases.iter().filter(|case| selection.takes(case) && case.holds_in(target.edition)) {
        ids.insert(case.id());
        ids.extend(case.requires.iter().map(String::as_str));
    }
    corpus.cases.iter().filter(|case| ids.contains(case.id())).collect()
}

fn all(run: &Run<'_>, outcome: Outcome, reason: &str) -> BTreeMap<String, CaseReport> {
    run.selected.iter().map(|case| (case.id().to_owned(), not_run(case, outcome, reason))).collect()
}

/// Runs the cases, required ones first, several at a time.
async fn cases(
    run: &Run<'_>,
    progress: &dyn Progress,
    deadline: Instant,
    stop: &watch::Receiver<bool>,
) -> BTreeMap<String, CaseReport> {
    let required: HashSet<&str> =
        run.selected.iter().flat_map(|case| case.requires.iter().map(String::as_str)).collect();
    let mut ordered = run.selected.clone();
    if let SequenceOf::Seed(seed) = run.options.order {
        ordered.sort_by_key(|case| shuffled(seed, case.id()));
    }
    let (first, then): (Vec<&Case>, Vec<&Case>) = ordered.into_iter().partition(|case| required.contains(case.id()));
    let mut reports = BTreeMap::new();
    // Required cases can require others; there are few of them, so they go one by one, the least demanding first.
    let mut first = first;
    first.sort_by_key(|case| case.requires.len());
    for case in first {
        let report = one(run, case, &reports, deadline, stop).await;
        progress.ended(&report);
        reports.insert(report.id.clone(), report);
    }
    let slots = Semaphore::new(run.options.jobs.max(1));
    let known = &reports;
    let slots = &slots;
    let ends = futures_util::future::join_all(then.into_iter().map(|case| async move {
        let _slot = slots.acquire().await;
        let report = one(run, case, known, deadline, stop).await;
        progress.ended(&report);
        report
    }))
    .await;
    reports.extend(ends.into_iter().map(|report| (report.id.clone(), report)));
    reports
}

async fn one(
    run: &Run<'_>,
    case: &Case,
    known: &BTreeMap<String, CaseReport>,
    deadline: Instant,
    stop: &watch::Receiver<bool>,
) -> CaseReport {
    if *stop.borrow() {
        return not_run(case, Outcome::Skipped, "the run was interrupted");
    }
    for id in &case.requires {
        if let Some(required) = known.get(id)
            && required.outcome != Outcome::Pass
        {
            let reason =
                format!("it says nothing as long as `{id}` ({}) {}", required.title, required.outcome.as_verb());
            return not_run(case, Outcome::Blocked, &reason);
        }
    }
    match within(run, run_case(run, case), deadline, stop).await {
        Ended::Well(report) => report,
        Ended::OutOfTime if *stop.borrow() => not_run(case, Outcome::Indeterminate, "the run was interrupted"),
        Ended::OutOfTime => not_run(case, Outcome::Indeterminate, "the time limit of the run was reached"),
        Ended::Panicked => not_run(case, Outcome::Indeterminate, INTERNAL),
    }
}

/// The reason of a case that a fault of this program ended.
const INTERNAL: &str = "an internal error of trentcheck ended it";

/// How long what has begun may go on after an interrupt: an answer that is under way is worth it.
const GRACE: Duration = Duration::from_secs(10);

/// How a part of a run ended.
enum Ended<T> {
    Well(T),
    OutOfTime,
    /// Keys have to be released all the same. What it said has been printed where it happened.
    Panicked,
}

/// Goes on until the deadline, or for a while after an interrupt.
async fn within<T>(
    run: &Run<'_>,
    part: impl Future<Output = T>,
    deadline: Instant,
    stop: &watch::Receiver<bool>,
) -> Ended<T> {
    let mut stop = stop.clone();
    let interrupted = async {
        // Without a sender nobody interrupts any more.
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = AssertUnwindSafe(part).catch_unwind() => match ended {
            Ok(ended) => Ended::Well(ended),
            Err(_) => {
                run.faults.fetch_add(1, Ordering::Relaxed);
                Ended::Panicked
            }
        },
        () = tokio::time::sleep_until(deadline) => Ended::OutOfTime,
        () = interrupted => Ended::OutOfTime,
    }
}

/// A place in the order that depends on the seed and on nothing else.
fn shuffled(seed: u64, id: &str) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&seed.to_be_bytes());
    context.update(id.as_bytes());
    context.finish().as_ref().to_vec()
}

fn report(
    run: &Run<'_>,
    cases: Vec<CaseReport>,
    notices: Vec<String>,
    left: Vec<String>,
    started: (std::time::Instant, SystemTime),
    told: Vec<ExitCode>,
) -> RunReport {
    let figures = Figures::of(&cases);
    let mut report = RunReport {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        run: run.id.clone(),
        started: jiff::Timestamp::try_from(started.1)
            .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
            .unwrap_or_default(),
        duration_ms: u64::try_from(started.0.elapsed().as_millis()).unwrap_or(u64::MAX),
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
        accounts: Vec::new(),
        baseline: None,
        differential: None,
        deviations: None,
        figures,
        exit_code: ExitCode::Pass,
        exit_codes: told,
        cases,
    };
    report.conclude();
    report
}
