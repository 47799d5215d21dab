//! What a run found, as data: outcomes, the two figures, the exit code.
//!
//! [`RunReport::conclude`] makes a report, once, from a [`Ran`], further [`Look`]s, and what it was [`Held`] against.

mod baseline;
mod case;
mod cited;
mod conclude;
mod deviation;
mod differential;
mod exit;
mod figures;
mod held;
mod ran;
mod recorded;
mod run;
mod target;
mod uncompared;
mod whole;

pub use baseline::BaselineReport;
pub use case::{CaseReport, ExchangeReport, Mismatch, Outcome, SecondLook, Verdict};
pub use cited::{ClauseText, PassageText, SourceText};
pub use conclude::About;
pub use deviation::{CaseDeviation, DeviationsReport, Pinned, Stale, StaleEntry};
pub use differential::{Agrees, CaseDifference, DifferentialReport, Fields, SideBySide};
pub use exit::ExitCode;
pub use figures::Figures;
pub use held::{Held, HeldBaseline, HeldDeviations, Look, Recordings, Relisted, Side};
pub use ran::{CaseRan, End, Once, Ran, RecordedRan};
pub use recorded::{FactDifference, FactReport, FactVerdict, RecordedReport};
pub use run::RunReport;
pub use target::TargetReport;
pub use uncompared::Uncompared;
pub use whole::{Report, SCHEMA, schema};

pub use crate::compare::What;
