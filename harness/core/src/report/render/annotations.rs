//! Annotations for GitHub: workflow commands that a runner reads from stdout. GitHub shows ten of a kind for each step, so
//! there is one for each cause and not one for each case.

use super::standing::{Others, besides, counted, missing, of_run, others, target};
use crate::fixture::Line;
use crate::report::{Report, RunReport};

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
    let whole = of_run(run).map(|why| std::iter::once(why.message).chain(besides(run)).collect::<Vec<_>>().join("\n"));
    lines.extend(whole.map(|message| command(Kind::Error, None, &title, &message)));
    for Others { is_failure, why, cases } in others(run) {
        let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        let message = format!("{} {}: {}\n{}", counted(ids.len()), why.kind, why.message, ids.join(", "));
        let kind = if is_failure { Kind::Error } else { Kind::Warning };
        lines.push(command(kind, cases.first().map(|case| &case.fixture), &title, &message));
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
