//! What a run is held against, and what came of it, before the report is concluded.

use super::deviation::{CaseDeviation, DeviationsReport};
use super::differential::DifferentialReport;
use super::outcome::Outcome;
use super::ran::Ran;
use super::uncompared::Uncompared;
use crate::baseline::{Drift, Head};
use crate::normalise::Shown;
use std::collections::BTreeMap;

/// What a run was held against besides the corpus.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// A recorded baseline.
    pub baseline: Option<HeldBaseline>,
    /// A second target.
    pub differential: Option<DifferentialReport>,
    /// A list of known deviations.
    pub deviations: Option<HeldDeviations>,
}

/// A further run that the same report rests on.
#[derive(Clone, Debug)]
pub struct Look {
    /// What was looked at.
    pub side: Side,
    /// The run.
    pub ran: Ran,
}

/// What a further run looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The run's own target, a second time.
    Again,
    /// The target that it is compared with.
    Right,
    /// The target of the noise floor.
    Noise,
}

impl Side {
    /// What stands before a sentence about this side.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Again => "",
            Self::Right => "on the right: ",
            Self::Noise => "on the target of the noise floor: ",
        }
    }
}

/// Whether a judged case without a recording fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recordings {
    /// It does not.
    Optional,
    /// It does.
    Demanded,
}

/// What became of each recording of a baseline.
#[derive(Clone, Debug)]
pub struct HeldBaseline {
    /// Where it is.
    pub directory: String,
    /// What its recordings say of themselves; of several days, the earliest.
    pub recorded: Head,
    /// Whether a judged case without a recording fails the run.
    pub recordings: Recordings,
    /// Cases that were compared.
    pub compared: usize,
    /// Cases that differ from their recording, twice.
    pub drifts: Vec<Drift>,
    /// Cases that differed once and not again.
    pub passing: Vec<Drift>,
    /// Cases that have a recording, and no answer now to hold against it.
    pub not_compared: Vec<Uncompared>,
    /// Cases that were judged and have no recording.
    pub not_recorded: Vec<String>,
    /// Files that belong to no case.
    pub unreferenced: Vec<String>,
}

/// What became of a list of known deviations.
#[derive(Clone, Debug)]
pub struct HeldDeviations {
    /// What is said about the list.
    pub report: DeviationsReport,
    /// The cases that come out otherwise by the list, by their ids.
    pub cases: BTreeMap<String, Relisted>,
}

/// What becomes of a case by a list of known deviations.
#[derive(Clone, Debug)]
pub struct Relisted {
    /// Its outcome.
    pub outcome: Outcome,
    /// Why it was not judged.
    pub reason: Option<Shown>,
    /// The entry that covers it; absent if it only rests on a case that an entry covers.
    pub deviation: Option<CaseDeviation>,
}
