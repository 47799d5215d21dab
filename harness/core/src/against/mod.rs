//! What a run is held against: a recorded baseline, a second target, a list of known deviations.
//!
//! The results are data of [`crate::report`].

mod baseline;
pub mod deviation;
mod target;
