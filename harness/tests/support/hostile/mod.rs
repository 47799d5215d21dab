//! The hostile server: one server that misbehaves as a row of a table, or a function of a test, says.

mod act;
mod row;
mod scripted;
mod server;
mod text;
pub(crate) mod tls;

pub(crate) use row::{By, Row, rows};
pub(crate) use scripted::{Fate, altered, answering, front, front_of_methods, front_of_somebody_else, tls_front};
pub(crate) use server::Hostile;
