//! `trentcheck presets`.

use crate::edge::failure::Failure;
use crate::edge::output::to_stdout;
use crate::render::presets::render;
use crate::setup::corpus::corpus;
use crate::setup::preset::find;
use std::path::Path;
use trentcheck_core::report::ExitCode;

/// Shows the presets of these names, or all.
pub(crate) fn presets(names: &[String], fixtures: Option<&Path>) -> Result<u8, Failure> {
    let corpus = corpus(fixtures)?;
    let chosen = match names.is_empty() {
        true => corpus.presets.iter().collect(),
        false => names.iter().map(|name| find(&corpus, name)).collect::<Result<Vec<_>, _>>()?,
    };
    if chosen.is_empty() {
        return Err(Failure::rule("these fixtures have no presets"));
    }
    to_stdout(&render(&chosen));
    Ok(ExitCode::Pass as u8)
}
