//! Property mode: generated requests and sequences of calls, tried on a target and on a model of it side by side, and
//! relations between answers of the target itself. What differs is shrunk, and written down as a case.
//!
//! The model is another target, such as the embedded reference; nothing here knows which. Its answers are a reading of
//! the spec and no source: what only it says binds no more than the cases that change the
//! request alike.

mod attempt;
mod exploration;
mod explorer;
mod fault;
mod generate;
mod judge;
mod paste;
mod precedent;
mod shrink;
mod side;
mod trial;
mod trials;

pub use exploration::{Certainty, Ended, Exploration, ExploreOptions, Finding, Watcher};
pub use trial::{Move, Relation, Trial};
pub use trials::explore;
