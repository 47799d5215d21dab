//! Several runs in one table.

use super::style::{DIM, meaning, percent};
use trentcheck_core::report::{ExitCode, RunReport};

/// A row for each target, and what they come to. `asked` is how many targets were asked for.
pub(crate) fn summary(reports: &[(&str, &RunReport)], asked: usize, exit_code: ExitCode) -> Vec<String> {
    let width = reports.iter().map(|(name, _)| name.len()).max().unwrap_or_default().max("target".len());
    let mut lines = vec![format!(
        "{DIM}{:width$}  judged  diverge  listed  stale  divergence  coverage  exit code{DIM:#}",
        "target"
    )];
    for (name, report) in reports {
        let figures = &report.figures;
        lines.push(format!(
            "{name:width$}  {:6}  {:7}  {:6}  {:5}  {:>10}  {:>8}  {} ({})",
            figures.judged(),
            figures.diverges,
            figures.listed,
            figures.stale,
            percent(figures.divergence),
            percent(figures.coverage),
            report.exit_code as u8,
            meaning(report, report.exit_code),
        ));
    }
    lines.push(format!("{} of {asked} targets run; exit code {}", reports.len(), exit_code as u8));
    lines
}
