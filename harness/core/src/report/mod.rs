//! What a run found, as data: outcomes, the two figures, the exit code.

mod baseline;
mod case;
mod deviation;
mod differential;
mod exit;
mod figures;
mod run;
mod target;

pub use baseline::{BaselineReport, Uncompared};
pub use case::{CaseReport, ExchangeReport, Outcome};
pub use deviation::{CaseDeviation, DeviationsReport, Pinned, Stale, StaleEntry};
pub use differential::{Agrees, CaseDifference, DifferentialReport, Fields, SideBySide};
pub use exit::ExitCode;
pub use figures::Figures;
pub use run::{RunReport, SCHEMA};
pub use target::TargetReport;

pub use crate::compare::{Mismatch, What};
