//! `trentcheck run`.

use super::differential::{self, Others};
use super::regress::Regression;
use super::several;
use super::shown::view;
use crate::arguments::{Against, Cases, RunArguments};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::edge::writing::Writing;
use crate::render::terminal;
use crate::setup::known;
use crate::setup::session::Session;
use std::time::SystemTime;
use trentcheck_core::deviation::{apply, day_of};
use trentcheck_core::fixture::Selection;
use trentcheck_core::report::ExitCode;

/// Replays the selected cases, prints and writes the reports, and gives the exit code.
pub(crate) async fn run(arguments: impl Into<Box<RunArguments>>, cases: Cases) -> Result<u8, Failure> {
    let arguments = *arguments.into();
    let mut arguments = arguments;
    arguments.against = differential::resolved(arguments.against.take(), &arguments.target)?;
    let names = several::chosen(&arguments)?;
    if names.len() > 1 {
        return several::run(&arguments, &cases, &names).await;
    }
    let session = Session::prepare(RunArguments { target_names: names, ..arguments }, cases).await?;
    let regression = match &session.arguments.against {
        None => None,
        Some(Against::Baseline(directory)) => {
            let head = session.head();
            Some(Regression::prepare(directory, &session.corpus, &session.selection, head)?)
        }
        Some(Against::Target(_)) => None,
    };
    let others = match (&session.arguments.against, &session.arguments.noise) {
        (Some(Against::Target(right)), noise) => Some(Others::prepare(&session, right, noise.as_deref())?),
        (_, Some(_)) => {
            return Err(Failure::usage("find a noise floor without a second target")
                .hint("`--noise` goes with `--against URL|NAME`, and names a target identical to the first"));
        }
        (_, None) => None,
    };
    let list = known::list(&session)?;
    let mut report = session.replay(&session.selection).await?;
    let mut again = None;
    if let Some(regression) = &regression {
        let differing = regression.hold(&mut report);
        again = match differing.is_empty() || report.exit_codes.contains(&ExitCode::Interrupted) {
            true => None,
            // A difference must repeat before it counts.
            false => Some(session.replay(&Selection { patterns: differing, ..Selection::default() }).await?),
        };
        regression.settle(&mut report, again.as_ref());
    }
    if let Some(others) = &others {
        others.compare(&session, &mut report).await?;
    }
    if let Some(list) = &list {
        report = apply(report, list, &session.corpus, day_of(SystemTime::now()));
    }
    session.write(&report)?;
    if !session.writes_to_stdout() {
        output::to_stdout(&terminal::render(&report, &session.corpus, &view(&session)));
    }
    // Last, so that a file that cannot be written does not take the report with it.
    if let Some(regression) = &regression {
        regression.write(&report, again.as_ref(), &session.corpus, Writing::of_environment())?;
    }
    Ok(report.exit_code as u8)
}
