//! Renders several runs in one table.

use super::style::percent;
use super::table::{Side, titled};
use trentcheck_core::report::{Report, RunReport};

/// One row for each target, then a summary.
pub(crate) fn summary(report: &Report) -> Vec<String> {
    const COLUMNS: [(&str, Side); 8] = [
        ("target", Side::Left),
        ("judged", Side::Right),
        ("diverge", Side::Right),
        ("listed", Side::Right),
        ("stale", Side::Right),
        ("divergence", Side::Right),
        ("coverage", Side::Right),
        ("exit code", Side::Left),
    ];
    let row = |run: &RunReport| {
        let figures = &run.figures;
        vec![
            run.name.as_deref().unwrap_or_default().into(),
            figures.judged().into(),
            figures.diverges.into(),
            figures.listed.into(),
            figures.stale.into(),
            percent(figures.divergence).into(),
            percent(figures.coverage).into(),
            format!("{} ({})", run.exit_code as u8, run.meaning(run.exit_code)).into(),
        ]
    };
    let mut lines = titled(&COLUMNS, report.runs.iter().map(row).collect());
    lines.push(format!(
        "{} of {} targets run; exit code {}",
        report.runs.len(),
        report.targets,
        report.exit_code as u8
    ));
    lines
}
