//! What a list of known deviations says about a run and its cases.

use crate::fixture::Level;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was answered to a case, in a form that is the same from run to run: what varies is replaced, message texts are
/// left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pinned {
    /// Status and error type of each judged answer.
    pub answer: String,
    /// Each mismatch with its level: what, where, found.
    pub differs: Vec<(Level, String)>,
}

impl Pinned {
    /// The mismatches at or above a level, sorted.
    pub fn differs_from(&self, fail_on: Level) -> Vec<String> {
        let strong = self.differs.iter().filter(|(level, _)| *level >= fail_on);
        let mut differs: Vec<String> = strong.map(|(_, text)| text.clone()).collect();
        differs.sort();
        differs.dedup();
        differs
    }
}

/// Why an entry of a list does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Stale {
    /// The case passes.
    Passes,
    /// The case diverges, but not as the list says.
    Otherwise {
        /// What the list says, and the target does not.
        listed: Vec<String>,
        /// What the target does, and the list does not say.
        found: Vec<String>,
    },
    /// The entry is past its date.
    Expired,
    /// The entry is past its date, and the case passes.
    ExpiredAndPasses,
    /// No case has a name that the glob matches.
    MatchesNothing,
}

impl Stale {
    /// The reason in words that can follow the entry's name.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Passes => "passes now",
            Self::Otherwise { .. } => "diverges otherwise than listed",
            Self::Expired => "is past its date",
            Self::ExpiredAndPasses => "is past its date, and the case passes",
            Self::MatchesNothing => "matches no case",
        }
    }
}

/// The entry of a list that covers a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseDeviation {
    /// The case id or glob of the entry.
    pub entry: String,
    /// Why the deviation is known, as the list says.
    pub reason: String,
    /// Where more is said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The last day on which the entry holds, `YYYY-MM-DD`.
    pub expires: String,
    /// Why it does not hold; absent when it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<Stale>,
}

/// An entry without a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StaleEntry {
    /// The glob.
    pub entry: String,
    /// Why it does not hold.
    pub stale: Stale,
    /// Why the deviation was known.
    pub reason: String,
    /// The last day on which the entry held.
    pub expires: String,
}

/// What became of a list of known deviations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviationsReport {
    /// The file that holds the list.
    pub file: String,
    /// How many entries it has.
    pub entries: usize,
    /// Entries about cases that were not selected or hold in another edition; they are neither listed nor stale. Sorted by name.
    pub not_selected: Vec<String>,
    /// Entries about cases that were selected but have no verdict; they are neither listed nor stale. Sorted by name.
    pub no_verdict: Vec<String>,
    /// Stale entries that have no case.
    pub stale: Vec<StaleEntry>,
}
