//! Drives the stages: makes preconditions, sends each case, reads the key back, cleans up.

mod borrowed;
mod case;
pub(crate) mod clients;
mod doctor;
pub(crate) mod effects;
mod engine;
pub(crate) mod entropy;
mod guard;
pub(crate) mod keys;
pub(crate) mod kms;
mod lent;
pub(crate) mod mark;
mod material;
mod named;
pub(crate) mod ours;
pub(crate) mod pool;
pub(crate) mod probe;
pub(crate) mod release;
mod skew;
mod target;

pub use doctor::{Checkup, Health, examine};
pub use engine::{Progress, run};
pub use entropy::{Entropy, fill_random};
pub use lent::{Lent, LentError};
pub use material::{MaterialError, wrap};
pub use target::{Clock, Elsewhere, Options, Permit, SequenceOf, SetupError, Target};
