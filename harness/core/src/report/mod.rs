//! What a run found, as data: outcomes, the two figures, the exit code.
//!
//! [`RunReport::conclude`] makes a report, once, from a [`Ran`], further [`Look`]s, and what it was [`Held`] against.

mod baseline;
mod case;
mod cause;
mod cited;
mod conclude;
mod deviation;
mod differential;
mod exit;
mod figures;
mod fold;
mod grouped;
mod held;
mod merge;
mod outcome;
mod ran;
mod recorded;
pub mod render;
mod repeat;
mod rounds;
mod run;
mod saved;
mod strings;
mod target;
mod trace;
mod trend;
mod uncompared;
mod whole;

pub use baseline::BaselineReport;
pub use case::{CaseReport, ExchangeReport, KeyStates, Mismatch, SecondLook};
pub use cause::{Cause, CauseKind, causes};
pub use cited::{ClauseText, PassageText, SourceText};
pub use conclude::About;
pub use deviation::{CaseDeviation, DeviationsReport, Pinned, Stale, StaleEntry};
pub use differential::{Agrees, CaseDifference, DifferentialReport, Fields, SideBySide, SideCause};
pub use exit::ExitCode;
pub use figures::Figures;
pub use fold::{Extent, Rounds};
pub use grouped::DriftCause;
pub use held::{Held, HeldBaseline, HeldDeviations, Look, Recordings, Relisted, Side};
pub use merge::MergeError;
pub use outcome::{Outcome, Verdict};
pub(crate) use ran::INTERMITTENT;
pub use ran::{CaseRan, End, Once, Ran, RecordedRan};
pub use recorded::{FactDifference, FactReport, FactVerdict, RecordedReport};
pub(crate) use repeat::Repeat;
pub use rounds::{CaseRounds, LatencyReport, RoundsEnd, RoundsReport};
pub use run::RunReport;
pub use saved::SavedError;
pub use strings::change_strings;
pub use target::TargetReport;
pub use trace::Trace;
pub use trend::{Step, Trend, trends};
pub use uncompared::Uncompared;
pub use whole::{Report, SCHEMA, fixed_words, schema};

pub use crate::compare::What;
