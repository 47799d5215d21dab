//! The command `trentcheck`. The libraries return values, and this binary prints them and exits.

mod arguments;
mod commands;
mod edge;
mod render;
mod setup;

use arguments::{Arguments, Cases, Command, DeviationsCommand, Given, RunArguments, RunControl};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};
use commands::{
    accept, coverage, deviations, doctor, evidence, explain, explore, explore_mutants, export, list, manual, presets,
    record, regress, replay, report, run, selfcheck, serve, sweep, watch,
};
use edge::failure::Failure;
use edge::output;
use std::process::ExitCode;
use trentcheck_core::fixture::{CORPUS_VERSION, Corpus};

fn main() -> ExitCode {
    output::protect_environment();
    std::panic::set_hook(Box::new(|panic| output::to_stderr(&format!("internal error: {panic}"))));
    let (arguments, given) = match parsed() {
        Ok(parsed) => parsed,
        // clap uses exit code 2 for wrong usage, and so does trentcheck.
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            output::to_stdout(&version());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let text = error.render().ansi().to_string();
            match error.use_stderr() {
                true => output::to_stderr(text.trim_end()),
                false => output::to_stdout(text.trim_end()),
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::report(&Failure::internal(format!("start the runtime: {error}"))),
    };
    let outcome = runtime.block_on(dispatch(arguments, &given));
    // An exchange with a target that hangs must not keep the process alive.
    runtime.shutdown_background();
    match outcome.and_then(|code| output::delivered().map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => output::report(&failure),
    }
}

/// The version of the program, and that of the corpus that comes with it. Reports name the corpus by its digest.
fn version() -> String {
    let (program, digest) = (env!("CARGO_PKG_VERSION"), &Corpus::built_in().digest);
    format!("trentcheck {program}\ncorpus {CORPUS_VERSION} ({digest})")
}

/// The arguments, and how each was given.
fn parsed() -> Result<(Arguments, Given), clap::Error> {
    let mut command = Arguments::command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    let arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    Ok((arguments, Given::of(&command, &matches)))
}

async fn dispatch(arguments: Arguments, given: &Given) -> Result<u8, Failure> {
    match arguments.command {
        None => run_or_watch(&arguments.run, &Cases::default(), &arguments.control, given).await,
        Some(Command::Run { cases, control, run }) => run_or_watch(&run, &cases, &control, given).await,
        Some(Command::Replay { case, trace, run }) => replay::replay(&case, trace, &run).await,
        Some(Command::Record { as_evidence: Some(file), cases, run, .. }) => {
            evidence::record(&run, &cases, &file).await
        }
        Some(Command::Record { directory, cases, run, delete_unreferenced, .. }) => {
            let directory = directory.unwrap_or_default();
            record::record(&run, &cases, &directory, regress::Unreferenced::of(delete_unreferenced)).await
        }
        Some(Command::Accept(accept)) => accept::accept(&accept),
        Some(Command::List { cases, fixtures }) => list::list(&cases, fixtures.as_deref()),
        Some(Command::Explain { case, edition, fixtures }) => explain::explain(&case, edition, fixtures.as_deref()),
        Some(Command::Export { cases, export }) => export::export(&cases, &export),
        Some(Command::Coverage(coverage)) => coverage::coverage(&coverage),
        Some(Command::Presets { names, fixtures }) => presets::presets(&names, fixtures.as_deref()),
        Some(Command::Selfcheck(selfcheck)) if selfcheck.explore => explore_mutants::measure(selfcheck).await,
        Some(Command::Selfcheck(selfcheck)) => selfcheck::selfcheck(selfcheck).await,
        Some(Command::Explore(explore)) => explore::explore(&explore).await,
        Some(Command::Deviations(DeviationsCommand::Update(update))) => deviations::update(&update).await,
        Some(Command::Report(arguments)) => report::report(&arguments),
        Some(Command::Doctor { target, deadline, report }) => doctor::doctor(&target, &report, deadline).await,
        Some(Command::Sweep(sweep)) => sweep::sweep(&sweep).await,
        Some(Command::Serve(serve)) => serve::serve(serve).await,
        Some(Command::Completions { shell }) => Ok(manual::completions(shell)),
        Some(Command::Man { directory }) => manual::man(directory.as_deref()),
    }
}

async fn run_or_watch(run: &RunArguments, cases: &Cases, control: &RunControl, given: &Given) -> Result<u8, Failure> {
    match control.watch {
        true => watch::watch(run, cases, control).await,
        false => run::run(run, cases, control, given).await,
    }
}
