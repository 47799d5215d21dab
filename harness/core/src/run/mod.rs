//! Drives the stages: makes preconditions, sends each case, reads the key back, cleans up.

mod case;
mod doctor;
pub(crate) mod effects;
mod engine;
mod options;
pub(crate) mod probe;

pub use crate::entropy::{Entropy, fill_random};
pub use crate::keys::{Lent, LentError, MaterialError, wrap};
pub use crate::target::{Clock, Elsewhere, Permit, SetupError, Target};
pub use doctor::{Checkup, Health, examine};
pub use engine::{Progress, run};
pub use options::{Options, SequenceOf};
