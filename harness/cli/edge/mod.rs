//! The outputs and inputs of the process: streams, files, errors, interrupts, progress and cores. It knows no
//! subcommand.

pub(crate) mod change;
pub(crate) mod cores;
pub(crate) mod destination;
mod drawn;
pub(crate) mod entropy;
pub(crate) mod events;
pub(crate) mod failure;
pub(crate) mod interrupt;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod shell;
mod strings;
pub(crate) mod writing;
