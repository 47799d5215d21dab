//! Turns a case and the names of its world into a request that is ready to be signed. Pure.

mod error;
mod request;
mod template;
#[cfg(test)]
mod tests;
mod world;

pub use error::PlanError;
pub use request::{Planned, base_request, plan, plan_open};
pub use template::{open_expressions, render, settle};
pub use world::{Absent, KeyNames, World};
