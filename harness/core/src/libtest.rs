//! Each case is a test for `cargo test` and cargo-nextest: filters, `--list`, retries, partitions.
//!
//! A test target with `harness = false` and this `main`:
//!
//! ```no_run
//! # async fn my_server() -> Result<String, std::io::Error> { Ok("http://127.0.0.1:1".to_owned()) }
//! use trentcheck_core::fixture::Edition;
//!
//! fn main() -> std::process::ExitCode {
//!     trentcheck_core::libtest::main(
//!         |check| check.edition(Edition::KeyMaterialId).deviations("known.toml"),
//!         || async { Ok(my_server().await?) },
//!     )
//! }
//! ```
//!
//! `cargo test` starts the server once for all cases; cargo-nextest runs each case in a process with a server of its own.
//! What two cases have in common, such as a request id that comes twice, is not looked for: [`check`](crate::check()) does.
//!
//! | a case that | is shown as |
//! |---|---|
//! | passes | passed |
//! | is listed as a known deviation and deviates exactly so | passed, with `[known deviation]` before its name |
//! | is listed and passes or deviates otherwise (stale) | failed |
//! | diverges, or has no verdict | failed |
//! | is known to be skipped, is listed as flaky, or needs a case that is listed | ignored, with the reason; cargo-nextest shows no reasons |
//! | turns out to be skipped when it is run | ignored; failed under cargo-nextest, which cannot show it as ignored |
//!
//! No case is shown as passed that was not run. [`Check::without`] and [`Check::without_from`] leave out what your server does
//! not have. Under cargo-nextest each such case needs this, since a case that is found not to be supported fails there.

use crate::check::{Check, Settled, with_sources};
use crate::fixture::{Case, Selection};
use crate::report::render::{OneCase, one_case};
use crate::run::foreseen;
use libtest_mimic::{Completion, Failed, Trial};
use std::any::Any;
use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use tokio::runtime::{Builder, Runtime};

pub use libtest_mimic::{Arguments, Conclusion};

/// A server that was started.
pub struct Started {
    address: String,
    /// Dropped when the tests are over.
    kept: Box<dyn Any>,
}

impl Started {
    /// A server at this URL or [`SocketAddr`].
    pub fn at(address: impl ToString) -> Self {
        Self { address: address.to_string(), kept: Box::new(()) }
    }

    /// The same server, which ends when this value is dropped: after the last test. A
    /// [`tokio::process::Child`] needs `kill_on_drop(true)`.
    #[must_use]
    pub fn keeping(self, kept: impl Any) -> Self {
        Self { kept: Box::new(kept), ..self }
    }
}

impl From<String> for Started {
    fn from(address: String) -> Self {
        Self::at(address)
    }
}

impl From<&str> for Started {
    fn from(address: &str) -> Self {
        Self::at(address)
    }
}

impl From<SocketAddr> for Started {
    fn from(address: SocketAddr) -> Self {
        Self::at(address)
    }
}

/// The exit code of libtest if tests fail.
const FAILED: u8 = 101;

/// Why no test was run.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The process in which a test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// All tests share it, as under `cargo test`.
    Shared,
    /// Each test has its own, as under cargo-nextest. It can only pass or fail.
    Own,
}

/// Runs the cases as tests, by the arguments of the command line. `settings` says how to check, and `start` starts the server,
/// on a runtime that goes on until the last test has ended. Nothing is started to list the tests.
///
/// If the settings are wrong, or the server does not come up or cannot be judged at all, the reason is printed once, no test
/// is run, and the exit code is 101.
pub fn main<A: Into<Started>>(
    settings: impl FnOnce(Check) -> Check,
    start: impl AsyncFnOnce() -> Result<A, Failure>,
) -> ExitCode {
    match run(&Arguments::from_args(), process(), settings, start) {
        Ok(conclusion) => conclusion.exit_code(),
        Err(failure) => {
            say(&format!("trentcheck: no case was run: {}", with_sources(&*failure)));
            ExitCode::from(FAILED)
        }
    }
}

/// The same with the arguments given, for a `main` that does more.
///
/// # Errors
///
/// The settings are wrong, or the server does not come up or cannot be judged at all. No test was run.
pub fn run<A: Into<Started>>(
    arguments: &Arguments,
    process: Process,
    settings: impl FnOnce(Check) -> Check,
    start: impl AsyncFnOnce() -> Result<A, Failure>,
) -> Result<Conclusion, Failure> {
    let settled = Settled::of(settings(Check::unaddressed()))?.in_target(target());
    let runtime = Arc::new(Builder::new_multi_thread().enable_all().build()?);
    let judge = Arc::new(Judge { runtime: Arc::clone(&runtime), at: OnceLock::new(), process });
    // Where a case that is not run can say so itself, it says why.
    let is_asked = arguments.ignored || arguments.include_ignored;
    let unrun = match process == Process::Shared && !arguments.list && !is_asked {
        true => Unrun::SaysWhy,
        false => Unrun::IsMarked,
    };
    let mut trials = trials(&settled, &judge, unrun)?;
    let is_run = |trial: &&Trial| !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial);
    let running = trials.iter().filter(is_run).count();
    let mut kept = None;
    if !arguments.list && running > 0 {
        let up_within = settled.up_within();
        let coming = runtime.block_on(async { tokio::time::timeout(up_within, start()).await });
        let server: Started = coming.map_err(|_| format!("the server did not start within {up_within:?}"))??.into();
        let settled = settled.at(&server.address)?;
        kept = Some(server.kept);
        runtime.block_on(settled.wait())?;
        if running > 1 {
            runtime.block_on(can_be_judged(&settled))?;
        }
        let _ = judge.at.set(settled);
    }
    if unrun == Unrun::SaysWhy {
        trials = trials.into_iter().map(|trial| trial.with_ignored_flag(false)).collect();
    }
    let conclusion = libtest_mimic::run(arguments, trials);
    // It may need the runtime to end.
    let _inside = runtime.enter();
    drop(kept);
    Ok(conclusion)
}

#[expect(clippy::print_stderr, reason = "it is the `main` of a test binary")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::disallowed_methods, reason = "a runner says in the environment that it is one, and this is a `main`")]
fn process() -> Process {
    match std::env::var_os("NEXTEST") {
        Some(_) => Process::Own,
        None => Process::Shared,
    }
}

/// Fails if no case can be judged at this server, so that the reason is said once and not by every case.
async fn can_be_judged(settled: &Settled) -> Result<(), Failure> {
    const FIRST: &str = "example/absent-key";
    if settled.excluded.contains_key(FIRST) {
        return Ok(());
    }
    let outcomes = settled.run(Selection::of_ids([FIRST])).await?;
    let Some(case) = outcomes.cases().iter().find(|case| case.id == FIRST) else { return Ok(()) };
    if !case.outcome.is_judged() {
        return Err(outcomes.to_string().into());
    }
    match case.exchanges.iter().any(|exchange| exchange.response.is_some()) {
        true => Ok(()),
        false => Err(format!("it is no KMS, since it gives no answer of HTTP:\n{outcomes}").into()),
    }
}

/// The name of this test target: cargo puts a hash behind it.
fn target() -> String {
    std::env::current_exe().map_or_else(|_| "each_case".to_owned(), |path| target_of(&path))
}

fn target_of(binary: &Path) -> String {
    let stem = binary.file_stem().unwrap_or_default().to_string_lossy();
    let is_hash = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match stem.rsplit_once('-') {
        Some((name, hash)) if is_hash(hash) => name.to_owned(),
        _ => stem.into_owned(),
    }
}

/// How it is told that a case is not to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unrun {
    /// Its test is marked as ignored.
    IsMarked,
    /// Its test says why when it is run.
    SaysWhy,
}

/// One test for each case of the edition that was asked for, and one for entries of the list that have no case. All that are not
/// to be run are marked as ignored.
fn trials(settled: &Settled, judge: &Arc<Judge>, unrun: Unrun) -> Result<Vec<Trial>, Failure> {
    let corpus = settled.corpus;
    let selection = settled.selection()?;
    let skipped = foreseen(corpus, &settled.target, &settled.options()?);
    let list = settled.list.as_ref();
    let listed = |id: &str| list.and_then(|list| list.entry_of(id));
    let taken = |case: &&Case| selection.takes(case) && case.holds_in(settled.target.edition);
    let mut ignored: BTreeMap<&str, String> = BTreeMap::new();
    for case in corpus.cases.iter().filter(taken) {
        let needed = case.requires.iter().find(|id| listed(id).is_some() || skipped.contains_key(id.as_str()));
        let reason = match (skipped.get(case.id()), listed(case.id()), needed) {
            (Some(reason), ..) => Some(reason.to_string()),
            (None, Some(entry), _) if entry.flaky => Some(format!("flaky as listed: {}", entry.reason)),
            (None, _, Some(needed)) => Some(format!("it needs `{needed}`, which is listed or skipped")),
            (None, ..) => None,
        };
        ignored.extend(reason.map(|reason| (case.id(), reason)));
    }
    let trial = |case: &Case| {
        let (id, judge, reason) = (case.id().to_owned(), Arc::clone(judge), ignored.get(case.id()).cloned());
        let is_expected = listed(case.id()).is_some_and(|entry| !entry.flaky);
        let is_ignored = reason.is_some();
        let trial = Trial::ignorable_test(case.id(), move || match reason {
            Some(reason) if unrun == Unrun::SaysWhy => Ok(Completion::ignored_with(reason)),
            reason => judge.run(&id, reason.as_deref()),
        });
        trial.with_kind(if is_expected { "known deviation" } else { "" }).with_ignored_flag(is_ignored)
    };
    let mut trials: Vec<Trial> = corpus.cases.iter().filter(taken).map(trial).collect();
    if let Some(list) = list {
        let without: Vec<String> = list
            .entries
            .iter()
            .filter(|entry| !corpus.cases.iter().any(|case| entry.covers(case.id())))
            .map(|entry| format!("{}: the entry `{}` matches no case", list.file, entry.pattern()))
            .collect();
        trials.push(Trial::test("every_known_deviation_concerns_a_case", move || match without.is_empty() {
            true => Ok(()),
            false => Err(without.join("\n").into()),
        }));
    }
    Ok(trials)
}

/// Judges one case after the other at the server that was started.
struct Judge {
    runtime: Arc<Runtime>,
    at: OnceLock<Settled>,
    process: Process,
}

impl Judge {
    /// Runs a case. One that is ignored is run only if somebody asks for it.
    fn run(&self, id: &str, ignored: Option<&str>) -> Result<Completion, Failed> {
        let Some(settled) = self.at.get() else { return Err("no server was started".into()) };
        let outcomes = self.runtime.block_on(settled.run(Selection::of_ids([id])))?;
        match one_case(outcomes.report(), id) {
            OneCase::Passed => Ok(Completion::Completed),
            OneCase::Failed(why) => Err(outcomes.redacted(&why).into()),
            OneCase::NotRun(reason) => {
                let reason = outcomes.redacted(ignored.unwrap_or(&reason));
                match self.process {
                    Process::Shared => Ok(Completion::ignored_with(reason)),
                    Process::Own => Err(format!(
                        "it was not run: {reason}\nhint: `.without(\"{id}\", \"…\")` leaves it out if the server lacks this"
                    )
                    .into()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::target_of;

    #[test]
    fn a_test_target_is_named_without_the_hash_of_cargo() {
        for (file, name) in [
            ("target/debug/deps/each_case-0123456789abcdef", "each_case"),
            ("each-case-0123456789abcdef.exe", "each-case"),
            ("each-case", "each-case"),
            ("my-kms-tests", "my-kms-tests"),
        ] {
            assert_eq!(target_of(file.as_ref()), name, "{file}");
        }
    }
}
