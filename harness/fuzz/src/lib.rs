//! Fuzz targets: what reads bytes of others, and what has to hold for any bytes.
//!
//! A target is a function of bytes that panics where its property does not hold. Three drivers share the targets: the
//! short pass of `cargo test`, the binary of this package for as long as one likes, and the same binary under libFuzzer.
//! The first two change seeds of `corpus/` at random, and need nothing but stable Rust. `harness/docs/fuzzing.md` says how
//! to run them.

#![expect(clippy::unwrap_used, reason = "a target whose set-up fails cannot tell anything")]

mod bounded;
pub mod faults;
mod mutate;
mod targets;
pub mod watch;

// Files of the command, which is no library: the parser of `trentcheck.toml` and what it imports.
#[path = "../../cli/arguments/value.rs"]
mod arguments;
#[path = "../../cli/setup/configuration.rs"]
#[expect(dead_code, reason = "the command uses the rest")]
mod configuration;
#[path = "../../cli/edge/failure.rs"]
#[expect(dead_code, reason = "the command uses the rest")]
mod failure;
mod edge {
    pub(crate) use crate::failure;
}

pub use bounded::{Found, Limit, Passed, bounded, seeds};
pub use mutate::Random;
pub use targets::{TARGETS, Target, target};
