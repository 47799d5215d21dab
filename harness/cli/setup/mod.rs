//! Turns arguments into settings, credentials, a target and a run that can begin. The code here prints no report.

#[cfg(feature = "aws-config")]
mod chain;
#[cfg(not(feature = "aws-config"))]
#[path = "chain_absent.rs"]
mod chain;
pub(crate) mod choice;
pub(crate) mod configuration;
pub(crate) mod configured;
pub(crate) mod confirm;
mod connection;
pub(crate) mod corpus;
mod credentials;
pub(crate) mod embedded;
mod environment;
mod interlock;
pub(crate) mod known;
mod last;
pub(crate) mod ledger;
mod lending;
mod plan;
pub(crate) mod preset;
mod repeat;
pub(crate) mod service;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod target;
pub(crate) mod words;
