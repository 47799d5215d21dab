//! Renders how the runs at each target changed.

use super::style::{BOLD, DIM, GREEN, RED, YELLOW, percent, shortened};
use super::table::{Cell, Side, titled};
use anstyle::Style;
use trentcheck_core::report::{CaseReport, RunReport, Step, Trend};

/// A table of figures for each target, then what came, went and changed from each run to the next.
pub(crate) fn render(trends: &[Trend<'_>]) -> String {
    let mut lines = Vec::new();
    for trend in trends {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!("{BOLD}== {}{BOLD:#}", trend.target));
        lines.extend(table(&trend.runs));
        for (step, pair) in trend.steps.iter().zip(trend.runs.windows(2)) {
            lines.push(String::new());
            lines.extend(of_step(step, pair[0], pair[1]));
        }
        if trend.steps.is_empty() {
            lines.push(format!("{YELLOW}one run only: there is nothing to compare it with{YELLOW:#}"));
        }
    }
    lines.join("\n")
}

fn table(runs: &[&RunReport]) -> Vec<String> {
    const COLUMNS: [(&str, Side); 7] = [
        ("run", Side::Left),
        ("judged", Side::Right),
        ("diverge", Side::Right),
        ("causes", Side::Right),
        ("divergence", Side::Right),
        ("coverage", Side::Right),
        ("exit code", Side::Right),
    ];
    let row = |run: &&RunReport| {
        let figures = &run.figures;
        vec![
            Cell::from(&run.started),
            figures.judged().into(),
            figures.diverges.into(),
            run.causes.len().into(),
            percent(figures.divergence).into(),
            percent(figures.coverage).into(),
            (run.exit_code as u8).into(),
        ]
    };
    titled(&COLUMNS, runs.iter().map(row).collect())
}

fn of_step(step: &Step<'_>, before: &RunReport, after: &RunReport) -> Vec<String> {
    let mut lines = vec![format!("{DIM}{} → {}{DIM:#}", before.started, after.started)];
    if step.has_other_corpus {
        lines.push(format!("{YELLOW}the cases are those of another corpus{YELLOW:#}"));
    }
    let lists: [(&str, Style, &[&CaseReport]); 7] = [
        ("came", RED, &step.came),
        ("went", GREEN, &step.went),
        ("changed", RED, &step.changed),
        ("diverged before and have no verdict now", YELLOW, &step.unknown),
        ("were right before and have no verdict now", YELLOW, &step.lost),
        ("new", DIM, &step.new),
        ("removed", DIM, &step.removed),
    ];
    for (what, style, cases) in lists.iter().filter(|(.., cases)| !cases.is_empty()) {
        lines.push(format!("{style}{} {what}{style:#}", cases.len()));
        lines.extend(cases.iter().map(|case| format!("    {}{}", case.id, why(case, after))));
    }
    if step.is_quiet() {
        lines.push(format!("{GREEN}nothing came, went or changed{GREEN:#}"));
    }
    lines
}

/// Why a case diverges, by the first of its causes.
fn why(case: &CaseReport, run: &RunReport) -> String {
    let cause = run.causes.iter().find(|cause| cause.cases.contains(&case.id));
    cause.map_or_else(String::new, |cause| format!("  {DIM}{}{DIM:#}", shortened(&run.in_a_sentence(cause))))
}
