//! The calls around the operation under test, as an ordinary client makes them, and which of them may be made.

pub(crate) mod clients;
pub(crate) mod guard;
pub(crate) mod guarded;
pub(crate) mod mark;
pub(crate) mod named;
pub(crate) mod ours;
pub(crate) mod skew;
