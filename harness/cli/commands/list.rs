//! `trentcheck list`.

use crate::arguments::Cases;
use crate::edge::failure::Failure;
use crate::edge::output::to_stdout;
use crate::render::table::{self, Side};
use crate::setup::corpus::{corpus, selection};
use std::path::Path;
use trentcheck_core::fixture::{Case, Group};
use trentcheck_core::report::ExitCode;

/// Lists the selected cases, a line each, under the titles of their groups.
pub(crate) fn list(cases: &Cases, fixtures: Option<&Path>) -> Result<u8, Failure> {
    let corpus = corpus(fixtures)?;
    let selection = selection(cases, &corpus)?.with_slow();
    let groups = corpus.groups.iter();
    let taken: Vec<(&Group, &Case)> = groups
        .flat_map(|group| corpus.cases.iter().filter(|case| case.group() == group.name).map(move |case| (group, case)))
        .filter(|(_, case)| selection.takes(case))
        .collect();
    if taken.is_empty() {
        return Err(Failure::rule("no case meets all the conditions"));
    }
    let row = |(_, case): &(&Group, &Case)| {
        let title = if case.slow { format!("{} (slow)", case.title) } else { case.title.clone() };
        vec![case.id().into(), case.level.into(), case.danger.into(), title.into()]
    };
    let rows: Vec<_> = taken.iter().map(row).collect();
    // One table, so that the columns of all groups are in one place.
    let mut lines = Vec::new();
    let mut title = None;
    for ((group, _), line) in taken.iter().zip(table::lines(&[Side::Left; 4], &rows)) {
        if title != Some(&group.title) {
            lines.extend(title.map(|_| String::new()));
            title = Some(&group.title);
            lines.push(group.title.clone());
        }
        lines.push(format!("  {line}"));
    }
    lines.extend([String::new(), format!("{} cases", taken.len())]);
    to_stdout(&lines.join("\n"));
    Ok(ExitCode::Pass as u8)
}
