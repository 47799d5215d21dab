//! Annotations for GitHub: workflow commands that a runner reads from stdout. GitHub shows ten of a kind for each step, so
//! there is one for each cause and not one for each case.

use super::standing::{counted, missing, of_run, target};
use crate::fixture::Line;
use crate::report::{CaseReport, Outcome, Report, RunReport};
use std::collections::BTreeMap;

/// The command of an annotation.
#[derive(Clone, Copy)]
enum Kind {
    Error,
    Warning,
}

/// One command a line, the most important first.
pub(super) fn render(report: &Report) -> String {
    let mut lines: Vec<String> = report.runs.iter().flat_map(of_target).collect();
    lines.extend(missing(report).map(|missing| command(Kind::Error, None, "trentcheck", &missing)));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn of_target(run: &RunReport) -> Vec<String> {
    let title = format!("trentcheck: {}", target(run));
    let at = |id: &str| run.cases.iter().find(|case| case.id == id).map(|case| &case.fixture);
    let mut lines = Vec::new();
    for cause in &run.causes {
        let (count, what) = (counted(cause.cases.len()), run.in_a_sentence(cause));
        let message = format!("{count}: {what}\n{}\nrepeat: {}", cause.cases.join(", "), cause.repeat);
        lines.push(command(Kind::Error, at(&cause.example), &title, &message));
    }
    let baseline = run.baseline.iter().flat_map(|baseline| &baseline.causes);
    let drift = baseline.map(|cause| (&cause.sentence, &cause.cases, "drift"));
    let differential = run.differential.iter().flat_map(|found| &found.causes);
    let differences = differential.map(|cause| (&cause.sentence, &cause.cases, "difference"));
    for (sentence, cases, what) in drift.chain(differences) {
        let message = format!("{what}, {}: {sentence}\n{}", counted(cases.len()), cases.join(", "));
        lines.push(command(Kind::Error, cases.first().and_then(|case| at(case)), &title, &message));
    }
    for case in run.cases.iter().filter(|case| case.outcome == Outcome::Stale) {
        let message = format!("{}: the listed deviation is stale", case.id);
        lines.push(command(Kind::Error, Some(&case.fixture), &title, &message));
    }
    lines.extend(of_run(run).map(|why| command(Kind::Error, None, &title, &why.message)));
    lines.extend(without_verdict(run, &title));
    lines
}

/// The cases without a verdict, one annotation for each reason.
fn without_verdict(run: &RunReport, title: &str) -> Vec<String> {
    let mut by_reason: BTreeMap<(Outcome, &str), Vec<&CaseReport>> = BTreeMap::new();
    for case in run.cases.iter().filter(|case| !case.outcome.is_judged() && case.outcome != Outcome::Skipped) {
        by_reason.entry((case.outcome, case.reason.as_deref().unwrap_or_default())).or_default().push(case);
    }
    let mut lines = Vec::new();
    for ((outcome, reason), cases) in by_reason {
        let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        let message = format!("{} {}: {reason}\n{}", counted(ids.len()), outcome.as_str(), ids.join(", "));
        lines.push(command(Kind::Warning, cases.first().map(|case| &case.fixture), title, &message));
    }
    lines
}

fn command(kind: Kind, at: Option<&Line>, title: &str, message: &str) -> String {
    let word = match kind {
        Kind::Error => "error",
        Kind::Warning => "warning",
    };
    let mut properties = Vec::new();
    if let Some(at) = at.filter(|at| !at.file.is_empty()) {
        properties.extend([format!("file={}", property(&at.file)), format!("line={}", at.line)]);
    }
    properties.push(format!("title={}", property(title)));
    format!("::{word} {}::{}", properties.join(","), data(message))
}

/// What stands behind the second `::`, as GitHub unescapes it.
pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, as GitHub unescapes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
