//! Several runs in one table.

use super::style::{meaning, percent};
use super::table::{Side, titled};
use trentcheck_core::report::{ExitCode, RunReport};

/// A row for each target, and what they come to. `asked` is how many targets were asked for.
pub(crate) fn summary(reports: &[(&str, &RunReport)], asked: usize, exit_code: ExitCode) -> Vec<String> {
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
    let row = |(name, report): &(&str, &RunReport)| {
        let figures = &report.figures;
        vec![
            name.into(),
            figures.judged().into(),
            figures.diverges.into(),
            figures.listed.into(),
            figures.stale.into(),
            percent(figures.divergence).into(),
            percent(figures.coverage).into(),
            format!("{} ({})", report.exit_code as u8, meaning(report, report.exit_code)).into(),
        ]
    };
    let mut lines = titled(&COLUMNS, reports.iter().map(row).collect());
    lines.push(format!("{} of {asked} targets run; exit code {}", reports.len(), exit_code as u8));
    lines
}
