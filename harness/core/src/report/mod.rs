//! What a run found, as data: outcomes, the two figures, the exit code.

mod deviation;
mod differential;
#[cfg(test)]
mod differential_tests;
mod exit;
mod outcome;
mod regression;

pub use deviation::{CaseDeviation, DeviationsReport, Pinned, Stale, StaleEntry};
pub use differential::{Agrees, CaseDifference, DifferentialReport, Fields, SideBySide};
pub use exit::ExitCode;
pub use outcome::{CaseReport, ExchangeReport, Figures, Outcome, RunReport, SCHEMA, TargetReport};
pub use regression::{BaselineReport, Uncompared};

pub use crate::compare::{Mismatch, What};
