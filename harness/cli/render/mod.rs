//! Reports as a person reads them. Nothing here reads arguments, decides an exit code or prints.

pub(crate) mod claims;
pub(crate) mod coverage;
pub(crate) mod curl;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod explore;
pub(crate) mod kill_matrix;
pub(crate) mod passages;
pub(crate) mod several;
pub(crate) mod style;
pub(crate) mod sweep;
pub(crate) mod table;
pub(crate) mod terminal;
pub(crate) mod terminal_deviations;
pub(crate) mod terminal_differential;
pub(crate) mod update;
