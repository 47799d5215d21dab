//! From fixture to report: the stages of trentcheck, in the order in which data flows through them.
//!
//! `fixture → plan → sign → send → observe → normalise → compare → report`. A stage imports only from its left; `send`
//! alone opens sockets; `run` drives the stages and imports them all. `against` compares a
//! finished run with a baseline, a second target or a list of known deviations.

pub mod against;
pub mod baseline;
pub mod compare;
#[cfg(test)]
mod compare_tests;
pub mod explore;
pub mod fixture;
pub mod http;
pub mod identity;
pub mod ledger;
pub mod normalise;
pub mod observe;
#[cfg(test)]
mod observe_tests;
pub mod plan;
#[cfg(test)]
mod plan_tests;
pub mod report;
#[expect(clippy::disallowed_methods, reason = "a run measures its cases, waits for states, and seeds its entropy once")]
pub mod run;
pub mod send;
pub mod sign;
pub mod sweep;

pub use against::deviation;
