//! The subcommands and their flags.

use super::run::{Cases, RunArguments};
use super::target::TargetArguments;
use super::value::duration;
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use trentcheck_core::deviation::Date;
use trentcheck_core::fixture::{Edition, Level};

/// Checks how an endpoint answers signed AWS KMS DeleteImportedKeyMaterial requests, against the spec.
///
/// Without a command: replays all cases at the embedded reference target.
#[derive(Parser)]
#[command(name = "trentcheck", version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: RunArguments,
}

const AFTER_HELP: &str = "\
Exit codes: 0 every case that could be run passes or deviates as listed · 1 divergence, drift from a baseline, or a stale deviation · 2 usage, configuration or fixture error · 3 some cases could \
not be judged · 4 nothing was run · 5 refused by a safety rule · 6 teardown failed · 70 internal error · 130 interrupted";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Replay cases at a target and judge the answers
    Run {
        #[command(flatten)]
        cases: Cases,
        #[command(flatten)]
        run: Box<RunArguments>,
    },
    /// Record a baseline: one file a case, to compare with later
    Record {
        /// The directory to write to; it is made if it is not there
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        #[command(flatten)]
        cases: Cases,
        #[command(flatten)]
        run: Box<RunArguments>,
        /// Delete files of the directory that belong to no case
        #[arg(long)]
        delete_unreferenced: bool,
    },
    /// Accept what `run --against DIR` found to differ
    Accept(AcceptArguments),
    /// List the cases
    List {
        #[command(flatten)]
        cases: Cases,
        /// Take the fixtures from this directory instead of the built-in ones
        #[arg(long, value_name = "DIR")]
        fixtures: Option<PathBuf>,
    },
    /// Show a case: its clauses, the bytes of its request, what it accepts
    Explain {
        /// The case's id
        case: String,
        /// The edition to show it in
        #[arg(long, default_value = "key-only")]
        edition: Edition,
        /// Take the fixtures from this directory instead of the built-in ones
        #[arg(long, value_name = "DIR")]
        fixtures: Option<PathBuf>,
    },
    /// Show how many cases test the clauses of each source, and why some clauses cannot be tested
    Coverage(CoverageArguments),
    /// Check the suite against its mutants: references with one fault each
    Selfcheck(SelfcheckArguments),
    /// Try generated requests and sequences of calls at a target and at the embedded reference, side by side
    Explore(Box<ExploreArguments>),
    /// Known deviations of a target
    #[command(subcommand)]
    Deviations(DeviationsCommand),
    /// Check whether a target can be tested: way, clock, identity, permissions; changes nothing there
    Doctor {
        #[command(flatten)]
        target: Box<TargetArguments>,
        /// Write the checks as JSON; `json` alone writes to stdout
        #[arg(long, value_name = "json[=PATH]")]
        report: Vec<String>,
    },
    /// Remove the keys that a run left, by its ledger or by tag and age
    Sweep(Box<SweepArguments>),
    /// Serve the reference target until interrupted
    Serve(ServeArguments),
}

#[derive(Args, Clone)]
pub(crate) struct SweepArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Sweep what this ledger says is left, at the endpoint that it names
    #[arg(long, value_name = "FILE", conflicts_with = "older_than")]
    pub(crate) ledger: Option<PathBuf>,
    /// Sweep every run's keys, unless one of the run's keys is younger [default without a ledger: 1h]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) older_than: Option<Duration>,
    /// Say what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Off loopback: do not ask whether to go on after saying what would be done
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Args, Clone)]
pub(crate) struct ExploreArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// How many trials to make [default: 500, with `--for` as many as fit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) cases: Option<u32>,
    /// How long to go on, such as 2m
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    /// Repeat the trials of this seed
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Weaker differences are no findings: must, should or may
    #[arg(long, value_name = "LEVEL", default_value = "should")]
    pub(crate) fail_on: Level,
    /// Where failures are kept, to be tried first next time
    #[arg(long, value_name = "FILE", default_value = FAILURES)]
    pub(crate) failures: PathBuf,
}

/// Where failures of `explore` are kept unless told otherwise.
pub(crate) const FAILURES: &str = "trentcheck-failures.json";

#[derive(Args)]
pub(crate) struct CoverageArguments {
    /// Show every clause with its cases
    #[arg(long, conflicts_with = "claims")]
    pub(crate) details: bool,
    /// Show every `must` with the passages that carry it, case by case, as Markdown
    #[arg(long)]
    pub(crate) claims: bool,
    /// Take the fixtures from this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct AcceptArguments {
    /// The baseline's directory
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    #[command(flatten)]
    pub(crate) cases: Cases,
    /// Delete files of the directory that belong to no case
    #[arg(long)]
    pub(crate) delete_unreferenced: bool,
    /// Take the fixtures from this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum DeviationsCommand {
    /// Write the list of known deviations from a run of all cases, keeping what people wrote into it
    Update(Box<UpdateArguments>),
}

#[derive(Args)]
pub(crate) struct UpdateArguments {
    #[command(flatten)]
    pub(crate) run: RunArguments,
    /// The file to write [default: that of `--deviations` or of the target]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The reason of new entries
    #[arg(long, value_name = "TEXT", default_value = "not read yet")]
    pub(crate) reason: String,
    /// The last day of new entries, and of those that hold and are past theirs [default: in 90 days, for new ones only]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) expires: Option<Date>,
}

#[derive(Args)]
pub(crate) struct ServeArguments {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// The edition to implement [default: that of the mutant, else key-only]
    #[arg(long)]
    pub(crate) edition: Option<Edition>,
    /// How late reads see a state change
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) consistency_delay: Duration,
    /// Answer every Nth request with ThrottlingException
    #[arg(long, value_name = "N")]
    pub(crate) throttle_every: Option<u32>,
    /// How long every answer takes
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) latency: Duration,
    /// Serve a mutant: the reference with one named fault
    #[arg(long, value_name = "NAME")]
    pub(crate) mutant: Option<String>,
}

#[derive(Args)]
pub(crate) struct SelfcheckArguments {
    /// Only these mutants; globs are taken
    #[arg(value_name = "MUTANT")]
    pub(crate) mutants: Vec<String>,
    /// Send each mutant only the case that has to find it
    #[arg(long)]
    pub(crate) quick: bool,
    /// Instead of the corpus, try generated requests: how many mutants are found within 10,000 exchanges each
    #[arg(long, conflicts_with_all = ["quick", "matrix", "kills"])]
    pub(crate) explore: bool,
    /// The seed of `--explore`
    #[arg(long, requires = "explore")]
    pub(crate) seed: Option<u64>,
    /// Write which cases find each mutant, as JSON, to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) kills: Option<PathBuf>,
    /// Write the kill matrix (clause by mutant, mutant by case) to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) matrix: Option<PathBuf>,
    /// Mutants at a time [default: four for each core; with `--explore` one]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,
}
