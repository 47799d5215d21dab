//! Cases that diverged once and not again, with both answers, as a person reads them.

use super::parts::{Detail, bytes, difference};
use super::style::{DIM, YELLOW, shortened};

use trentcheck_core::report::{CaseReport, Mismatch, Outcome, RunReport, SecondLook};

/// A case of each look in full, or on a line.
pub(crate) fn render(report: &RunReport, detail: Detail) -> Vec<String> {
    let mut lines = Vec::new();
    let flaky = report.cases.iter().filter(|case| case.outcome == Outcome::Flaky && case.deviation.is_none());
    for case in flaky {
        let Some(second) = &case.second else { continue };
        if detail == Detail::Full || lines.is_empty() {
            lines.push(String::new());
        }
        match detail {
            Detail::Full | Detail::Cases => lines.extend(full(case, second)),
            Detail::Brief => lines.push(brief(case, second)),
        }
    }
    lines
}

fn brief(case: &CaseReport, second: &SecondLook) -> String {
    let answer = |answer: &Option<String>| shortened(answer.as_deref().unwrap_or("nothing"));
    format!("{YELLOW}~ {}{YELLOW:#}  flaky: {}, then {}", case.id, answer(&case.answer), answer(&second.answer))
}

fn full(case: &CaseReport, second: &SecondLook) -> Vec<String> {
    let mut lines = vec![format!("{YELLOW}~ {}{YELLOW:#}  {}", case.id, case.title)];
    lines.extend(case.reason.iter().map(|reason| format!("    flaky: {reason}")));
    lines.extend(case.once.iter().flat_map(difference));
    // What was found may be what a call afterwards showed.
    let is_shown = |role: &str, mismatches: &[Mismatch]| {
        role == "judged" || mismatches.iter().any(|mismatch| [Some(role)].contains(&mismatch.place.call()))
    };
    lines.push(format!("    {DIM}first look{DIM:#}"));
    lines.extend(case.exchanges.iter().filter(|exchange| is_shown(&exchange.role, &case.once)).flat_map(bytes));
    lines.push(format!("    {DIM}second look{DIM:#}"));
    lines.extend(second.mismatches.iter().flat_map(difference));
    lines.extend(second.exchanges.iter().filter(|exchange| is_shown(&exchange.role, &case.once)).flat_map(bytes));
    lines.push(format!("    {:9} {}", "repeat", case.repeat));
    lines
}
