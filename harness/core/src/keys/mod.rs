//! The keys of a run: how they are made, lent, brought into a state and released.

mod borrowed;
mod calls;
mod key;
mod lease;
mod lent;
mod material;
mod pool;
mod proof;
mod release;

pub(crate) use calls::{body, operation};
pub(crate) use key::{Base, Key, Maker};
pub(crate) use lease::{Choice, Lease, NoLease};
pub use lent::{Lent, LentError};
pub(crate) use material::plaintext_sent;
pub use material::{MaterialError, wrap};
pub(crate) use pool::{Pool, Provisions};
pub(crate) use release::Released;
