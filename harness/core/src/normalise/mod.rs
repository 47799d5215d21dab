//! What varies is replaced by name: secrets always, and everything that changes from run to run for recordings. Pure.

mod kind;
mod lines;
mod moment;
mod placeholder;
#[cfg(test)]
mod properties;
mod redact;
mod secrets;

pub(crate) use lines::PRESENT;
pub use lines::{Message, escape, request_lines, response_lines};
pub use placeholder::Normaliser;
pub use redact::{Leak, Redactor};

fn pattern(text: &str) -> regex_lite::Regex {
    regex_lite::Regex::new(text).expect("the pattern is a constant that the tests compile")
}
