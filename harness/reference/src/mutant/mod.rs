//! Mutants: each is the reference with one named fault. The suite is judged by the mutants that it kills.
//!
//! A proxy that rewrites answers makes every fault that can be made on the wire. The other faults change the reference
//! itself, at named points, or the request that it reads.

mod asked;
mod bugs;
mod controls;
mod fault;
mod find;
mod foreign;
#[cfg(test)]
mod foreign_tests;
mod habits;
mod lenient;
mod pages;
mod pending;
mod point;
mod proxy;
mod reached;
#[cfg(test)]
mod reached_tests;
mod reading;
#[cfg(test)]
mod recorded_tests;
mod reply;
mod stream;
mod table;

pub use bugs::bugs;
pub use controls::controls;
pub use fault::Mutant;
pub(crate) use fault::Way;
pub use find::mutant;
pub use foreign::Foreign;
pub use habits::habits;
pub use pending::pending_mutants;
pub(crate) use point::Point;
pub(crate) use proxy::{front as rewriting, watch as watching};
pub use reached::Reached;
pub(crate) use stream::front as misreading;
pub use table::mutants;
