//! What a run itself knows when it has ended, whatever it is held against afterwards.

use super::case::{ExchangeReport, KeyStates, Mismatch, SecondLook};
use super::deviation::Pinned;
use super::outcome::{Outcome, Verdict};
use super::recorded::FactReport;
use super::rounds::{CaseRounds, RoundsReport};
use super::target::TargetReport;
use super::trace::Trace;
use crate::baseline::Recording;
use crate::compare::Likeness;
use crate::fixture::{Level, RecordedFile, Supports};
use crate::normalise::Shown;
use crate::send::Latencies;
use std::collections::BTreeMap;

/// One look at a target: a run that has ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The run's id, as in the tags of its keys.
    pub run: String,
    /// When it began, in UTC.
    pub started: String,
    /// Wall time, in milliseconds.
    pub duration_ms: u64,
    /// What was tested.
    pub target: TargetReport,
    /// `wire` or `http`.
    pub lane: String,
    /// Cases at a time.
    pub jobs: usize,
    /// The seed of the order; absent when cases ran as listed.
    pub seed: Option<u64>,
    /// From which level on a mismatch fails the run.
    pub fail_on: Level,
    /// By how many seconds our clock was ahead of the target's, by the Date of its first answer.
    pub clock_ahead_s: Option<i64>,
    /// What concerns the run as a whole, in sentences.
    pub notices: Vec<Shown>,
    /// How many keys were made.
    pub keys: usize,
    /// How many requests were sent, by the operation that they name.
    pub calls: BTreeMap<String, u64>,
    /// How long the answers to each operation took.
    pub latencies: Latencies,
    /// Keys that could not be released, with the reason.
    pub left: Vec<Shown>,
    /// Accounts that the target was seen to use. They are for redaction; no report shows them.
    pub accounts: Vec<String>,
    /// What became of recorded facts; absent if none were asked for.
    pub recorded: Option<RecordedRan>,
    /// The rounds that it is made of; absent if it is a run by itself.
    pub rounds: Option<RoundsReport>,
    /// How it ended.
    pub end: End,
    /// The cases, in the order of the corpus.
    pub cases: Vec<CaseRan>,
}

/// Recorded facts as they were replayed.
#[derive(Clone, Debug)]
pub struct RecordedRan {
    /// How the target compares with each fact.
    pub facts: Vec<FactReport>,
    /// Facts that were not replayed.
    pub not_replayed: usize,
    /// What was seen, in the form of `fixtures/recorded/`; absent if nobody asked for it.
    pub evidence: Option<RecordedFile>,
}

impl Ran {
    /// Whether it judged a case, be it only once.
    pub fn has_judged(&self) -> bool {
        self.cases.iter().any(|case| case.outcome.is_judged() || case.outcome == Outcome::Flaky)
    }

    /// The case of this id.
    pub fn case(&self, id: &str) -> Option<&CaseRan> {
        self.cases.iter().find(|case| case.id == id)
    }
}

/// How a run ended, apart from the verdicts on its cases. Nothing, one or several of these can apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// It was interrupted.
    pub is_interrupted: bool,
    /// A safety rule stopped it.
    pub is_refused: bool,
    /// A fault of our own ended something in it.
    pub is_faulty: bool,
}

impl End {
    /// What applies to this run or to another.
    pub fn or(self, other: Self) -> Self {
        Self {
            is_interrupted: self.is_interrupted || other.is_interrupted,
            is_refused: self.is_refused || other.is_refused,
            is_faulty: self.is_faulty || other.is_faulty,
        }
    }
}

/// A case as it was run.
#[derive(Clone, Debug)]
pub struct CaseRan {
    /// The case's id.
    pub id: String,
    /// The fact that it tests.
    pub title: String,
    /// Its group.
    pub group: String,
    /// Its level.
    pub level: Level,
    /// The clauses that it tests.
    pub clauses: Vec<String>,
    /// The passages that carry its expectations.
    pub supports: Supports,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was not judged.
    pub reason: Option<Shown>,
    /// The case without which it proves nothing, if that blocks it.
    pub blocked_by: Option<String>,
    /// Every mismatch, also those below the level that fails a run.
    pub mismatches: Vec<Mismatch>,
    /// What identifies each of them at a second look and in another case.
    pub likenesses: Vec<Likeness>,
    /// Mismatches that would fail the run if a second look had shown them again.
    pub once: Vec<Once>,
    /// The second look, where it did not confirm the first.
    pub second: Option<SecondLook>,
    /// How many cases of the run, or rounds of this case, had the same mismatch once and not again, if that is why the case
    /// diverges.
    pub intermittent: Option<usize>,
    /// What became of it in each round; absent if the run had none.
    pub rounds: Option<CaseRounds>,
    /// What was answered, in the form in which deviation files hold it.
    pub pinned: Pinned,
    /// The judged exchanges and, after a mismatch, those that read the key back.
    pub exchanges: Vec<ExchangeReport>,
    /// The states of its keys.
    pub states: Vec<KeyStates>,
    /// A curl line that sends the judged request, if there is one.
    pub curl: Option<String>,
    /// Their traces, if the run was asked for them.
    pub traces: Vec<Trace>,
    /// The exchanges and the states read back, with what varies replaced: what snapshots and baselines hold.
    pub recording: Recording,
    /// What each placeholder of the recording stands for, in sentences.
    pub replaced: Vec<String>,
    /// Wall time of the case, in microseconds.
    pub duration_us: u64,
}

/// A mismatch that a second look did not show again.
#[derive(Clone, Debug)]
pub struct Once {
    /// The mismatch.
    pub mismatch: Mismatch,
    /// The same in the form in which deviation files hold it.
    pub differs: (Level, String),
    /// What identifies it at a second look and in another case.
    pub likeness: Likeness,
}

/// In how many cases of a run, or rounds of a case, the same has to come and go before it is the target's fault.
pub(crate) const INTERMITTENT: usize = 3;

impl CaseRan {
    /// Makes a divergence of what came once and not again, since the same did so this often.
    pub(crate) fn comes_and_goes(&mut self, times: usize) {
        self.outcome = Outcome::Diverges;
        self.reason = None;
        self.intermittent = Some(times);
        for once in std::mem::take(&mut self.once) {
            self.mismatches.push(once.mismatch);
            self.pinned.differs.push(once.differs);
            self.likenesses.push(once.likeness);
        }
    }

    /// Whether a case that requires this one can be judged: it was right, if only at the second look.
    pub fn was_right(&self) -> bool {
        self.outcome == Outcome::Pass || self.second.as_ref().is_some_and(|second| second.outcome == Outcome::Pass)
    }

    /// What became of it, as the end of a sentence, with the reason if there is one: `is blocked: …`.
    pub fn ending(&self) -> String {
        let reason = self.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
        format!("{}{reason}", self.outcome.as_verb())
    }

    /// Whether there is something to record: a verdict, and what it was reached from.
    pub fn is_recordable(&self) -> bool {
        self.outcome.is_judged() && !self.recording.sections.is_empty()
    }
}

impl Verdict for CaseRan {
    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn is_wrong(&self) -> bool {
        self.outcome == Outcome::Diverges
    }
}
