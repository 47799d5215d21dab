//! How a run compares with a baseline, as data. Drift is kept apart from divergence.

use super::grouped::{DriftCause, drift_causes};
use super::held::{HeldBaseline, Recordings};
use super::uncompared::Uncompared;
use crate::baseline::{Drift, Head};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A run held against a baseline. What differs is in the cases, as `drift`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BaselineReport {
    /// The directory of the baseline.
    pub directory: String,
    /// What its recordings say of themselves; of several days, the earliest.
    pub recorded: Head,
    /// Whether a judged case without a recording fails the run (`--strict`).
    pub strict: bool,
    /// How many cases were compared.
    pub compared: usize,
    /// How many cases differ from their recording, in the first look and in the second.
    pub drifted: usize,
    /// What differs, most cases first.
    #[serde(default)]
    pub causes: Vec<DriftCause>,
    /// Cases that differed once and not again.
    pub passing: Vec<Drift>,
    /// Cases that have a recording, and no answer now that can be compared with it.
    pub not_compared: Vec<Uncompared>,
    /// Cases that were judged and have no recording.
    pub not_recorded: Vec<String>,
    /// Files in the directory that belong to no case.
    pub unreferenced: Vec<String>,
}

impl BaselineReport {
    /// Whether the run fails because a judged case has no recording.
    pub fn lacks_recordings(&self) -> bool {
        self.strict && !self.not_recorded.is_empty()
    }
}

impl From<&HeldBaseline> for BaselineReport {
    fn from(held: &HeldBaseline) -> Self {
        Self {
            directory: held.directory.clone(),
            recorded: held.recorded.clone(),
            strict: held.recordings == Recordings::Demanded,
            compared: held.compared,
            drifted: held.drifts.len(),
            causes: drift_causes(held.drifts.iter().map(|drift| (drift.case.as_str(), drift.differences.as_slice()))),
            passing: held.passing.clone(),
            not_compared: held.not_compared.clone(),
            not_recorded: held.not_recorded.clone(),
            unreferenced: held.unreferenced.clone(),
        }
    }
}
