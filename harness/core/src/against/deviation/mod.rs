//! Known deviations of a target: the file that lists them, how a run is matched with it, how it is written from a run.
//!
//! Pure: files are read and written at the edge.

mod apply;
mod list;
#[cfg(test)]
mod tests;
mod update;

pub use apply::{Mismatched, apply};
pub use jiff::civil::Date;
pub use list::{DeviationError, DeviationFile, Entry, GLOB_LIMIT, List, day_of, schema};
pub use update::{Fresh, Incomplete, Update, update};
