//! The list of known deviations of a run, and what it makes of what was found.

use super::configuration::Known;
use super::session::Session;
use crate::edge::failure::Failure;
use std::path::Path;
use std::time::SystemTime;
use trentcheck_core::deviation::{DeviationError, List, apply, day_of};
use trentcheck_core::fixture::Level;
use trentcheck_core::report::RunReport;

/// The list of a run, checked. A list that is for another kind of run is refused.
pub(crate) fn list(session: &Session) -> Result<Option<List>, Failure> {
    let corpus = &session.corpus;
    let list = match &session.known {
        Known::Nothing => return Ok(None),
        Known::File(path) => List::parse(&path.display().to_string(), &text(path)?, corpus),
        Known::Inline { path, text, list } => List::new(path, text, list.clone(), corpus),
    };
    let list = list.map_err(wrong)?;
    fits(&list, session)?;
    Ok(Some(list))
}

/// Refuses a list that is for another kind of run.
pub(crate) fn fits(list: &List, session: &Session) -> Result<(), Failure> {
    list.fits(session.target.edition, session.arguments.fail_on.unwrap_or(Level::Must)).map_err(|error| {
        Failure::usage(error.to_string())
            .hint("choose with `--edition` and `--fail-on`, or take a list that was made so")
    })
}

/// Replays the selected cases and holds what was found against the list of known deviations.
pub(crate) async fn judge(session: &Session, list: Option<&List>) -> Result<RunReport, Failure> {
    let report = session.replay(&session.selection).await?;
    Ok(match list {
        Some(list) => apply(report, list, &session.corpus, day_of(SystemTime::now())),
        None => report,
    })
}

/// The failure that a list cannot be used.
pub(crate) fn wrong(error: DeviationError) -> Failure {
    Failure::usage(error.to_string()).hint("`fixtures/README.md` explains the format")
}

/// The text of a list.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("read `{}`: {error}", path.display())))
}
