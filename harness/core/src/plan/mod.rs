//! Turns a case and the names of its world into a request that is ready to be signed. Pure.

mod error;
mod request;
mod template;
mod world;

pub use error::PlanError;
pub use request::{Planned, base_request, plan};
pub use template::render;
pub use world::{Absent, KeyNames, World};
