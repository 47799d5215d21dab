//! Drives the stages: makes preconditions, sends each case, reads the key back, cleans up.

mod case;
mod context;
mod doctor;
mod effects;
mod ended;
mod engine;
mod facts;
mod judge;
mod lease;
mod options;
mod permissions;
mod probe;
mod progress;
mod recorder;
mod schedule;
mod second;
mod slots;
mod step;
mod together;

pub use crate::entropy::{Entropy, fill_random};
pub use crate::keys::{Lent, LentError, MaterialError, wrap};
pub use crate::target::{Clock, Elsewhere, Permit, SetupError, Target};
pub use doctor::{Checkup, Health, examine};
pub use engine::run;
pub use lease::foreseen;
pub use options::{Detail, Enough, Facts, Options, SequenceOf};
pub use permissions::{PERMISSIONS, Permission};
pub use progress::Progress;
