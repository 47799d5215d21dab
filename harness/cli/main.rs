//! The command `trentcheck`. The libraries return values, and this binary prints them and exits.

mod arguments;
mod commands;
mod edge;
mod render;
mod setup;

use arguments::{Arguments, Command, DeviationsCommand};
use clap::Parser;
use commands::{
    accept, coverage, deviations, doctor, evidence, explain, explore, explore_mutants, list, presets, record, regress,
    report, run, selfcheck, serve, sweep,
};
use edge::failure::Failure;
use edge::output;
use std::process::ExitCode;

fn main() -> ExitCode {
    output::protect_environment();
    std::panic::set_hook(Box::new(|panic| output::to_stderr(&format!("internal error: {panic}"))));
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // clap uses exit code 2 for wrong usage, and so does trentcheck.
        Err(error) => {
            let text = error.render().ansi().to_string();
            match error.use_stderr() {
                true => output::to_stderr(text.trim_end()),
                false => output::to_stdout(text.trim_end()),
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::report(&Failure::internal(format!("start the runtime: {error}"))),
    };
    let outcome = runtime.block_on(dispatch(arguments));
    // An exchange with a target that hangs must not keep the process alive.
    runtime.shutdown_background();
    match outcome.and_then(|code| output::delivered().map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => output::report(&failure),
    }
}

async fn dispatch(arguments: Arguments) -> Result<u8, Failure> {
    match arguments.command {
        None => run::run(&arguments.run, &arguments::Cases::default()).await,
        Some(Command::Run { cases, run }) => run::run(&run, &cases).await,
        Some(Command::Record { as_evidence: Some(file), run, .. }) => evidence::record(&run, &file).await,
        Some(Command::Record { directory, cases, run, delete_unreferenced, .. }) => {
            let directory = directory.unwrap_or_default();
            record::record(&run, &cases, &directory, regress::Unreferenced::of(delete_unreferenced)).await
        }
        Some(Command::Accept(accept)) => accept::accept(&accept),
        Some(Command::List { cases, fixtures }) => list::list(&cases, fixtures.as_deref()),
        Some(Command::Explain { case, edition, fixtures }) => explain::explain(&case, edition, fixtures.as_deref()),
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
    }
}
