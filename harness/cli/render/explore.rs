//! Renders the result of an exploration.

use super::style::counted;
use trentcheck_core::compare::Mismatch;
use trentcheck_core::explore::{Certainty, Ended, Exploration, Finding, Relation};
use trentcheck_core::normalise::Shown;
use trentcheck_core::report::ExitCode;

/// An exploration, with the context of its report.
pub(crate) struct Explored<'a> {
    /// The result of the exploration.
    pub(crate) exploration: &'a Exploration,
    /// The target, as messages name it.
    pub(crate) endpoint: &'a str,
    /// The command line that repeats the exploration.
    pub(crate) again: &'a str,
    /// Messages about the kept failures.
    pub(crate) kept: &'a [String],
    /// The exit code of the process.
    pub(crate) code: ExitCode,
}

/// Renders each finding, then the kept failures, then a summary and the command line that repeats the exploration.
pub(crate) fn render(explored: &Explored<'_>) -> String {
    let Explored { exploration, endpoint, again, kept, code } = *explored;
    let mut lines = Vec::new();
    for (number, finding) in exploration.findings.iter().enumerate() {
        lines.extend(shown(number + 1, finding));
        lines.push(String::new());
    }
    lines.extend_from_slice(kept);
    for reason in &exploration.reasons {
        lines.push(format!("not judged: {reason}"));
    }
    for left in &exploration.left {
        lines.push(format!("left: {left}"));
    }
    match &exploration.ended {
        Ended::Lost(why) if exploration.generated + exploration.repeated == 0 => {
            lines.push(format!("nothing was explored: {why}"));
        }
        Ended::Lost(why) => lines.push(format!("the exploration ended early: the target stopped answering: {why}")),
        Ended::Interrupted => lines.push("the exploration was interrupted".to_owned()),
        Ended::Done => {}
    }
    let repeated = match exploration.repeated {
        0 => String::new(),
        kept => format!(" and {}", counted(kept, "kept failure")),
    };
    let meaning = match code {
        ExitCode::Divergence => "something was found",
        ExitCode::Pass => "nothing was found",
        other => other.describe(),
    };
    lines.push(format!(
        "{} in {}{repeated}, {} of them judged; {} with {endpoint}; {:.1} s; exit code {} ({meaning})",
        match exploration.findings.len() {
            0 => "nothing found".to_owned(),
            findings => counted(findings, "finding"),
        },
        counted(exploration.generated, "trial"),
        exploration.judged,
        counted(exploration.exchanges, "exchange"),
        exploration.took.as_secs_f64(),
        code as u8,
    ));
    lines.push(format!("again: {again}"));
    lines.join("\n")
}

/// The source of an expectation.
fn said_by(mismatch: &Mismatch<Shown>, relation: Relation) -> String {
    let clauses = mismatch.clauses.join(" ");
    if matches!(relation, Relation::Plain | Relation::Again) {
        return "the target's own other answer".to_owned();
    }
    match (mismatch.supports.is_empty(), clauses.is_empty()) {
        (true, true) => "our reading of the spec, which is no source".to_owned(),
        (true, false) => format!("our reading of {clauses}"),
        (false, true) => mismatch.supports.to_string(),
        (false, false) => format!("{clauses}; {}", mismatch.supports),
    }
}

fn shown(number: usize, finding: &Finding) -> Vec<String> {
    let from = match finding.number {
        Some(number) => format!("trial {number}"),
        None => "a kept failure".to_owned(),
    };
    let mut lines = vec![format!("finding {number}, {} ({from})", finding.level())];
    match finding.certainty {
        Certainty::Smallest => {}
        Certainty::Larger => {
            lines.push("  not minimal: it was repeated, but there was no time to shrink it fully".to_owned())
        }
        Certainty::Once => lines.push("  not repeated: there was no time".to_owned()),
        Certainty::NotAgain => {
            lines.push("  not repeatable: the repeated trial did not show it, so it is not kept".to_owned());
        }
    }
    let (start, steps) = (&finding.trial.start, &finding.steps);
    lines.push(match finding.trial.relation {
        Relation::Plain => {
            let other = steps.get(1).map_or("delete", String::as_str);
            let first = steps.first().map(String::as_str).unwrap_or_default();
            format!("  two keys as in `{start}`; one gets: {first}; the other: {other}")
        }
        _ => format!("  a key as in `{start}`, then: {}", steps.join(", ")),
    });
    for mismatch in &finding.mismatches {
        lines.push(format!("  {}: expected {}, found {}", mismatch.place, mismatch.expected, mismatch.found));
        lines.push(format!("    {} by {}", mismatch.level, said_by(mismatch, finding.trial.relation)));
        if let Some(hint) = &mismatch.hint {
            lines.push(format!("    {hint}"));
        }
    }
    lines.extend(finding.exchange.iter().map(|line| format!("    {line}")));
    lines.push("  as a case:".to_owned());
    lines.extend(finding.case.lines().map(|line| format!("    {line}")));
    lines
}
