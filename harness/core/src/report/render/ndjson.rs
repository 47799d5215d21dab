//! One JSON object a line, so that a program can follow a run: when it begins, each case as it ends, and how it ended.

use crate::report::{CaseRan, CaseReport, Outcome, Report, RunReport, TargetReport};
use serde_json::{Value, json};

/// The lines of a whole report: those that a run writes while it goes on.
pub(super) fn render(report: &Report) -> String {
    let mut lines = Vec::new();
    for run in &report.runs {
        let name = run.name.as_deref();
        lines.push(began(name, &run.target, run.figures.selected));
        lines.extend(run.cases.iter().map(|case| of_report(name, case)));
    }
    lines.extend(ended(report));
    lines.concat()
}

/// The line for the beginning of a run. `name` is the name of its target in the configuration.
pub fn began(name: Option<&str>, target: &TargetReport, selected: usize) -> String {
    let TargetReport { endpoint, region, edition, .. } = target;
    line(&json!({
        "event": "began", "target": name, "endpoint": endpoint, "region": region, "edition": edition,
        "selected": selected,
    }))
}

/// The line for a case that has just ended. What a list of known deviations says of it is only in the report.
pub fn case(name: Option<&str>, case: &CaseRan) -> String {
    let CaseRan { id, outcome, reason, mismatches, duration_us, pinned, .. } = case;
    let answer = Some(pinned.answer.as_str()).filter(|answer| !answer.is_empty());
    of_case(name, id, *outcome, (answer, reason.as_deref()), (mismatches.len(), *duration_us))
}

/// The line for a case of a report.
pub fn of_report(name: Option<&str>, case: &CaseReport) -> String {
    let CaseReport { id, outcome, reason, mismatches, duration_us, answer, .. } = case;
    of_case(name, id, *outcome, (answer.as_deref(), reason.as_deref()), (mismatches.len(), *duration_us))
}

/// The last lines: one for each run, with its figures and causes, and one for all.
pub fn ended(report: &Report) -> Vec<String> {
    let of_run = |run: &RunReport| {
        let causes: Vec<Value> = run
            .causes
            .iter()
            .map(|cause| json!({ "sentence": run.in_a_sentence(cause), "cases": cause.cases, "repeat": cause.repeat }))
            .collect();
        line(&json!({
            "event": "ended", "target": run.name, "figures": run.figures, "causes": causes,
            "exit_code": run.exit_code, "exit_codes": run.exit_codes,
        }))
    };
    let mut lines: Vec<String> = report.runs.iter().map(of_run).collect();
    lines.push(line(&json!({
        "event": "done", "exit_code": report.exit_code, "exit_codes": report.exit_codes,
        "targets": report.targets, "runs": report.runs.len(),
    })));
    lines
}

fn of_case(
    target: Option<&str>,
    id: &str,
    outcome: Outcome,
    (answer, reason): (Option<&str>, Option<&str>),
    (mismatches, duration_us): (usize, u64),
) -> String {
    line(&json!({
        "event": "case", "target": target, "id": id, "outcome": outcome, "answer": answer, "reason": reason,
        "mismatches": mismatches, "duration_us": duration_us,
    }))
}

fn line(event: &Value) -> String {
    format!("{event}\n")
}
