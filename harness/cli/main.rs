//! The command `trentcheck`. The libraries return values; this prints them and exits.

mod accept;
mod arguments;
mod configuration;
mod connection;
mod corpus;
mod coverage;
mod embedded;
mod explain;
mod explore;
mod explore_mutants;
mod failure;
mod list;
mod output;
mod progress;
mod record;
mod regress;
mod run;
mod selfcheck;
mod serve;
mod terminal;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    // clap itself exits with 2 on wrong usage, which is the code for it here too.
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::internal(format!("start the runtime: {error}")).report(),
    };
    let outcome = runtime.block_on(dispatch(arguments));
    // An exchange with a target that hangs must not keep the process.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.report(),
    }
}

async fn dispatch(arguments: Arguments) -> Result<u8, Failure> {
    match arguments.command {
        None => run::run(arguments.run, arguments::Cases::default()).await,
        Some(Command::Run { cases, run }) => run::run(run, cases).await,
        Some(Command::Record { directory, cases, run, delete_unreferenced }) => {
            record::record(*run, cases, &directory, regress::Unreferenced::of(delete_unreferenced)).await
        }
        Some(Command::Accept(accept)) => accept::accept(&accept),
        Some(Command::List { cases, fixtures }) => list::list(&cases, fixtures.as_deref()),
        Some(Command::Explain { case, edition, fixtures }) => explain::explain(&case, edition, fixtures.as_deref()),
        Some(Command::Coverage { fixtures }) => coverage::coverage(fixtures.as_deref()),
        Some(Command::Selfcheck(selfcheck)) if selfcheck.explore => explore_mutants::measure(selfcheck).await,
        Some(Command::Selfcheck(selfcheck)) => selfcheck::selfcheck(selfcheck).await,
        Some(Command::Explore(explore)) => explore::explore(*explore).await,
        Some(Command::Serve(serve)) => serve::serve(serve).await,
    }
}
