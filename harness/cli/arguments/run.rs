//! The flags that select cases and say how they are replayed.

use super::target::TargetArguments;
use super::value::{JOBS, LaneName, duration};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;
use trentcheck_core::fixture::Level;

/// The flags that select cases.
#[derive(Args, Clone, Default)]
pub(crate) struct Cases {
    /// Run these cases: ids or globs such as `members/*`; `@FILE` reads them from a file, one per line
    #[arg(value_name = "CASE")]
    pub(crate) patterns: Vec<String>,
    /// Run only cases with this tag; repeatable, and `@FILE` reads tags from a file
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Run only cases of this level: must, should or may; repeatable
    #[arg(long, value_name = "LEVEL")]
    pub(crate) level: Vec<String>,
    /// Do not run these cases: ids or globs; repeatable, and `@FILE` reads them from a file
    #[arg(long, value_name = "CASE")]
    pub(crate) skip: Vec<String>,
    /// Also take cases that wait for seconds
    #[arg(long)]
    pub(crate) slow: bool,
}

impl Cases {
    /// Whether these are not all cases.
    pub(crate) fn select(&self) -> bool {
        let Self { patterns, tag, level, skip, slow: _ } = self;
        [patterns, tag, level, skip].iter().any(|chosen| !chosen.is_empty())
    }
}

/// The flags of `run` alone: what it runs again, when it stops, and what it shows in place of a run.
#[derive(Args, Clone, Default)]
pub(crate) struct RunControl {
    /// Of the selected cases, run those that failed when they were last run at this target and edition: they diverged,
    /// had no verdict or were flaky. With REPORT, those that failed in this saved run (JSON). If none failed, all are run
    #[arg(long, value_name = "REPORT", num_args = 0..=1, require_equals = true)]
    pub(crate) last_failed: Option<Option<PathBuf>>,
    /// Begin no further case at a target after N cases diverged there; known deviations do not count
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_fail: Option<u32>,
    /// Keep in this directory which cases failed, for `--last-failed`; `none` keeps nothing [default: `trentcheck` in the
    /// user's state directory]
    #[arg(long, value_name = "DIR|none", env = "TRENTCHECK_STATE", hide_env_values = true)]
    pub(crate) state: Option<PathBuf>,
    /// Run the selected cases N times, and make one report of all rounds. Each round makes its keys and releases them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "watch")]
    pub(crate) repeat: Option<u32>,
    /// Run the selected cases again and again for this time, such as 2h; a round that has begun is finished, for which
    /// `--deadline` is 15m longer by default. With `--repeat` too, whichever is reached first ends the run
    #[arg(long = "for", value_name = "TIME", value_parser = some_time, conflicts_with = "watch")]
    pub(crate) time: Option<Duration>,
    /// Run again whenever the fixtures of `--fixtures`, the configuration or the list of deviations change, or the target
    /// restarts; only for one target on loopback. An interrupt ends it
    #[arg(long, conflicts_with = "print_config")]
    pub(crate) watch: bool,
    /// Show the settings and where each comes from, and send nothing
    #[arg(long)]
    pub(crate) print_config: bool,
}

#[derive(Args, Clone)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// The list of the target's known deviations; a case that deviates exactly as listed does not fail the run
    #[arg(long, value_name = "FILE", env = "TRENTCHECK_DEVIATIONS", hide_env_values = true)]
    pub(crate) deviations: Option<PathBuf>,
    /// The level from which on a mismatch makes a case diverge: must, should or may [default: must]
    #[arg(long, value_name = "LEVEL", env = "TRENTCHECK_FAIL_ON", hide_env_values = true)]
    pub(crate) fail_on: Option<Level>,
    /// Compare with a recorded baseline (DIR), or with a second target (URL, or NAME in the configuration file). With a
    /// baseline, a `.snap.new` file is written for each case that differs
    #[arg(long, value_name = "DIR|URL|NAME")]
    pub(crate) against: Option<String>,
    /// A target identical to the first one; a field that differs between these two is not counted as a difference
    #[arg(long, value_name = "URL|NAME", requires = "against")]
    pub(crate) noise: Option<String>,
    /// With a baseline, fail the run if a judged case has no recording
    #[arg(long)]
    pub(crate) strict: bool,
    /// Replay recorded facts too, after the cases: calls that were recorded at AWS KMS, and what it answered. Their figure
    /// changes no exit code. With FILE, those of this file, as `record --as-evidence` writes it
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) recorded: Option<Option<PathBuf>>,
    /// Show each cause of divergences, drift or differences in one line
    #[arg(long)]
    pub(crate) brief: bool,
    /// Show every case that diverges, drifts or differs, not only one example for each cause
    #[arg(long, conflicts_with = "brief")]
    pub(crate) details: bool,
    /// Write a report to PATH, or to stdout without one; repeatable. Formats: json, junit, markdown, html, github, ndjson,
    /// prometheus, badge-divergence, badge-coverage. `markdown` alone is appended to the file that GITHUB_STEP_SUMMARY
    /// names, if it is set
    #[arg(long, value_name = "FORMAT[=PATH]")]
    pub(crate) report: Vec<String>,
    /// Record every key in this file before it is created, so that `sweep` can remove it after a crash
    #[arg(long, value_name = "FILE", env = "TRENTCHECK_LEDGER", hide_env_values = true)]
    pub(crate) ledger: Option<PathBuf>,
    /// Off loopback: send also the cases that need a key. The run creates keys in the account of `--account` and
    /// changes no other keys
    #[arg(long)]
    pub(crate) allow_mutation: bool,
    /// Use this key, which `[keys]` in trentcheck.toml lists; cases delete its material, and trentcheck imports it
    /// again; repeatable
    #[arg(long, value_name = "ID")]
    pub(crate) allow_key: Vec<String>,
    /// Do not ask for confirmation after the plan of a run that creates keys is printed
    #[arg(long)]
    pub(crate) yes: bool,
    /// The most cases that run at the same time: fewer while the target throttles or does not answer [default: 8, off loopback 1]
    #[arg(long, env = "TRENTCHECK_JOBS", hide_env_values = true, value_parser = clap::value_parser!(u16).range(JOBS))]
    pub(crate) jobs: Option<u16>,
    /// Run the cases in random order; with SEED, repeat the order of that seed
    #[arg(long, value_name = "SEED", num_args = 0..=1, require_equals = true, default_missing_value = "random")]
    pub(crate) shuffle: Option<String>,
    /// The lane that sends the judged exchanges
    #[arg(long, default_value = "wire")]
    pub(crate) lane: LaneName,
    /// The time limit of the whole run, second looks and rounds included; the release of keys has 5m more, on loopback 30s
    /// [default: 15m]
    #[arg(long, value_name = "TIME", env = "TRENTCHECK_DEADLINE", hide_env_values = true, value_parser = duration)]
    pub(crate) deadline: Option<Duration>,
    /// Wait for up to this time until the target can be reached [default: 0s]
    #[arg(long, value_name = "TIME", env = "TRENTCHECK_WAIT", hide_env_values = true, value_parser = duration)]
    pub(crate) wait: Option<Duration>,
    /// Read the fixtures from this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
}

/// A time that is longer than nothing.
fn some_time(text: &str) -> Result<Duration, String> {
    duration(text).and_then(|time| if time.is_zero() { Err(format!("`{text}` is no time at all")) } else { Ok(time) })
}
