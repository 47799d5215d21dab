//! `trentcheck list`.

use crate::arguments::Cases;
use crate::edge::failure::Failure;
use crate::edge::output::to_stdout;
use crate::setup::corpus::{corpus, selection};
use std::path::Path;
use trentcheck_core::report::ExitCode;

/// Lists the selected cases, a line each, under the titles of their groups.
pub(crate) fn list(cases: &Cases, fixtures: Option<&Path>) -> Result<u8, Failure> {
    let corpus = corpus(fixtures)?;
    let selection = selection(cases, &corpus)?;
    let mut lines = Vec::new();
    let mut count = 0;
    let width = corpus.cases.iter().map(|case| case.id().len()).max().unwrap_or_default();
    for group in &corpus.groups {
        let taken: Vec<_> =
            corpus.cases.iter().filter(|case| case.group() == group.name && selection.takes(case)).collect();
        if taken.is_empty() {
            continue;
        }
        lines.push(group.title.clone());
        for case in taken {
            count += 1;
            lines.push(format!("  {:width$}  {:6}  {:7}  {}", case.id(), case.level, case.danger, case.title));
        }
        lines.push(String::new());
    }
    if count == 0 {
        return Err(Failure::rule("no case meets all the conditions"));
    }
    lines.push(format!("{count} cases"));
    to_stdout(&lines.join("\n"));
    Ok(ExitCode::Pass as u8)
}
