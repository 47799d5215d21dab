//! The report of one case: its outcome, its mismatches and its exchanges.

use super::deviation::{CaseDeviation, Pinned, Stale};
use crate::baseline::Recording;
use crate::compare::Mismatch;
use crate::fixture::Level;
use crate::normalise::Shown;
use serde::Serialize;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Judged, and right.
    Pass,
    /// Judged, and wrong.
    Diverges,
    /// The target says that it has no such operation.
    Unsupported,
    /// Throttled, timed out, or a fault of the network.
    Indeterminate,
    /// A precondition could not be made.
    Blocked,
    /// Not run: other edition, safety, or nothing to run it with.
    Skipped,
    /// Judged, and wrong exactly as a deviation file says.
    Listed,
    /// A deviation file lists it, and what it says does not hold, or no longer.
    Stale,
    /// A deviation file says that it comes and goes: logged, never scored.
    Flaky,
}

impl Outcome {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Diverges => "diverges",
            Self::Unsupported => "unsupported",
            Self::Indeterminate => "indeterminate",
            Self::Blocked => "blocked",
            Self::Skipped => "skipped",
            Self::Listed => "listed",
            Self::Stale => "stale",
            Self::Flaky => "flaky",
        }
    }

    /// The outcome as the verb of a sentence about a case.
    pub fn as_verb(self) -> &'static str {
        match self {
            Self::Pass => "passes",
            Self::Diverges => "diverges",
            Self::Unsupported => "is unsupported",
            Self::Indeterminate => "is indeterminate",
            Self::Blocked => "is blocked",
            Self::Skipped => "is skipped",
            Self::Listed => "deviates as listed",
            Self::Stale => "is stale",
            Self::Flaky => "is flaky",
        }
    }
}

/// One exchange, secrets removed.
#[derive(Clone, Debug, Serialize)]
pub struct ExchangeReport {
    /// `judged`, or the call that read the key back.
    pub role: String,
    /// `wire` or `http`.
    pub lane: String,
    /// The lines of the request.
    pub request: Vec<String>,
    /// The lines of the answer; absent when none came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Vec<String>>,
    /// Why no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Shown>,
    /// From the first byte sent, or the connection's start, to the last byte received, in microseconds.
    pub duration_us: u64,
}

/// What became of one case, and why.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
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
    /// Where its expectations come from.
    pub source: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Shown>,
    /// Every mismatch, those below the level that fails a run too.
    pub mismatches: Vec<Mismatch<Shown>>,
    /// What a deviation file says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviation: Option<CaseDeviation>,
    /// What was answered, in the form in which deviation files hold it.
    #[serde(skip)]
    pub pinned: Pinned,
    /// The judged exchanges and, after a mismatch, those that read the key back.
    pub exchanges: Vec<ExchangeReport>,
    /// The exchanges and the states read back, with what varies replaced: what snapshots and baselines hold.
    #[serde(skip)]
    pub recording: Recording,
    /// What each placeholder of the recording stands for, in sentences.
    #[serde(skip)]
    pub replaced: Vec<String>,
    /// Wall time of the case, in microseconds.
    pub duration_us: u64,
}

impl CaseReport {
    /// The mismatches at or above a level.
    pub fn failures(&self, fail_on: Level) -> impl Iterator<Item = &Mismatch<Shown>> {
        self.mismatches.iter().filter(move |mismatch| mismatch.level >= fail_on)
    }

    /// Whether there is something to record: a verdict, and what it was reached from.
    pub fn is_recordable(&self) -> bool {
        self.is_judged() && !self.recording.sections.is_empty()
    }

    /// Whether a verdict was reached.
    pub fn is_judged(&self) -> bool {
        matches!(self.outcome, Outcome::Pass | Outcome::Diverges | Outcome::Listed | Outcome::Stale)
    }

    /// Whether the verdict is that the target is wrong, be that listed or not.
    pub fn is_wrong(&self) -> bool {
        match self.outcome {
            Outcome::Diverges | Outcome::Listed => true,
            Outcome::Stale => {
                let stale = self.deviation.as_ref().and_then(|deviation| deviation.stale.as_ref());
                !matches!(stale, Some(Stale::Passes | Stale::ExpiredAndPasses))
            }
            _ => false,
        }
    }
}
