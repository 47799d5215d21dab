//! From fixture to report: the stages of trentcheck, in the order in which data flows through them.
//!
//! `fixture → plan → sign → send → observe → normalise → compare → report`. A stage imports only from its left; `send`
//! alone opens sockets; `run` drives the stages and imports them all. `against` compares a finished run with a baseline,
//! a second target or a list of known deviations. Beside the stages: `kms`, the calls around the operation under test,
//! and `keys`, which a run makes with them. `kms` never imports `keys`, and neither imports `run`. `recorded` replays
//! recorded facts with them, for `run`. `export` writes the corpus for programs in other languages.
//!
//! The tests of a server need one call only: [`check()`]. `libtest` makes each case a test.

pub mod against;
pub mod arn;
pub mod baseline;
#[cfg(feature = "corpus")]
pub mod check;
pub mod compare;
#[expect(clippy::disallowed_methods, reason = "the one place where the system's randomness is read")]
pub mod entropy;
pub mod explore;
pub mod export;
pub mod file;
pub mod fixture;
pub mod http;
pub mod identity;
mod json;
#[expect(clippy::disallowed_methods, reason = "the release of keys has a limit of its own")]
pub mod keys;
mod kms;
pub mod ledger;
#[cfg(feature = "libtest")]
pub mod libtest;
pub mod normalise;
pub mod observe;
pub mod plan;
pub mod recorded;
pub mod report;
#[expect(clippy::disallowed_methods, reason = "a run measures its cases and waits for states")]
pub mod run;
pub mod send;
pub mod sign;
pub mod sweep;
pub mod target;
#[cfg(test)]
mod test_support;
pub mod text;
pub use against::deviation;
#[cfg(feature = "corpus")]
pub use check::{Check, CheckError, Outcomes, check};
