//! Which cases are replayed, and how.

use super::target::TargetArguments;
use super::value::{JOBS, LaneName, duration};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;
use trentcheck_core::fixture::Level;

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

#[derive(Args, Clone)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// The target's known deviations: what deviates exactly as listed does not fail the run
    #[arg(long, value_name = "FILE", env = "TRENTCHECK_DEVIATIONS", hide_env_values = true)]
    pub(crate) deviations: Option<PathBuf>,
    /// From which level on a mismatch makes a case diverge: must, should or may [default: must]
    #[arg(long, value_name = "LEVEL", env = "TRENTCHECK_FAIL_ON", hide_env_values = true)]
    pub(crate) fail_on: Option<Level>,
    /// Compare with a recorded baseline, and leave a `.snap.new` beside what differs; or with a second target, side by
    /// side: a URL, or the name of a target in the configuration file, which has its own settings
    #[arg(long, value_name = "DIR|URL|NAME")]
    pub(crate) against: Option<String>,
    /// A target identical to the first: what differs between those two does not count with a second target
    #[arg(long, value_name = "URL|NAME", requires = "against")]
    pub(crate) noise: Option<String>,
    /// With a baseline: a judged case without a recording fails the run
    #[arg(long)]
    pub(crate) strict: bool,
    /// One line for each divergence
    #[arg(long)]
    pub(crate) brief: bool,
    /// Write the whole run as JSON; `json` alone writes to stdout
    #[arg(long, value_name = "json[=PATH]")]
    pub(crate) report: Vec<String>,
    /// Write every key to this file before it is made, so that `sweep` can remove it after a crash
    #[arg(long, value_name = "FILE", env = "TRENTCHECK_LEDGER", hide_env_values = true)]
    pub(crate) ledger: Option<PathBuf>,
    /// Off loopback: send also the cases that need a key. They make keys in the account of `--account`, and touch no other
    #[arg(long)]
    pub(crate) allow_mutation: bool,
    /// Use this key of `[keys]` in trentcheck.toml: cases delete its material, which is imported again; repeatable
    #[arg(long, value_name = "ID")]
    pub(crate) allow_key: Vec<String>,
    /// Do not ask whether to go on after the plan of a run that makes keys
    #[arg(long)]
    pub(crate) yes: bool,
    /// Cases at a time [default: 8, off loopback 1]
    #[arg(long, env = "TRENTCHECK_JOBS", hide_env_values = true, value_parser = clap::value_parser!(u16).range(JOBS))]
    pub(crate) jobs: Option<u16>,
    /// Run the cases in random order; a number repeats an order
    #[arg(long, value_name = "SEED", num_args = 0..=1, require_equals = true, default_missing_value = "random")]
    pub(crate) shuffle: Option<String>,
    /// The lane of the judged exchanges
    #[arg(long, default_value = "wire")]
    pub(crate) lane: LaneName,
    /// Time limit of the whole run, second looks included; the release of keys has 5m more, on loopback 30s [default: 15m]
    #[arg(long, value_name = "TIME", env = "TRENTCHECK_DEADLINE", hide_env_values = true, value_parser = duration)]
    pub(crate) deadline: Option<Duration>,
    /// Take the fixtures from this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
}
