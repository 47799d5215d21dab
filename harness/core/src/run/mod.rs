//! Drives the stages: makes preconditions, sends each case, reads the key back, cleans up.

mod case;
mod effects;
mod engine;
mod entropy;
mod keys;
mod kms;
mod material;
mod pool;
mod probe;
mod target;

pub use engine::{Progress, run};
pub use entropy::{Entropy, fill_random};
pub use material::{MaterialError, wrap};
pub use target::{Clock, Elsewhere, Options, Permit, SequenceOf, SetupError, Target};
