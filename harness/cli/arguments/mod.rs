//! The command line: clap's structs and the parsers of flag values. The structs never change after parsing.

mod commands;
mod given;
mod run;
mod target;
mod value;

pub(crate) use commands::{
    AcceptArguments, Arguments, Command, CoverageArguments, DeviationsCommand, ExploreArguments, ExportArguments,
    FAILURES, ReportArguments, ReportCommand, SelfcheckArguments, ServeArguments, SweepArguments, UpdateArguments,
};
pub(crate) use given::Given;
pub(crate) use run::{Cases, RunArguments, RunControl};
pub(crate) use target::{ConnectionArguments, CredentialArguments, ServiceArguments, TargetArguments};
pub(crate) use value::{LaneName, ServerSet, TraceOf, account, duration, jobs};
