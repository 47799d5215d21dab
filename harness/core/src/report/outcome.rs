//! The report of a run and of each case.

use super::deviation::{CaseDeviation, DeviationsReport, Pinned, Stale};
use super::differential::DifferentialReport;
use super::exit::ExitCode;
use super::regression::BaselineReport;
use crate::baseline::Recording;
use crate::compare::Mismatch;
use crate::fixture::{Edition, Level};
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the JSON that a report is written as.
pub const SCHEMA: &str = "trentcheck-report/1";

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
    pub error: Option<String>,
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
    pub reason: Option<String>,
    /// Every mismatch, those below the level that fails a run too.
    pub mismatches: Vec<Mismatch>,
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
    pub fn failures(&self, fail_on: Level) -> impl Iterator<Item = &Mismatch> {
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

/// How many cases came to which end, and the two figures, which are never added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Cases that were selected and hold in the target's edition.
    pub selected: usize,
    /// Cases that passed.
    pub pass: usize,
    /// Cases that diverge.
    pub diverges: usize,
    /// Cases that ended for lack of the operation.
    pub unsupported: usize,
    /// Cases that ended without a verdict.
    pub indeterminate: usize,
    /// Cases whose precondition could not be made.
    pub blocked: usize,
    /// Cases that were not run.
    pub skipped: usize,
    /// Cases that diverge as a deviation file says.
    #[serde(skip_serializing_if = "is_zero")]
    pub listed: usize,
    /// Cases about which a deviation file is wrong.
    #[serde(skip_serializing_if = "is_zero")]
    pub stale: usize,
    /// Cases that a deviation file takes out of the figures.
    #[serde(skip_serializing_if = "is_zero")]
    pub flaky: usize,
    /// Divergence: share of judged cases that diverge, listed ones among them; absent when none was judged.
    pub divergence: Option<f64>,
    /// Coverage: share of selected cases that could be judged; absent when none was selected.
    pub coverage: Option<f64>,
}

impl Figures {
    /// Counts these cases.
    pub fn of<'a>(cases: impl IntoIterator<Item = &'a CaseReport>) -> Self {
        let mut figures = Self::default();
        let mut wrong = 0;
        for case in cases {
            figures.selected += 1;
            wrong += usize::from(case.is_wrong());
            *match case.outcome {
                Outcome::Pass => &mut figures.pass,
                Outcome::Diverges => &mut figures.diverges,
                Outcome::Unsupported => &mut figures.unsupported,
                Outcome::Indeterminate => &mut figures.indeterminate,
                Outcome::Blocked => &mut figures.blocked,
                Outcome::Skipped => &mut figures.skipped,
                Outcome::Listed => &mut figures.listed,
                Outcome::Stale => &mut figures.stale,
                Outcome::Flaky => &mut figures.flaky,
            } += 1;
        }
        let judged = figures.judged();
        let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        figures.divergence = share(wrong, judged);
        figures.coverage = share(judged, figures.selected);
        figures
    }

    /// Cases with a verdict.
    pub fn judged(&self) -> usize {
        self.pass + self.diverges + self.listed + self.stale
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The target, without its credentials.
#[derive(Clone, Debug, Serialize)]
pub struct TargetReport {
    /// Its URL.
    pub endpoint: String,
    /// The Region that requests are signed for.
    pub region: String,
    /// Its edition.
    pub edition: Edition,
    /// Whether it is the embedded reference.
    pub embedded: bool,
}

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    /// The version of this JSON.
    pub schema: &'static str,
    /// The version of the program.
    pub version: &'static str,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// From which level on a mismatch fails the run.
    pub fail_on: Level,
    /// By how many seconds our clock was ahead of the target's, by the Date of its first answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_ahead_s: Option<i64>,
    /// What concerns the run as a whole, in sentences.
    pub notices: Vec<String>,
    /// How many keys were made.
    pub keys: usize,
    /// How many requests were sent, by the operation that they name.
    pub calls: BTreeMap<String, u64>,
    /// Keys that could not be released, with the reason.
    pub left: Vec<String>,
    /// Accounts that the target was seen to use, for whoever has to keep them to themselves.
    #[serde(skip)]
    pub accounts: Vec<String>,
    /// How the run compares with a baseline, if it was held against one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineReport>,
    /// How the run compares with one at another target, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differential: Option<DifferentialReport>,
    /// What became of the list of known deviations; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviations: Option<DeviationsReport>,
    /// All cases together.
    pub figures: Figures,
    /// The code that the process ends with.
    pub exit_code: ExitCode,
    /// Every code that applies.
    pub exit_codes: Vec<ExitCode>,
    /// The cases, in the order of the corpus.
    pub cases: Vec<CaseReport>,
}

impl RunReport {
    /// Works out the exit codes from what the report says. What only the run itself knows stays as it was: that it was
    /// interrupted, stopped by a safety rule, or met a fault of our own.
    pub fn conclude(&mut self) {
        let figures = &self.figures;
        let uncompared = self.baseline.as_ref().is_some_and(|baseline| !baseline.not_compared.is_empty());
        let uncompared = uncompared || self.differential.as_ref().is_some_and(DifferentialReport::lacks_verdicts);
        let applies = [
            (ExitCode::Internal, self.exit_codes.contains(&ExitCode::Internal)),
            (ExitCode::Interrupted, self.exit_codes.contains(&ExitCode::Interrupted)),
            (ExitCode::Safety, self.exit_codes.contains(&ExitCode::Safety)),
            (ExitCode::Divergence, figures.diverges > 0 || self.has_drifted() || self.is_stale() || self.differs()),
            (ExitCode::Teardown, !self.left.is_empty()),
            (ExitCode::Indeterminate, figures.indeterminate + figures.blocked + figures.unsupported > 0 || uncompared),
            // Skipping everything is not a pass, and neither is scoring nothing.
            (ExitCode::NothingRun, figures.judged() == 0 && figures.skipped + figures.flaky == figures.selected),
        ];
        self.exit_codes = applies.into_iter().filter(|(_, applies)| *applies).map(|(code, _)| code).collect();
        if self.exit_codes.is_empty() {
            self.exit_codes.push(ExitCode::Pass);
        }
        self.exit_code = ExitCode::first_of(&self.exit_codes);
    }

    /// Whether a case differs from its recording.
    pub fn has_drifted(&self) -> bool {
        self.baseline.as_ref().is_some_and(|baseline| !baseline.drifts.is_empty())
    }

    /// Whether another target answers otherwise.
    pub fn differs(&self) -> bool {
        self.differential.as_ref().is_some_and(|differential| !differential.differ.is_empty())
    }

    /// Whether something that a list of deviations says does not hold.
    pub fn is_stale(&self) -> bool {
        self.figures.stale > 0 || self.deviations.as_ref().is_some_and(|deviations| !deviations.stale.is_empty())
    }

    /// What an exit code of this run means: 1 has several causes.
    pub fn meaning(&self, code: ExitCode) -> String {
        if code == ExitCode::Pass && self.figures.listed > 0 {
            return "every case that could be run passes or deviates as listed".to_owned();
        }
        if code != ExitCode::Divergence {
            return code.describe().to_owned();
        }
        let causes = [
            (self.figures.diverges > 0, "the target diverges from the spec"),
            (self.has_drifted(), "the target is no longer as its baseline"),
            (self.is_stale(), "a listed deviation is stale"),
            (self.differs(), "the two targets differ"),
        ];
        let causes: Vec<&str> = causes.into_iter().filter(|(applies, _)| *applies).map(|(_, cause)| cause).collect();
        causes.join(" and ")
    }
}
