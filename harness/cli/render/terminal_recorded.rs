//! Renders how a target compares with recorded facts: a figure of its own, below the cases.

use super::parts::{Detail, bytes};
use super::style::{DIM, GREEN, RED, YELLOW, some_of};
use std::collections::BTreeMap;
use trentcheck_core::report::{FactReport, FactVerdict, RecordedReport, RunReport};

/// The lines; none if no recorded facts were asked for.
pub(super) fn render(report: &RunReport, detail: Detail) -> Vec<String> {
    let Some(recorded) = &report.recorded else { return Vec::new() };
    let mut lines = vec![String::new()];
    for fact in recorded.results.iter().filter(|fact| fact.verdict == FactVerdict::Disagrees) {
        match detail {
            Detail::Full | Detail::Cases => {
                lines.extend(full(fact, report));
                lines.push(String::new());
            }
            Detail::Brief => lines.extend(brief(fact)),
        }
    }
    lines.extend(without_verdict(recorded));
    lines.push(figure(recorded));
    lines
}

/// How many facts the target agrees with.
fn figure(recorded: &RecordedReport) -> String {
    let RecordedReport { facts, agrees, disagrees, not_offered, indeterminate, not_replayed, .. } = recorded;
    let style = if disagrees + not_offered + indeterminate == 0 { GREEN } else { RED };
    let rest: Vec<String> =
        [(disagrees, "disagree"), (not_offered, "not offered"), (indeterminate, "without a verdict")]
            .into_iter()
            .filter(|(count, _)| **count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
    let rest = if rest.is_empty() { String::new() } else { format!(" ({})", rest.join(", ")) };
    format!(
        "{style}recorded facts{style:#}: the target agrees with {agrees} of {facts}{rest}; {not_replayed} not replayed; the exit code does not depend on them"
    )
}

fn brief(fact: &FactReport) -> Option<String> {
    let first = fact.differences.first()?;
    let more = match fact.differences.len() {
        1 => String::new(),
        several => format!(", and {} more", several - 1),
    };
    Some(format!(
        "{RED}≠ {}{RED:#}  {}, {}: recorded {}, found {}{more}",
        fact.id, first.operation, first.place, first.expected, first.found
    ))
}

fn full(fact: &FactReport, report: &RunReport) -> Vec<String> {
    let mut lines = vec![format!("{RED}≠ {}{RED:#}  {}", fact.id, fact.title)];
    for difference in &fact.differences {
        lines.push(format!(
            "    {:9} call {}, {}, {}",
            "where", difference.call, difference.operation, difference.place
        ));
        lines.push(format!("    {:9} {}", "recorded", difference.expected));
        lines.push(format!("    {:9} {RED}{}{RED:#}", "found", difference.found));
    }
    let region = fact.region.as_ref().map(|region| format!(", {region}")).unwrap_or_default();
    lines.push(format!(
        "    {:9} {DIM}{}{region}, edition {}; {}:{}{DIM:#}",
        "when", fact.date, fact.edition, fact.fixture.file, fact.fixture.line
    ));
    for (word, ids) in [("shows", &fact.passages), ("unlike", &fact.disagrees_with)] {
        for passage in ids.iter().filter_map(|id| report.passages.get(id)) {
            lines.push(format!("    {word:9} {DIM}{}, {}: {}{DIM:#}", passage.source, passage.place, passage.says));
        }
    }
    lines.extend(fact.exchanges.iter().flat_map(bytes));
    lines
}

/// The facts without a verdict, a line for each reason.
fn without_verdict(recorded: &RecordedReport) -> Vec<String> {
    let mut by_reason: BTreeMap<(FactVerdict, &str), Vec<&str>> = BTreeMap::new();
    for fact in &recorded.results {
        if let Some(reason) = &fact.reason {
            by_reason.entry((fact.verdict, reason)).or_default().push(&fact.id);
        }
    }
    let mut lines = Vec::new();
    for ((verdict, reason), ids) in by_reason {
        let word = if verdict == FactVerdict::NotOffered { "not offered" } else { "without a verdict" };
        lines.push(format!("{YELLOW}{} recorded facts {word}{YELLOW:#}: {reason}", ids.len()));
        lines.push(format!("    {DIM}{}{DIM:#}", some_of(&ids)));
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines
}
