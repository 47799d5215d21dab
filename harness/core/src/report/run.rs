//! The report of a whole run, and the exit codes that follow from it.

use super::baseline::BaselineReport;
use super::case::CaseReport;
use super::deviation::DeviationsReport;
use super::differential::DifferentialReport;
use super::exit::ExitCode;
use super::figures::Figures;
use super::target::TargetReport;
use crate::fixture::Level;
use crate::normalise::Shown;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the JSON that a report is written as.
pub const SCHEMA: &str = "trentcheck-report/1";

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
    pub notices: Vec<Shown>,
    /// How many keys were made.
    pub keys: usize,
    /// How many requests were sent, by the operation that they name.
    pub calls: BTreeMap<String, u64>,
    /// Keys that could not be released, with the reason.
    pub left: Vec<Shown>,
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
