//! The only way out of the process, and what stands closest to it: errors, interrupts, progress, cores, words for a shell. It knows no
//! subcommand.

pub(crate) mod cores;
pub(crate) mod destination;
pub(crate) mod failure;
pub(crate) mod interrupt;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod shell;
pub(crate) mod writing;
