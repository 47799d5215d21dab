//! The operation under test, and the operations that its preconditions and effects need.

mod aliases;
mod answer;
mod create;
mod cryptographic;
mod delete;
mod describe;
mod import;
mod lifecycle;
mod named;
mod table;
mod tags;

pub(crate) use table::{carry_out, known};
