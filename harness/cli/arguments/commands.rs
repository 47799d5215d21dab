//! The subcommands and their flags.

use super::run::{Cases, RunArguments, RunControl};
use super::target::TargetArguments;
use super::value::{ServerSet, TraceOf, duration};
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use trentcheck_core::deviation::Date;
use trentcheck_core::fixture::{Edition, Level, Partition};

/// Checks how an endpoint answers signed AWS KMS DeleteImportedKeyMaterial requests, against the spec.
///
/// Without a command, trentcheck replays all cases. The default target is the embedded reference.
#[derive(Parser)]
#[command(name = "trentcheck", version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) control: RunControl,
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
        control: RunControl,
        #[command(flatten)]
        run: Box<RunArguments>,
    },
    /// Run one case, and show what was sent and answered
    Replay {
        /// The id of the case
        case: String,
        /// Show how long each phase of an exchange took; `--trace=hex` shows the bytes in hexadecimal too, without secrets
        #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "times")]
        trace: Option<TraceOf>,
        #[command(flatten)]
        run: Box<RunArguments>,
    },
    /// Record a baseline: one file per case, to compare with later. Or record evidence: what the target answers to the calls of
    /// recorded facts
    Record {
        /// The directory to write to; it is created if it does not exist
        #[arg(value_name = "DIR", required_unless_present = "as_evidence")]
        directory: Option<PathBuf>,
        /// Write what the target answers to recorded facts, and to calls that nobody has recorded, to this file, as TOML
        /// without accounts and ids; no cases are sent
        #[arg(long, value_name = "FILE", conflicts_with_all = ["directory", "delete_unreferenced"])]
        as_evidence: Option<PathBuf>,
        #[command(flatten)]
        cases: Cases,
        #[command(flatten)]
        run: Box<RunArguments>,
        /// Delete files in the directory that belong to no case
        #[arg(long)]
        delete_unreferenced: bool,
    },
    /// Accept the differences that `run --against DIR` found: those of the named cases, or those that you agree to
    // Nothing is run: what slow cases differ in waits like the rest.
    #[command(mut_arg("slow", |slow| slow.hide(true)))]
    Accept(AcceptArguments),
    /// List the cases
    // Nothing is run: slow cases are listed like any other.
    #[command(mut_arg("slow", |slow| slow.hide(true)))]
    List {
        #[command(flatten)]
        cases: Cases,
        /// Read the fixtures from this directory instead of the built-in ones
        #[arg(long, value_name = "DIR")]
        fixtures: Option<PathBuf>,
    },
    /// Show a case: its clauses, the bytes of its request, and the answers that it accepts
    Explain {
        /// The id of the case
        case: String,
        /// The edition for which the case is shown
        #[arg(long, default_value = "key-only")]
        edition: Edition,
        /// Read the fixtures from this directory instead of the built-in ones
        #[arg(long, value_name = "DIR")]
        fixtures: Option<PathBuf>,
    },
    /// Write the cases as plain JSON, for programs in other languages: requests, accepted answers, clauses and passages
    Export {
        #[command(flatten)]
        cases: Cases,
        #[command(flatten)]
        export: ExportArguments,
    },
    /// Show how many cases test the clauses of each source, and why some clauses cannot be tested
    Coverage(CoverageArguments),
    /// List the presets: what is known of kinds of targets, and who says so
    Presets {
        /// Show only the presets of these names
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Read the fixtures from this directory instead of the built-in ones
        #[arg(long, value_name = "DIR")]
        fixtures: Option<PathBuf>,
    },
    /// Check the suite against its mutants: reference targets with one fault each
    Selfcheck(SelfcheckArguments),
    /// Send generated requests and sequences of calls to a target and to the embedded reference, and compare the
    /// answers
    Explore(Box<ExploreArguments>),
    /// Manage the list of known deviations of a target
    #[command(subcommand)]
    Deviations(DeviationsCommand),
    /// Show saved runs in other formats, join the parts of a run, or compare runs
    Report(ReportArguments),
    /// Check whether a target can be tested: connection, clock, identity and permissions; changes nothing at the target
    Doctor {
        #[command(flatten)]
        target: Box<TargetArguments>,
        /// The time limit of all checks [default: 2m]
        #[arg(long, value_name = "TIME", env = "TRENTCHECK_DEADLINE", hide_env_values = true, value_parser = duration)]
        deadline: Option<Duration>,
        /// Write the checks as JSON to PATH; `json` alone writes to stdout
        #[arg(long, value_name = "json[=PATH]")]
        report: Vec<String>,
    },
    /// Remove the keys that a run left behind, found by its ledger or by tag and age
    Sweep(Box<SweepArguments>),
    /// Serve the reference target until interrupted
    Serve(ServeArguments),
    /// Write what a shell needs to complete the command line
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write the manual page to stdout, or a page for each subcommand to a directory
    Man {
        /// The directory to write to; it is created if it does not exist
        #[arg(value_name = "DIR")]
        directory: Option<PathBuf>,
    },
}

#[derive(Args, Clone)]
pub(crate) struct SweepArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Remove the keys that this ledger lists as left, at the endpoint that the ledger names
    #[arg(long, value_name = "FILE", conflicts_with = "older_than")]
    pub(crate) ledger: Option<PathBuf>,
    /// Remove the keys of every run whose keys are all older than this [default without a ledger: 1h]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) older_than: Option<Duration>,
    /// The time limit of the search for keys, and then again of their removal; keys that are not reached in time are
    /// left [default: 15m]
    #[arg(long, value_name = "TIME", env = "TRENTCHECK_DEADLINE", hide_env_values = true, value_parser = duration)]
    pub(crate) deadline: Option<Duration>,
    /// Show what would be removed, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Off loopback: do not ask for confirmation before the keys are removed
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Args, Clone)]
pub(crate) struct ExploreArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// The number of trials [default: 500; with `--for`, as many as fit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) cases: Option<u32>,
    /// Stop after this time, such as 2m
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    /// Repeat the trials of this seed
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Report only differences of at least this level: must, should or may
    #[arg(long, value_name = "LEVEL", default_value = "should")]
    pub(crate) fail_on: Level,
    /// Keep failing trials in this file; the next run tries them first
    #[arg(long, value_name = "FILE", default_value = FAILURES)]
    pub(crate) failures: PathBuf,
}

/// The file in which `explore` keeps failures by default.
pub(crate) const FAILURES: &str = "trentcheck-failures.json";

#[derive(Args)]
pub(crate) struct ExportArguments {
    /// Write the cases of this edition only [default: each case in each of its editions]
    #[arg(long)]
    pub(crate) edition: Option<Edition>,
    /// Read the fixtures from this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct CoverageArguments {
    /// Show every clause with its cases
    #[arg(long, conflicts_with = "claims")]
    pub(crate) details: bool,
    /// Show every `must` with the passages that carry it, case by case, as Markdown
    #[arg(long)]
    pub(crate) claims: bool,
    /// Read the fixtures from this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct AcceptArguments {
    /// The directory of the baseline
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    #[command(flatten)]
    pub(crate) cases: Cases,
    /// Show what differs, and write nothing; exit code 1 if something differs
    #[arg(long, conflicts_with_all = ["all", "delete_unreferenced"])]
    pub(crate) diff: bool,
    /// Accept all that differs without asking
    #[arg(long)]
    pub(crate) all: bool,
    /// Delete files in the directory that belong to no case
    #[arg(long)]
    pub(crate) delete_unreferenced: bool,
    /// Read the fixtures from this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ReportArguments {
    #[command(subcommand)]
    pub(crate) command: Option<ReportCommand>,
    /// Formats, as for `run --report`, and saved runs: `report junit markdown=summary.md run.json`. Without a format, the
    /// runs are shown as `run` shows them
    #[arg(value_name = "FORMAT[=PATH]|FROM.json", required = true)]
    pub(crate) words: Vec<String>,
}

#[derive(Subcommand)]
pub(crate) enum ReportCommand {
    /// Join the saved parts of one run; the whole goes to stdout as JSON unless `--report` names something else
    Merge {
        /// The saved parts, which have no case in common
        #[arg(value_name = "FROM.json", required = true)]
        files: Vec<String>,
        /// Write the whole in this format; repeatable
        #[arg(long, value_name = "FORMAT[=PATH]")]
        report: Vec<String>,
    },
    /// Show what came, went and changed from one saved run to the next
    Trend {
        /// The saved runs, in any order
        #[arg(value_name = "FROM.json", required = true)]
        files: Vec<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum DeviationsCommand {
    /// Run all cases and write the list of known deviations; what people wrote into the list is kept
    Update(Box<UpdateArguments>),
}

#[derive(Args)]
pub(crate) struct UpdateArguments {
    #[command(flatten)]
    pub(crate) run: RunArguments,
    /// The file to write [default: the list that `--deviations` or the target names]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Do not run these cases, and leave their entries as they are: ids or globs; repeatable
    #[arg(long, value_name = "CASE")]
    pub(crate) skip: Vec<String>,
    /// The `reason` of new entries
    #[arg(long, value_name = "TEXT", default_value = "not read yet")]
    pub(crate) reason: String,
    /// The date on which new entries expire [default: in 90 days]; if given, expired entries that still deviate get it
    /// too
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) expires: Option<Date>,
}

#[derive(Args)]
pub(crate) struct ServeArguments {
    /// Listen at this address
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// The edition that the server implements [default: that of the mutant, else key-only]
    #[arg(long)]
    pub(crate) edition: Option<Edition>,
    /// The delay after which reads show a state change
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) consistency_delay: Duration,
    /// Answer every Nth request with ThrottlingException
    #[arg(long, value_name = "N")]
    pub(crate) throttle_every: Option<u32>,
    /// The time that every answer takes
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) latency: Duration,
    /// Write a configuration file for clients of this server, to be used with `run --config FILE --target reference`
    #[arg(long, value_name = "FILE")]
    pub(crate) config_out: Option<PathBuf>,
    /// Explain each wrong signature on stderr: which step of it differs, with the server's text and the signer's
    #[arg(long)]
    pub(crate) explain_signature: bool,
    /// Serve a mutant: the reference with one named fault
    #[arg(long, value_name = "NAME")]
    pub(crate) mutant: Option<String>,
}

#[derive(Args)]
pub(crate) struct SelfcheckArguments {
    /// Check only these mutants: names or globs such as `*-null`
    #[arg(value_name = "MUTANT")]
    pub(crate) mutants: Vec<String>,
    /// Check only the mutants of this set, or only the controls [default: all]
    #[arg(long, value_name = "SET", value_enum, conflicts_with = "explore")]
    pub(crate) set: Option<ServerSet>,
    /// Send each mutant only the case that must find it, in place of all cases that reach its fault
    #[arg(long)]
    pub(crate) quick: bool,
    /// Send each mutant every case that is not slow, also those at which it does the same as the reference
    #[arg(long, conflicts_with_all = ["quick", "explore", "join"])]
    pub(crate) every_case: bool,
    /// Check only this part of the mutants and controls: `hash:1/4` is the first of four, and each is in exactly one part
    #[arg(long, value_name = "hash:M/N", conflicts_with = "explore")]
    pub(crate) partition: Option<Partition>,
    /// Check nothing: join what the parts wrote with `--kills`. Give the names, `--set` and `--quick` of the parts again
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["explore", "partition", "jobs"])]
    pub(crate) join: Vec<PathBuf>,
    /// Send generated requests instead of the cases
    #[arg(long, conflicts_with_all = ["quick", "matrix", "kills"])]
    pub(crate) explore: bool,
    /// The most exchanges that `--explore` spends on a mutant
    #[arg(long, value_name = "N", default_value = "10000", requires = "explore", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) exchanges: u32,
    /// The seed of the generated requests of `--explore`
    #[arg(long, requires = "explore")]
    pub(crate) seed: Option<u64>,
    /// Write which cases find each mutant and diverge at each control to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) kills: Option<PathBuf>,
    /// Write the kill matrix of our own mutants to this file: clause by mutant, then mutant by case
    #[arg(long, value_name = "FILE")]
    pub(crate) matrix: Option<PathBuf>,
    /// The number of mutants that are checked at the same time, and of controls beside them [default: eight per core; with
    /// `--explore` one per core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,
}
