//! How a run compares with a baseline, as data. Drift is kept apart from divergence.

use crate::baseline::{Difference, Drift, Head};
use serde::Serialize;
use std::collections::BTreeSet;

/// A case that was not compared, or whose differences did not count, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Uncompared {
    /// The case.
    pub case: String,
    /// Why.
    pub reason: String,
}

/// What became of each recording of a baseline.
#[derive(Clone, Debug, Serialize)]
pub struct BaselineReport {
    /// Where it is.
    pub directory: String,
    /// What its recordings say of themselves; of several days, the earliest.
    pub recorded: Head,
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

impl BaselineReport {
    /// The cases that drifted.
    pub fn drifted(&self) -> BTreeSet<&str> {
        self.drifts.iter().map(|drift| drift.case.as_str()).collect()
    }

    /// Every difference of every case.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        self.drifts.iter().flat_map(|drift| &drift.differences)
    }
}
