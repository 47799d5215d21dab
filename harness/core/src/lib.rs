//! From fixture to report: the stages of trentcheck, in the order in which data flows through them.
//!
//! `fixture → plan → sign → send → observe → normalise → compare → report`. A stage imports only from its left; `send`
//! alone opens sockets; `run` drives the stages and imports them all. Beside the stages: `kms`, the calls around the
//! operation under test, and `keys`, which a run makes with them. `kms` never imports `keys`, and neither imports `run`.

pub mod baseline;
pub mod compare;
#[cfg(test)]
mod compare_tests;
pub mod deviation;
pub mod entropy;
pub mod explore;
pub mod fixture;
pub mod http;
pub mod identity;
pub mod keys;
mod kms;
pub mod ledger;
pub mod normalise;
pub mod observe;
#[cfg(test)]
mod observe_tests;
pub mod plan;
#[cfg(test)]
mod plan_tests;
pub mod report;
pub mod run;
pub mod send;
pub mod sign;
pub mod sweep;
pub mod target;
