//! The keys of a run: how they are made, lent, brought into a state and released.

pub(crate) mod borrowed;
pub(crate) mod key;
pub(crate) mod lent;
pub(crate) mod material;
pub(crate) mod pool;
pub(crate) mod release;
