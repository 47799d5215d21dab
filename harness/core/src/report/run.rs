//! The report of one target.

use super::baseline::BaselineReport;
use super::case::CaseReport;
use super::cause::Cause;
use super::cited::{ClauseText, PassageText, SourceText};
use super::deviation::DeviationsReport;
use super::differential::DifferentialReport;
use super::exit::ExitCode;
use super::figures::Figures;
use super::outcome::Outcome;
use super::recorded::RecordedReport;
use super::rounds::RoundsReport;
use super::target::TargetReport;
use crate::fixture::Level;
use crate::normalise::Shown;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The report of one target. It can be understood without the corpus, the other runs and the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunReport {
    /// The name of the target in the configuration; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The version of the program.
    pub version: String,
    /// Tells the fixtures that were used from others: the front of a SHA-256 over all of them.
    pub corpus: String,
    /// The run's id, as in the tags of its keys.
    pub run: String,
    /// When it began, in UTC.
    pub started: String,
    /// Wall time of the first look, in milliseconds.
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
    /// What concerns the run as a whole, in sentences; of every look.
    pub notices: Vec<Shown>,
    /// How many keys were made, in all looks together.
    pub keys: usize,
    /// How many requests were sent in all looks together, by the operation that they name.
    pub calls: BTreeMap<String, u64>,
    /// Keys that could not be released, with the reason; of every look.
    pub left: Vec<Shown>,
    /// How the run compares with a baseline; absent if it was not compared with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineReport>,
    /// How the run compares with one at another target; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differential: Option<DifferentialReport>,
    /// What became of the list of known deviations; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviations: Option<DeviationsReport>,
    /// Which recorded facts the target answers as AWS KMS did; absent without `--recorded`. No other figure counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<RecordedReport>,
    /// The rounds of which it is made; absent without `--repeat` and `--for`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<RoundsReport>,
    /// All cases together.
    pub figures: Figures,
    /// Why cases diverge, most cases first.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// The code that a process with this run alone ends with.
    pub exit_code: ExitCode,
    /// Every code that applies.
    pub exit_codes: Vec<ExitCode>,
    /// The titles of the groups of the cases, by their names.
    pub groups: BTreeMap<String, String>,
    /// The clauses that cases and mismatches cite, by their ids.
    pub clauses: BTreeMap<String, ClauseText>,
    /// The passages that cases, mismatches and clauses cite, by their ids.
    pub passages: BTreeMap<String, PassageText>,
    /// The sources of these passages, by their ids.
    pub sources: BTreeMap<String, SourceText>,
    /// The cases, in the order of the corpus.
    pub cases: Vec<CaseReport>,
}

impl RunReport {
    /// A cause in one sentence, with the text of its clause.
    pub fn in_a_sentence(&self, cause: &Cause) -> String {
        match cause.clause.as_ref().and_then(|id| self.clauses.get_key_value(id)) {
            Some((id, clause)) => format!("{} ({id} {})", cause.sentence, clause.text.trim_end_matches('.')),
            None => cause.sentence.to_string(),
        }
    }

    /// What has to be mended before the first cause: the reason that blocks most cases, if it blocks more than that cause
    /// concerns, and how many it blocks.
    pub fn hindrance(&self) -> Option<(usize, &str)> {
        let mut blocked: BTreeMap<&str, usize> = BTreeMap::new();
        // What another case blocks belongs to the cause of that case.
        for case in self.cases.iter().filter(|case| case.outcome == Outcome::Blocked && case.blocked_by.is_none()) {
            *blocked.entry(case.reason.as_deref().unwrap_or_default()).or_default() += 1;
        }
        let (reason, most) = blocked.into_iter().max_by_key(|(_, cases)| *cases)?;
        let first = self.causes.first().map_or(1, |cause| cause.cases.len() + cause.blocks);
        let without_answer = self.cases.iter().filter(|case| case.outcome == Outcome::Indeterminate).count();
        (most > first.max(without_answer)).then_some((most, reason))
    }

    /// Whether the cause of this number has to be mended first.
    pub fn is_first(&self, number: usize) -> bool {
        number == 0 && self.causes.len() > 1 && self.hindrance().is_none()
    }

    /// Whether two runs are at one target. A target that has a name is known by it, wherever it is; the embedded reference
    /// listens elsewhere each time.
    pub fn is_at_the_target_of(&self, other: &Self) -> bool {
        let is_embedded = self.target.embedded && other.target.embedded;
        let is_there = (&self.target.endpoint, &self.target.region) == (&other.target.endpoint, &other.target.region);
        let edition = self.target.edition == other.target.edition;
        edition && self.name == other.name && (self.name.is_some() || is_embedded || is_there)
    }

    /// Whether a case differs from its recording.
    pub fn has_drifted(&self) -> bool {
        self.baseline.as_ref().is_some_and(|baseline| baseline.drifted > 0)
    }

    /// Whether another target answers otherwise.
    pub fn differs(&self) -> bool {
        self.differential.as_ref().is_some_and(|differential| !differential.differ.is_empty())
    }

    /// Whether something that a list of deviations says does not hold.
    pub fn is_stale(&self) -> bool {
        self.figures.stale > 0 || self.deviations.as_ref().is_some_and(|deviations| !deviations.stale.is_empty())
    }

    /// Whether the run fails because a judged case has no recording.
    pub fn lacks_recordings(&self) -> bool {
        self.baseline.as_ref().is_some_and(BaselineReport::lacks_recordings)
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
            (self.lacks_recordings(), "a judged case has no recording"),
        ];
        let causes: Vec<&str> = causes.into_iter().filter(|(applies, _)| *applies).map(|(_, cause)| cause).collect();
        causes.join(" and ")
    }
}
