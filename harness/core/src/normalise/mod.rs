//! What varies is replaced by name: secrets always, and everything that changes from run to run for recordings. Pure.

mod bytes;
mod coding;
mod fronts;
mod invisible;
mod kind;
mod lines;
mod moment;
mod needles;
mod pattern;
mod placeholder;
mod redact;
mod secrets;
mod shown;
mod spellings;
mod telltale;
#[cfg(test)]
mod tests;
mod views;

pub use bytes::{Bytes, bytes_of_body, bytes_of_request};
pub(crate) use coding::{coding, not_kept};
pub(crate) use lines::PRESENT;
pub use lines::{Message, escape, request_lines, response_lines};
pub(crate) use pattern::pattern;
pub use placeholder::Normaliser;
pub use redact::{Leak, Redactor};
pub use shown::Shown;
