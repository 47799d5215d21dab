//! What varies is replaced by name: secrets always, and everything that changes from run to run for recordings. Pure.

mod coding;
mod kind;
mod lines;
mod moment;
mod placeholder;
#[cfg(test)]
mod properties;
mod redact;
mod secrets;

pub(crate) use coding::{coding, not_kept};
pub(crate) use lines::PRESENT;
pub use lines::{Message, escape, request_lines, response_lines};
pub use placeholder::Normaliser;
pub use redact::{Leak, Redactor};

/// A pattern whose words and white space are those of ASCII: what a target sends is bytes of a protocol, not prose.
pub(crate) fn pattern(text: &str) -> regex::Regex {
    regex::Regex::new(&text.replace(r"\b", r"(?-u:\b)")).expect("the pattern is a constant that the tests compile")
}
