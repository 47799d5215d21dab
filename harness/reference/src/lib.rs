//! The embedded reference target: an HTTP server on loopback that answers as the spec says.
//!
//! The reference is the executable form of the spec. It is small and strict, and refuses what it does not understand.
//! It verifies SigV4 with its own canonicaliser. It shares no code with the harness, so that a mistake in one of the
//! two shows in the other.

mod call;
mod canonical;
mod config;
mod credential;
mod crypto;
mod edition;
mod error;
mod front;
#[cfg(test)]
mod identifier_tests;
mod json;
mod key;
mod material;
mod metadata;
mod mutant;
#[cfg(test)]
mod operation_tests;
mod operations;
#[cfg(test)]
mod other_operation_tests;
mod pairs;
mod protocol;
#[cfg(test)]
mod recorded_tests;
mod request;
mod resolve;
mod server;
#[cfg(test)]
mod state_tests;
mod store;
mod verify;
#[cfg(test)]
mod verify_tests;

pub use config::{Config, Permission, Principal, Seed, SeedKind};
pub use edition::Edition;
pub use mutant::{Mutant, controls, mutant, mutants, pending_mutants};
pub use server::{Server, StartError};
