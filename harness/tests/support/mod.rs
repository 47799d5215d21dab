//! What tests share: the command, folders, servers, runs.

pub(crate) mod client;
pub(crate) mod command;
mod corpus;
pub(crate) mod hostile;
mod reference;
pub(crate) mod run;
pub(crate) mod scratch;
pub(crate) mod service;

pub(crate) use corpus::{corpus, documents};
pub(crate) use reference::{config, mutant, mutated, reference, served};
pub(crate) use run::{complaints, concluded, options, replay, replay_stopped, selection};
