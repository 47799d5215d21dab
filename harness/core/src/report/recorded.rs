//! Which recorded facts a target answers as AWS KMS did, as data. It is a figure of its own: no other one counts it.

use super::case::ExchangeReport;
use crate::fixture::{Edition, Fact, Line, Recording};
use crate::normalise::Shown;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a replay of recorded facts came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedReport {
    /// Facts that were replayed.
    pub facts: usize,
    /// Facts with which the target agrees.
    pub agrees: usize,
    /// Facts with which it disagrees.
    pub disagrees: usize,
    /// Facts that need an operation which the target does not have.
    pub not_offered: usize,
    /// Facts without a verdict.
    pub indeterminate: usize,
    /// Facts that were not replayed: those of another edition, and those that no run can replay.
    pub not_replayed: usize,
    /// The facts that were replayed, in the order of the fixtures.
    pub results: Vec<FactReport>,
}

/// A recorded fact, and how the target compares with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FactReport {
    /// The fact's id.
    pub id: String,
    /// The fact in a sentence.
    pub title: String,
    /// When it was recorded.
    pub date: String,
    /// The Region in which it was recorded, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The edition of the API at that time.
    pub edition: Edition,
    /// The passages that carry it.
    pub passages: Vec<String>,
    /// Passages of documents that say otherwise than the recording.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disagrees_with: Vec<String>,
    /// Where it is written.
    pub fixture: Line,
    /// How the target compares with it.
    pub verdict: FactVerdict,
    /// Why there is no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Shown>,
    /// What the target answers otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<FactDifference>,
    /// The exchanges that differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<ExchangeReport>,
}

/// How a target compares with a recorded fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FactVerdict {
    /// It answers as AWS KMS did.
    Agrees,
    /// It answers otherwise.
    Disagrees,
    /// It does not have an operation that the fact needs.
    NotOffered,
    /// The state of the fact could not be made, or there was no answer.
    Indeterminate,
}

/// One thing that a target answers otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FactDifference {
    /// The call of the fact, from 1.
    pub call: usize,
    /// Its operation.
    pub operation: String,
    /// The part of the answer: `status`, `error type`, `message` or the path of a member.
    pub place: String,
    /// What was recorded.
    pub expected: Shown,
    /// What the target answered.
    pub found: Shown,
}

impl FactReport {
    /// A report without a verdict.
    pub(crate) fn of(recording: &Recording, fact: &Fact, fixture: Line) -> Self {
        Self {
            id: fact.id().to_owned(),
            title: fact.title.clone(),
            date: fact.date.clone().unwrap_or_else(|| recording.date.clone()),
            region: recording.region.clone(),
            edition: recording.edition,
            passages: fact.passages.clone(),
            disagrees_with: fact.disagrees.clone(),
            fixture,
            verdict: FactVerdict::Indeterminate,
            reason: None,
            differences: Vec::new(),
            exchanges: Vec::new(),
        }
    }
}

impl RecordedReport {
    /// Counts these facts.
    pub fn of(results: Vec<FactReport>, not_replayed: usize) -> Self {
        let count = |verdict| results.iter().filter(|fact| fact.verdict == verdict).count();
        Self {
            facts: results.len(),
            agrees: count(FactVerdict::Agrees),
            disagrees: count(FactVerdict::Disagrees),
            not_offered: count(FactVerdict::NotOffered),
            indeterminate: count(FactVerdict::Indeterminate),
            not_replayed,
            results,
        }
    }
}
