//! Mutants: the reference with one named fault each. The suite is worth what it finds in them.
//!
//! Faults that can be made on the wire are made there, by a proxy that rewrites answers; only the rest reach into the
//! reference, at named points.

mod controls;
mod fault;
mod find;
mod point;
mod proxy;
mod reply;
mod table;

pub use controls::controls;
pub use fault::Mutant;
pub use find::mutant;
pub(crate) use point::Point;
pub(crate) use proxy::front;
pub use table::mutants;
