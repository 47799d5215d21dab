//! Known deviations of a target: the file that lists them, how a run is matched with it, how it is written from a run.
//!
//! Pure: files are read and written at the edge.

mod apply;
mod list;
mod pin;
#[cfg(test)]
pub(crate) mod tests;
mod update;

pub use apply::{Mismatched, apply};
pub use jiff::civil::Date;
pub use list::{DeviationError, DeviationFile, Entry, GLOB_LIMIT, List};
pub use pin::{answer_of, differs};
pub use update::{Fresh, Incomplete, Update, update};

/// File name below `fixtures/schema/` and text of the schema of a file of deviations.
pub fn schema() -> (&'static str, String) {
    ("deviations.schema.json", crate::fixture::render_schema::<DeviationFile>())
}

/// The day on which a moment falls, in UTC.
pub fn day_of(time: std::time::SystemTime) -> Date {
    jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::try_from(time).unwrap_or_default()).date()
}
