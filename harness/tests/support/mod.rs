//! What tests share: the command, folders, servers, runs.

pub(crate) mod altered;
pub(crate) mod client;
pub(crate) mod command;
mod corpus;
pub(crate) mod fake;
pub(crate) mod faulty;
pub(crate) mod hostile;
pub(crate) mod losing;
mod reference;
pub(crate) mod run;
pub(crate) mod scratch;
pub(crate) mod service;
pub(crate) mod tls;

pub(crate) use corpus::{corpus, documents};
pub(crate) use reference::{config, reference, served, target};
pub(crate) use run::{complaints, concluded, options, replay, replay_stopped, selection};
