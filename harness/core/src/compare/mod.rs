//! From an observation and what was expected to mismatches. Pure.

mod answer;
mod effect;
mod fact;
mod mismatch;
mod pin;
mod place;
mod repeats;
mod shape;

pub(crate) use answer::in_short;
pub use answer::{Context, Naming, has_body_of, judge, matches_answer};
pub use effect::{checks, given};
pub use fact::{BodyFact, Fact};
pub use mismatch::{Mismatch, What};
pub use pin::{Likeness, answer_of, differs, likeness};
pub use place::{Place, WhichKey};
pub use repeats::Repeats;
pub use shape::{Claimed, every_answer, transport, wrong_times};

#[cfg(test)]
mod tests;
