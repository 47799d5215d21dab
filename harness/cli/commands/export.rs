//! `trentcheck export`.

use crate::arguments::{Cases, ExportArguments};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::setup::corpus::{corpus, selection};
use trentcheck_core::export::export as document;
use trentcheck_core::fixture::{Case, Edition};
use trentcheck_core::report::ExitCode;

/// Writes the selected cases as JSON, with all that they refer to.
pub(crate) fn export(cases: &Cases, arguments: &ExportArguments) -> Result<u8, Failure> {
    let corpus = corpus(arguments.fixtures.as_deref())?;
    let selection = selection(cases, &corpus)?;
    let editions = match arguments.edition {
        Some(edition) => vec![edition],
        None => Edition::ALL.to_vec(),
    };
    let taken: Vec<&Case> = corpus.cases.iter().filter(|case| selection.takes(case)).collect();
    let export = document(&corpus, &taken, &editions).map_err(|error| Failure::usage(error.to_string()))?;
    if export.cases.is_empty() {
        return Err(Failure::rule("no case meets all the conditions"));
    }
    let text = serde_json::to_string_pretty(&export).map_err(|error| Failure::internal(error.to_string()))?;
    output::fixtures_to_stdout(&text);
    Ok(ExitCode::Pass as u8)
}
