//! Property mode: makes generated calls on a target and on a model, and compares the answers of both sides or two
//! answers of the target. Differences are shrunk and written as cases.
//!
//! The model is another target, such as the embedded reference. The code here does not know which. The model's answers
//! are a reading of the spec and not a source, so a difference from the model alone is never stronger than the cases
//! that change the request alike.

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
