//! The keys of a run: how they are made, lent, brought into a state and released.

mod beside;
mod borrowed;
mod calls;
mod key;
mod lease;
mod lent;
mod material;
mod pool;
mod practice;
mod proof;
mod reading;
mod release;

pub(crate) use calls::body;
pub(crate) use key::{Base, Key, Maker};
pub(crate) use lease::{Choice, Lease, NoLease};
pub use lent::{Lent, LentError};
pub(crate) use material::{Bytes, Secrecy, make as make_material};
pub use material::{MaterialError, wrap};
pub(crate) use pool::{Pool, Provisions, nobody_makes};
pub(crate) use release::Released;
