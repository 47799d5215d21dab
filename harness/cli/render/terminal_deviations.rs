//! Renders how a list of known deviations applies to a run.

use super::style::{BOLD, DIM, RED, YELLOW, counted};
use super::table::{self, Cell, Side};
use trentcheck_core::report::{CaseDeviation, CaseReport, Outcome, RunReport, Stale};

/// The stale entries in full, then the listed and flaky cases with one or two lines each.
pub(crate) fn render(report: &RunReport) -> Vec<String> {
    let Some(deviations) = &report.deviations else { return Vec::new() };
    let of = |outcome: Outcome| {
        report
            .cases
            .iter()
            .filter_map(move |case| Some((case, case.deviation.as_ref()?)).filter(|_| case.outcome == outcome))
    };
    let mut lines = Vec::new();
    for (case, deviation) in of(Outcome::Stale) {
        lines.push(String::new());
        lines.extend(stale(case, deviation));
    }
    for entry in &deviations.stale {
        lines.extend([
            String::new(),
            format!("{RED}✗ {}{RED:#}  stale: the entry {}", entry.entry, entry.stale.describe()),
            format!("    {:9} {}", "reason", entry.reason),
            format!("    {:9} {}", "expires", entry.expires),
        ]);
    }
    if report.is_stale() {
        lines.push(format!("    `trentcheck deviations update {}` writes what is true now", deviations.file));
    }
    if report.figures.listed > 0 {
        lines.extend([
            String::new(),
            format!(
                "{BOLD}listed{BOLD:#}: as {} says, {} with a known deviation",
                deviations.file,
                counted(report.figures.listed, "case")
            ),
        ]);
        lines.extend(table(
            of(Outcome::Listed)
                .map(|(case, deviation)| about(case, deviation, case.answer.as_deref().unwrap_or_default())),
        ));
    }
    if report.figures.flaky > 0 {
        lines.extend([
            String::new(),
            format!("{BOLD}flaky{BOLD:#}: {} logged and not scored", counted(report.figures.flaky, "case")),
        ]);
        let reason = |case: &CaseReport| case.reason.clone().unwrap_or_default();
        lines.extend(table(of(Outcome::Flaky).map(|(case, deviation)| about(case, deviation, &reason(case)))));
    }
    for (count, why) in [
        (deviations.not_selected.len(), "concern cases that were not selected"),
        (deviations.no_verdict.len(), "concern cases without a verdict"),
    ] {
        if count > 0 {
            lines.extend([
                String::new(),
                format!("{YELLOW}!{YELLOW:#} {count} of {} entries {why}", deviations.entries),
            ]);
        }
    }
    lines
}

fn stale(case: &CaseReport, deviation: &CaseDeviation) -> Vec<String> {
    let why = deviation.stale.as_ref().map(Stale::describe).unwrap_or_default();
    let mut lines = vec![format!("{RED}✗ {}{RED:#}  stale: it {why}", case.id)];
    if deviation.entry != case.id {
        lines.push(format!("    {:9} {}", "entry", deviation.entry));
    }
    if let Some(Stale::Otherwise { listed, found }) = &deviation.stale {
        lines.extend(listed.iter().map(|text| format!("    {:9} {text}", "listed")));
        lines.extend(found.iter().map(|text| format!("    {:9} {RED}{text}{RED:#}", "found")));
    }
    lines.push(format!("    {:9} {}", "reason", deviation.reason));
    lines.extend(deviation.link.iter().map(|link| format!("    {:9} {link}", "link")));
    lines.push(format!("    {:9} {}", "expires", deviation.expires));
    lines
}

fn about(case: &CaseReport, deviation: &CaseDeviation, did: &str) -> Vec<Cell> {
    let link = deviation.link.as_deref().map(|link| format!(" {link}")).unwrap_or_default();
    let until = format!("{did}: {}{link} {DIM}(until {}){DIM:#}", deviation.reason, deviation.expires);
    vec![Cell::from(&case.id), Cell::from(until)]
}

fn table(rows: impl Iterator<Item = Vec<Cell>>) -> Vec<String> {
    let rows: Vec<_> = rows.collect();
    table::lines(&[Side::Left, Side::Left], &rows).into_iter().map(|line| format!("    {line}")).collect()
}
