//! The comparisons of a whole run: with a recorded baseline, a second target, or a list of known deviations.
//!
//! The results are types of [`crate::report`].

mod baseline;
pub mod deviation;
mod target;
#[cfg(test)]
mod target_tests;
