//! Several runs in one table.

use super::style::{DIM, percent};
use trentcheck_core::report::Report;

/// A row for each target, and what they come to.
pub(crate) fn summary(report: &Report) -> Vec<String> {
    let rows = || report.runs.iter().map(|run| (run.name.as_deref().unwrap_or_default(), run));
    let width = rows().map(|(name, _)| name.len()).max().unwrap_or_default().max("target".len());
    let mut lines = vec![format!(
        "{DIM}{:width$}  judged  diverge  listed  stale  divergence  coverage  exit code{DIM:#}",
        "target"
    )];
    for (name, run) in rows() {
        let figures = &run.figures;
        lines.push(format!(
            "{name:width$}  {:6}  {:7}  {:6}  {:5}  {:>10}  {:>8}  {} ({})",
            figures.judged(),
            figures.diverges,
            figures.listed,
            figures.stale,
            percent(figures.divergence),
            percent(figures.coverage),
            run.exit_code as u8,
            run.meaning(run.exit_code),
        ));
    }
    lines.push(format!(
        "{} of {} targets run; exit code {}",
        report.runs.len(),
        report.targets,
        report.exit_code as u8
    ));
    lines
}
