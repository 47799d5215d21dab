//! The command line: clap's structs and the parsers of flag values. The structs never change after parsing.

mod commands;
mod run;
mod target;
mod value;

pub(crate) use commands::{
    AcceptArguments, Arguments, Command, CoverageArguments, DeviationsCommand, ExploreArguments, FAILURES,
    ReportArguments, ReportCommand, SelfcheckArguments, ServeArguments, SweepArguments, UpdateArguments,
};
pub(crate) use run::{Cases, RunArguments};
pub(crate) use target::{ConnectionArguments, CredentialArguments, ServiceArguments, TargetArguments};
pub(crate) use value::{LaneName, ServerSet, account, duration, jobs};
