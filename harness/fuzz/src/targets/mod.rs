//! The targets by name.

mod answer;
mod configuration;
mod deviations;
mod fixture;
mod ledger;
mod observation;
mod operation;
mod redaction;
mod request;
mod scratch;
mod server;
mod snap;
mod spelling;
mod table;
mod template;
mod visible;

pub use table::{TARGETS, Target, target};
