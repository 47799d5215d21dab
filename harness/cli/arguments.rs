//! The command line.

use crate::connection::ConnectionArguments;
use crate::credentials::CredentialArguments;
use crate::service::ServiceArguments;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
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
    /// Show which cases test each clause, and why some clauses cannot be tested
    Coverage {
        /// Take the fixtures from this directory instead of the built-in ones
        #[arg(long, value_name = "DIR")]
        fixtures: Option<PathBuf>,
    },
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
        /// Print the checks as JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove the keys that a run left, by its ledger or by tag and age
    Sweep(Box<SweepArguments>),
    /// Serve the reference target until interrupted
    Serve(ServeArguments),
}

/// Which cases.
#[derive(Args, Clone, Default)]
pub(crate) struct Cases {
    /// Case ids or globs such as `members/*`; `@FILE` reads them from a file, one a line
    #[arg(value_name = "CASE")]
    pub(crate) patterns: Vec<String>,
    /// Only cases with this tag; repeatable, `@FILE` as above
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Only cases of this level; repeatable
    #[arg(long, value_name = "LEVEL")]
    pub(crate) level: Vec<String>,
    /// Not these cases: ids or globs; repeatable, `@FILE` as above
    #[arg(long, value_name = "CASE")]
    pub(crate) skip: Vec<String>,
}

/// What is tested, and how it is reached.
#[derive(Args, Clone)]
pub(crate) struct TargetArguments {
    /// The target's URL, or `aws` for AWS KMS in the Region; the embedded reference when absent
    #[arg(long, value_name = "URL", env = "TRENTCHECK_ENDPOINT")]
    pub(crate) endpoint: Option<String>,
    /// The Region to sign for [default: us-east-2]
    #[arg(long, env = "TRENTCHECK_REGION")]
    pub(crate) region: Option<String>,
    /// The edition that the target implements [default: key-only]
    #[arg(long, env = "TRENTCHECK_EDITION")]
    pub(crate) edition: Option<Edition>,
    /// Time limit of one exchange, such as 10s or 500ms [default: 10s]
    #[arg(long, value_name = "TIME", env = "TRENTCHECK_TIMEOUT", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// How long to wait for a state change to be seen [default: 1s, off loopback 30s]
    #[arg(long, value_name = "TIME", env = "TRENTCHECK_SETTLE", value_parser = duration)]
    pub(crate) settle: Option<Duration>,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    #[command(flatten)]
    pub(crate) credentials: CredentialArguments,
    /// The caller's account: where no key can be made it is taken from here, where keys are made they have to be in it
    #[arg(long, value_name = "ID", env = "TRENTCHECK_ACCOUNT", value_parser = account)]
    pub(crate) account: Option<String>,
    /// The account of the principal `stranger`, for cases that need a key in it off loopback
    #[arg(long, value_name = "ID", env = "TRENTCHECK_STRANGER_ACCOUNT", value_parser = account)]
    pub(crate) stranger_account: Option<String>,
    /// A key that the target has in a state no client can make, such as `creating=ID`; repeatable
    #[arg(long, value_name = "NAME=ID")]
    pub(crate) provide: Vec<String>,
    /// The same service in another Region, such as `us-west-2=http://127.0.0.1:4567`
    #[arg(long, value_name = "REGION=URL")]
    pub(crate) elsewhere: Option<String>,
    /// A configuration file [default: trentcheck.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "TRENTCHECK_CONFIG")]
    pub(crate) config: Option<PathBuf>,
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
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// The target of this name in the configuration file; repeatable, and `all` stands for every one
    #[arg(long = "target", value_name = "NAME", env = "TRENTCHECK_TARGET")]
    pub(crate) target_names: Vec<String>,
    /// The target's known deviations: what deviates exactly as listed does not fail the run
    #[arg(long, value_name = "FILE", env = "TRENTCHECK_DEVIATIONS")]
    pub(crate) deviations: Option<PathBuf>,
    /// From which level on a mismatch makes a case diverge: must, should or may [default: must]
    #[arg(long, value_name = "LEVEL", env = "TRENTCHECK_FAIL_ON")]
    pub(crate) fail_on: Option<Level>,
    /// Compare with a recorded baseline, and leave a `.snap.new` beside what differs; or with a second target, side by side
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) against: Option<Against>,
    /// A target identical to the first: what differs between those two does not count with `--against URL`
    #[arg(long, value_name = "URL", requires = "against")]
    pub(crate) noise: Option<String>,
    /// Write the whole run as JSON; `json` alone writes to stdout
    #[arg(long, value_name = "json[=PATH]")]
    pub(crate) report: Vec<String>,
    /// Write every key to this file before it is made, so that `sweep` can remove it after a crash
    #[arg(long, value_name = "FILE", env = "TRENTCHECK_LEDGER")]
    pub(crate) ledger: Option<PathBuf>,
    /// Off loopback: send also the cases that need a key. They make keys in the account of `--account`, and touch no other
    #[arg(long)]
    pub(crate) allow_mutation: bool,
    /// Use this key of `[keys]` in trentcheck.toml: cases delete its material, which is imported again; repeatable
    #[arg(long, value_name = "ID")]
    pub(crate) allow_key: Vec<String>,
    /// The keys of the configuration that may be used if they are allowed, by the precondition that they stand in for.
    #[arg(skip)]
    pub(crate) keys: BTreeMap<String, OwnKey>,
    /// Do not ask whether to go on after the plan of a run that makes keys
    #[arg(long)]
    pub(crate) yes: bool,
    /// Cases at a time [default: 8, off loopback 1]
    #[arg(long, env = "TRENTCHECK_JOBS", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    /// Run the cases in random order; a number repeats an order
    #[arg(long, value_name = "SEED", num_args = 0..=1, require_equals = true, default_missing_value = "random")]
    pub(crate) shuffle: Option<String>,
    /// The lane of the judged exchanges
    #[arg(long, default_value = "wire")]
    pub(crate) lane: LaneName,
    /// Time limit of the whole run [default: 15m]
    #[arg(long, value_name = "TIME", env = "TRENTCHECK_DEADLINE", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,
    /// Take the fixtures from this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
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
    #[arg(long, value_name = "FILE", default_value = "trentcheck-failures.json")]
    pub(crate) failures: PathBuf,
}

/// A key of the user's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct OwnKey {
    /// Its id or ARN.
    pub(crate) id: String,
    /// A file with the bytes that were imported into it.
    pub(crate) material: PathBuf,
}

/// What answers are held against, besides the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Against {
    /// A directory of recordings.
    Baseline(PathBuf),
    /// Another target's URL.
    Target(String),
}

impl FromStr for Against {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.contains("://") {
            true => Self::Target(text.to_owned()),
            false => Self::Baseline(PathBuf::from(text)),
        })
    }
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
    /// The edition to implement
    #[arg(long, default_value = "key-only")]
    pub(crate) edition: Edition,
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

/// The lane of the judged exchanges.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LaneName {
    /// Our own exchange: the bytes of the case, every byte of the answer
    Wire,
    /// An ordinary client, for the cases that one can send
    Http,
}

/// Reads the number of an account.
pub(crate) fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account's number has 12 digits".to_owned()),
    }
}

/// Reads `10s`, `500ms` or `15m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time such as `10s`, `500ms` or `15m`");
    let split = text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let time = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60).ok_or_else(wrong)?),
        "h" => Duration::from_secs(number.checked_mul(60 * 60).ok_or_else(wrong)?),
        _ => return Err(wrong()),
    };
    // More than anybody waits, and less than what clocks can count.
    const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    if time > LONGEST { Err(format!("`{text}` is longer than 30 days")) } else { Ok(time) }
}
