//! What became of a case, in a word.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
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
    /// It diverged once and not again on a fresh key: neither a pass nor a divergence. Or a deviation file says that it
    /// comes and goes: logged, never scored.
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

    /// Whether a verdict was reached.
    pub fn is_judged(self) -> bool {
        matches!(self, Self::Pass | Self::Diverges | Self::Listed | Self::Stale)
    }
}

/// What the figures count: a case of a run, or of a report.
pub trait Verdict {
    /// What became of the case.
    fn outcome(&self) -> Outcome;

    /// Whether the verdict is that the target is wrong. A list of known deviations does not change that.
    fn is_wrong(&self) -> bool;
}
