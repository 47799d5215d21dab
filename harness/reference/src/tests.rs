//! The server as a client sees it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod data;
mod identifiers;
pub(crate) mod materials;
mod neighbours;
pub(crate) mod operations;
mod recorded;
mod states;
