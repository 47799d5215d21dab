//! The server as a client sees it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod identifiers;
pub(crate) mod operations;
mod states;
