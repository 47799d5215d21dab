//! A report as files for other programs, one file a format. Pure: a report goes in, a text comes out.

mod annotations;
mod badge;
mod format;
mod html;
mod junit;
mod markdown;
mod ndjson;
mod prometheus;
mod standing;
#[cfg(test)]
mod tests;

pub use format::{Format, UnknownFormat};
pub use ndjson::{began as ndjson_began, case as ndjson_case, ended as ndjson_ended, of_report as ndjson_of_report};
