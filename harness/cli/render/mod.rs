//! Reports for people. The code here reads no arguments, decides no exit code and prints nothing.

pub(crate) mod claims;
pub(crate) mod configured;
pub(crate) mod coverage;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod explore;
pub(crate) mod kill_matrix;
pub(crate) mod parts;
pub(crate) mod passages;
pub(crate) mod pending;
pub(crate) mod presets;
pub(crate) mod replay;
pub(crate) mod served;
pub(crate) mod several;
pub(crate) mod style;
pub(crate) mod sweep;
pub(crate) mod table;
pub(crate) mod terminal;
pub(crate) mod terminal_causes;
mod terminal_deviations;
pub(crate) mod terminal_differential;
mod terminal_flaky;
mod terminal_recorded;
mod terminal_rounds;
pub(crate) mod trend;
pub(crate) mod update;
