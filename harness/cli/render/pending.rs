//! Renders what waits to be accepted into a baseline: each case with the fields that differ.

use super::parts::changed;
use super::style::{DIM, RED};
use trentcheck_core::baseline::{Baseline, compare};

/// The fields that differ, case by case.
pub(crate) fn render(baseline: &Baseline, cases: &[&str]) -> Vec<String> {
    cases.iter().flat_map(|case| of_case(baseline, case)).collect()
}

fn of_case(baseline: &Baseline, case: &str) -> Vec<String> {
    let Some(pending) = baseline.pending.get(case) else { return Vec::new() };
    let mut lines = vec![format!("{RED}≠ {case}{RED:#}  {}", pending.title)];
    match baseline.recorded.get(case) {
        None => lines.push(format!("    {DIM}it has no recording yet{DIM:#}")),
        Some(recorded) => match compare(&recorded.recording, &pending.recording) {
            differences if differences.is_empty() => {
                lines.push(format!("    {DIM}no field differs, only the text around them{DIM:#}"));
            }
            // All of them: a person decides by these lines.
            differences => lines.extend(differences.iter().flat_map(changed)),
        },
    }
    lines
}
