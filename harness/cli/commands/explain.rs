//! `trentcheck explain CASE`.

use crate::edge::failure::Failure;
use crate::edge::output::to_stdout;
use crate::render::explain::render;
use crate::setup::corpus::corpus;
use std::path::Path;
use trentcheck_core::fixture::{Edition, Glob, GlobError, Selection};
use trentcheck_core::report::ExitCode;

/// Shows one case: what it tests and why, its bytes, what it accepts.
pub(crate) fn explain(id: &str, edition: Edition, fixtures: Option<&Path>) -> Result<u8, Failure> {
    let corpus = corpus(fixtures)?;
    let Some(case) = corpus.case(id) else {
        let pattern: Glob = id.parse().map_err(|error: GlobError| Failure::usage(error.to_string()))?;
        let selection = Selection { patterns: vec![pattern], ..Selection::default() };
        return match selection.check(&corpus) {
            Err(error) => Err(Failure::usage(error.to_string())),
            Ok(()) => Err(Failure::rule(format!("`explain` takes one case, and `{id}` names more"))
                .hint("`trentcheck list` takes globs")),
        };
    };
    to_stdout(&render(&corpus, case, edition)?);
    Ok(ExitCode::Pass as u8)
}
