//! How a run compares with a run at another target, as data.

use super::figures::Figures;
use super::outcome::Verdict;
use super::target::TargetReport;
use super::uncompared::Uncompared;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which of the two sides answers a case as the fixtures expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Agrees {
    /// The target of the run.
    Left,
    /// The one that it is compared with.
    Right,
    /// Both: the spec leaves open what differs.
    Both,
    /// Neither.
    Neither,
}

impl Agrees {
    /// From the outcomes of both sides.
    pub fn of(left: &impl Verdict, right: &impl Verdict) -> Self {
        match (left.is_wrong(), right.is_wrong()) {
            (false, true) => Self::Left,
            (true, false) => Self::Right,
            (false, false) => Self::Both,
            (true, true) => Self::Neither,
        }
    }

    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Both => "both",
            Self::Neither => "neither",
        }
    }
}

/// One field of an exchange in which two sides differ. What varies from run to run is replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SideBySide {
    /// The field, in words.
    pub place: String,
    /// What the left side has; absent where it has no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// What the right side has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
}

/// A case to which two targets do not answer alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseDifference {
    /// The case.
    pub case: String,
    /// Who answers as the fixtures expect.
    pub agrees: Agrees,
    /// What differs.
    pub differences: Vec<SideBySide>,
}

/// Fields that differ between two targets in the same way in the same cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideCause {
    /// What differs, in a few words, such as `status 400 ≠ 409`.
    pub sentence: String,
    /// The fields.
    pub fields: Vec<SideBySide>,
    /// The cases, in the order of the corpus.
    pub cases: Vec<String>,
}

/// Fields of a case that were left out of the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fields {
    /// The case.
    pub case: String,
    /// The fields, in words.
    pub places: Vec<String>,
}

/// Two targets side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DifferentialReport {
    /// The target that the run's target, the left one, is compared with.
    pub right: TargetReport,
    /// Its figures.
    pub figures: Figures,
    /// A target identical to the left one, from which the noise floor was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_from: Option<TargetReport>,
    /// Cases that were compared.
    pub compared: usize,
    /// What differs, most cases first.
    #[serde(default)]
    pub causes: Vec<SideCause>,
    /// Cases that differ, twice.
    pub differ: Vec<CaseDifference>,
    /// Fields that differed once and not again.
    pub passing: Vec<Fields>,
    /// Fields that differ between identical targets as well.
    pub noise: Vec<Fields>,
    /// Cases that were judged on one side and not on the other.
    pub not_compared: Vec<Uncompared>,
    /// Cases that differed and could not be looked at a second time.
    pub unconfirmed: Vec<String>,
}

impl DifferentialReport {
    /// The cases to look at a second time.
    pub fn differing(&self) -> Vec<String> {
        self.differ.iter().map(|difference| difference.case.clone()).collect()
    }

    /// Whether a case was not compared for another reason than that it was skipped on one side, or a difference could not
    /// be confirmed.
    pub fn lacks_verdicts(&self) -> bool {
        let Figures { unsupported, indeterminate, blocked, flaky, .. } = self.figures;
        self.compared == 0 || !self.unconfirmed.is_empty() || unsupported + indeterminate + blocked + flaky > 0
    }
}
