//! From a case and the world it meets to a request that is ready to be signed. Pure.

mod error;
mod request;
mod template;
mod world;

pub use error::PlanError;
pub use request::{Planned, base_request, plan};
pub use template::render;
pub use world::{Absent, KeyNames, World};
