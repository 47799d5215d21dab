//! The report of one case: its outcome, its mismatches and its exchanges.

use super::deviation::{CaseDeviation, Stale};
use super::outcome::{Outcome, Verdict};
use super::rounds::CaseRounds;
use crate::baseline::Difference;
use crate::compare::{self, WhichKey};
use crate::fixture::{Level, Line, Supports};
use crate::normalise::Shown;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mismatch as a report shows it.
pub type Mismatch = compare::Mismatch<Shown>;

/// One exchange, secrets removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// The states of a key, as DescribeKey showed them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyStates {
    /// Which key.
    pub key: WhichKey,
    /// Its state before the exchange, then after it, then each other one that calls afterwards led to.
    pub seen: Vec<Shown>,
}

/// What a second look at a case saw, on a fresh key and a fresh connection, where it did not confirm the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecondLook {
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Shown>,
    /// Status and error type of each judged answer; absent if nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The mismatches that would fail a run; none of them was in the first look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<Mismatch>,
    /// Its exchanges.
    pub exchanges: Vec<ExchangeReport>,
}

/// What became of one case, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseReport {
    /// The case's id.
    pub id: String,
    /// The fact that it tests.
    pub title: String,
    /// Its group; the run's `groups` has its title.
    pub group: String,
    /// Its level.
    pub level: Level,
    /// The clauses that it tests; the run's `clauses` has their texts.
    pub clauses: Vec<String>,
    /// The passages that carry its expectations; the run's `passages` has what they say.
    pub supports: Supports,
    /// Where it stands in the fixtures.
    pub fixture: Line,
    /// The key that it starts from, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub start: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Shown>,
    /// The case without which it proves nothing, if that blocks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<String>,
    /// Status and error type of each judged answer, such as `400 ValidationException`; absent if nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Whether the target answered a server fault (5xx) that no document lists; present only if it did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub crashed: bool,
    /// Every mismatch, also those below the level that fails a run.
    pub mismatches: Vec<Mismatch>,
    /// Mismatches that would fail the run if a second look had shown them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub once: Vec<Mismatch>,
    /// The second look, where it did not confirm the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondLook>,
    /// How many cases of the run, or rounds of this case, had the same mismatch once and not again; present only if the case
    /// diverges for this reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intermittent: Option<usize>,
    /// What became of it in each round; absent without `--repeat` and `--for`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<CaseRounds>,
    /// What a deviation file says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviation: Option<CaseDeviation>,
    /// What differs from its recording in the baseline, in the first look and in the second; absent if nothing does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Difference>,
    /// The judged exchanges and, after a mismatch, those that read the key back. Of a blocked case the call that failed.
    pub exchanges: Vec<ExchangeReport>,
    /// The states of its keys; absent where none was read back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<KeyStates>,
    /// The command line that runs this case again, quoted for a POSIX shell.
    pub repeat: String,
    /// A curl line that sends the judged request, quoted for a POSIX shell, with variables for endpoint and credentials;
    /// absent where nothing was sent or curl cannot send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curl: Option<String>,
    /// Wall time of the case, in microseconds.
    pub duration_us: u64,
}

impl CaseReport {
    /// The mismatches at or above a level.
    pub fn failures(&self, fail_on: Level) -> impl Iterator<Item = &Mismatch> {
        self.mismatches.iter().filter(move |mismatch| mismatch.level >= fail_on)
    }

    /// How often the mismatch for which it diverges came and went, if it was not there again at a second look: `3 cases`.
    pub fn came_and_went(&self) -> Option<String> {
        let times = self.intermittent?;
        let confirmed = self.rounds.as_ref().map(|rounds| rounds.outcomes.contains_key(&Outcome::Diverges));
        Some(format!("{times} {}", if confirmed == Some(false) { "rounds" } else { "cases" }))
    }
}

impl Verdict for CaseReport {
    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn is_wrong(&self) -> bool {
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
