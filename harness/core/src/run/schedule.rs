//! The cases of a run in their order, several at a time, within the time limit of the run.

use super::case::{Looked, not_run, run_case};
use super::context::Run;
use super::options::SequenceOf;
use super::progress::Progress;
use super::second::intermittent;
use super::slots::Slots;
use crate::fixture::Case;
use crate::keys::Choice;
use crate::normalise::Shown;
use crate::report::{CaseRan, Outcome};
use aws_lc_rs::digest;
use futures_util::FutureExt;
use std::collections::{BTreeMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// The reason of a case that an internal error ended.
pub(super) const INTERNAL: &str = "an internal error of trentcheck ended it";

/// The reason of a case that was not begun because the run had seen enough.
pub(super) const ENOUGH: &str = "the run stopped after as many diverging cases as `--max-fail` allows";

/// How long what has begun may go on after an interrupt: an answer that is under way is worth it.
const GRACE: Duration = Duration::from_secs(10);

/// The limits of a run, and where its progress is reported.
pub(super) struct Schedule<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) progress: &'a dyn Progress,
    pub(super) deadline: Instant,
    /// Becomes true when the run is interrupted.
    pub(super) stop: &'a watch::Receiver<bool>,
    /// How many cases diverged that were not known to.
    pub(super) diverged: AtomicUsize,
}

/// How a part of a run ended.
pub(super) enum Part<T> {
    /// It came to its end.
    Done(T),
    /// The time limit was reached, or the grace period after an interrupt.
    OutOfTime,
    /// The keys are released nevertheless. The panic's message was printed where it happened.
    Panicked,
}

impl Schedule<'_> {
    /// Runs the cases, required ones first. The reports are by the id of the case.
    pub(super) async fn cases(&self) -> BTreeMap<String, CaseRan> {
        let (mut first, then) = self.ordered();
        let mut reports = BTreeMap::new();
        // Required cases can require others. There are few of them, so they are run one by one, the least demanding
        // first.
        first.sort_by_key(|case| case.requires.len());
        for case in first {
            let report = self.one(case, &reports).await;
            reports.insert(report.id.clone(), report);
        }
        let slots = &Slots::new(self.run.options.jobs);
        let known = &reports;
        let ends = futures_util::future::join_all(
            then.into_iter().map(|case| slots.within(self.one(case, known), || self.run.tally.strains())),
        )
        .await;
        reports.extend(ends.into_iter().map(|report| (report.id.clone(), report)));
        intermittent(&mut reports);
        reports
    }

    /// Runs a part of the run until the deadline, or for a while after an interrupt.
    pub(super) async fn within<T>(&self, part: impl Future<Output = T>) -> Part<T> {
        let mut stop = self.stop.clone();
        let interrupted = async {
            // Without a sender there is no interrupt any more.
            if stop.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            ended = AssertUnwindSafe(part).catch_unwind() => match ended {
                Ok(ended) => Part::Done(ended),
                Err(_) => {
                    self.run.faults.fetch_add(1, Ordering::Relaxed);
                    Part::Panicked
                }
            },
            () = tokio::time::sleep_until(self.deadline) => Part::OutOfTime,
            () = interrupted => Part::OutOfTime,
        }
    }

    /// Whether the run is interrupted.
    pub(super) fn is_interrupted(&self) -> bool {
        *self.stop.borrow()
    }

    /// Whether the run has seen as many divergences as it should.
    pub(super) fn has_enough(&self) -> bool {
        let enough = self.run.options.enough.as_ref();
        enough.is_some_and(|enough| self.diverged.load(Ordering::Relaxed) >= enough.diverging)
    }

    /// The cases that others require, and the rest, in the order of the run.
    fn ordered(&self) -> (Vec<&Case>, Vec<&Case>) {
        let selected = &self.run.selected;
        let required: HashSet<&str> =
            selected.iter().flat_map(|case| case.requires.iter().map(String::as_str)).collect();
        let mut ordered = selected.clone();
        if let SequenceOf::Seed(seed) = self.run.options.order {
            ordered.sort_by_key(|case| shuffled(seed, case.id()));
        }
        ordered.into_iter().partition(|case| required.contains(case.id()))
    }

    async fn one(&self, case: &Case, known: &BTreeMap<String, CaseRan>) -> CaseRan {
        let report = self.verdict_on(case, known).await;
        let is_known = self.run.options.enough.as_ref().is_some_and(|enough| enough.known.contains(&report.id));
        if report.outcome == Outcome::Diverges && !is_known {
            self.diverged.fetch_add(1, Ordering::Relaxed);
        }
        self.progress.ended(&report);
        report
    }

    async fn verdict_on(&self, case: &Case, known: &BTreeMap<String, CaseRan>) -> CaseRan {
        if self.is_interrupted() {
            return not_run(case, Outcome::Skipped, &"the run was interrupted".into());
        }
        if let Some(reason) = self.run.options.excluded.get(case.id()) {
            return not_run(case, Outcome::Skipped, &Shown::ours(reason.clone()));
        }
        if self.has_enough() {
            return not_run(case, Outcome::Skipped, &ENOUGH.into());
        }
        for id in &case.requires {
            if let Some(required) = known.get(id)
                && !required.was_right()
            {
                let reason =
                    format!("it proves nothing while `{id}` ({}) {}", required.title, required.outcome.as_verb());
                let blocked = not_run(case, Outcome::Blocked, &Shown::ours(reason));
                return CaseRan { blocked_by: Some(id.clone()), ..blocked };
            }
        }
        let first = self.look_at(case, Choice::Any).await;
        if !first.is_in_doubt() {
            return first.ran;
        }
        let second = match self.is_interrupted() {
            true => not_looked_at(case, "the run was interrupted"),
            false => self.look_at(case, Choice::New).await,
        };
        // A fault after which a client may ask again can come twice by chance, so a client asks a third time too.
        let second = match first.retryable.is_some() && second.retryable.is_some() && !self.is_interrupted() {
            true => self.look_at(case, Choice::New).await,
            false => second,
        };
        first.confirmed_by(second, self.run.options.fail_on)
    }

    async fn look_at(&self, case: &Case, choice: Choice) -> Looked {
        // On the heap: what one case needs is too much for a stack that holds several.
        match self.within(Box::pin(run_case(self.run, case, choice))).await {
            Part::Done(looked) => looked,
            Part::OutOfTime if self.is_interrupted() => not_looked_at(case, "the run was interrupted"),
            Part::OutOfTime => not_looked_at(case, "the time limit of the run was reached"),
            Part::Panicked => not_looked_at(case, INTERNAL),
        }
    }
}

fn not_looked_at(case: &Case, why: &'static str) -> Looked {
    Looked { ran: not_run(case, Outcome::Indeterminate, &why.into()), retryable: None }
}

/// A place in the order that depends on the seed and on nothing else.
fn shuffled(seed: u64, id: &str) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&seed.to_be_bytes());
    context.update(id.as_bytes());
    context.finish().as_ref().to_vec()
}
