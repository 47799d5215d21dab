//! `trentcheck coverage`: which cases test each clause, and what carries each `must`.

use crate::arguments::CoverageArguments;
use crate::edge::failure::Failure;
use crate::edge::output::to_stdout;
use crate::render::claims;
use crate::render::coverage::{Detail, render};
use crate::setup::corpus::corpus;
use trentcheck_core::report::ExitCode;

/// Prints a summary by source, the clauses that cannot be tested, and with `--details` every clause with its cases; or with
/// `--claims` every `must` with its supports.
pub(crate) fn coverage(arguments: &CoverageArguments) -> Result<u8, Failure> {
    let corpus = corpus(arguments.fixtures.as_deref())?;
    if arguments.claims {
        to_stdout(&claims::render(&corpus));
        return Ok(ExitCode::Pass as u8);
    }
    let detail = if arguments.details { Detail::Full } else { Detail::Summary };
    to_stdout(&render(&corpus, detail));
    Ok(ExitCode::Pass as u8)
}
