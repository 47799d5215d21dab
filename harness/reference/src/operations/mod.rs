//! The operation under test, and the operations that its preconditions and effects need.

mod aliases;
mod answer;
mod create;
mod data_keys;
mod delete;
mod describe;
mod encryption;
mod import;
mod lifecycle;
mod named;
mod policies;
mod regions;
mod removal;
mod rotation;
mod signing;
mod state;
mod table;
mod tags;
mod usable;
mod wrong;

pub(crate) use table::{carry_out, known, others};
