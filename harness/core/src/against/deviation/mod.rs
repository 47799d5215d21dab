//! Known deviations of a target: the file that lists them, the comparison of a run with it, and the update of the file
//! from a run.
//!
//! Pure: the command reads and writes the files.

mod apply;
mod list;
#[cfg(test)]
mod tests;
mod update;

pub use apply::{Mismatched, apply};
pub use jiff::civil::Date;
pub use list::{DeviationError, DeviationFile, Entry, List, day_of, schema};
pub use update::{Fresh, Incomplete, Update, update};
