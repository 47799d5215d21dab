//! Replays recorded facts at a target: which of them it answers as AWS KMS did, and what it answers instead.

mod evidence;
mod fact;
mod judge;
mod names;
mod path;
mod stage;

pub use evidence::print;
pub(crate) use evidence::{as_seen, evidence};
pub(crate) use fact::play;
pub(crate) use stage::Stage;
