//! A report as files for other programs, one file a format. Pure: a report goes in, a text comes out.

mod annotations;
mod badge;
mod brief;
mod format;
mod html;
mod junit;
mod markdown;
mod ndjson;
#[cfg(feature = "libtest")]
mod one_case;
mod prometheus;
mod standing;
#[cfg(test)]
mod tests;

pub use brief::brief;
pub use format::{Format, UnknownFormat};
pub use ndjson::{began as ndjson_began, case as ndjson_case, ended as ndjson_ended, of_report as ndjson_of_report};
#[cfg(feature = "libtest")]
pub(crate) use one_case::{OneCase, one_case};
