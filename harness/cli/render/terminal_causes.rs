//! Renders the causes of divergences: what is to be fixed, each with one example.

use super::parts::{Detail, bytes, difference};
use super::passages::of_report;
use super::style::{BOLD, DIM, RED, counted, shortened, some_of};
use std::collections::BTreeSet;
use trentcheck_core::fixture::Support;
use trentcheck_core::report::{CaseReport, Cause, Mismatch, RunReport};

/// The causes. With all details the cases follow, so an example would be shown twice.
pub(super) fn render(report: &RunReport, detail: Detail) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((cases, reason)) = report.hindrance() {
        let blocked = counted(cases, "case");
        lines.extend([String::new(), format!("{RED}✗ fix this first: {blocked} blocked{RED:#}: {reason}")]);
    }
    if detail != Detail::Full && !report.causes.is_empty() {
        lines.push(String::new());
    }
    for (number, cause) in report.causes.iter().enumerate() {
        if detail == Detail::Full {
            lines.push(String::new());
        }
        let first = if report.is_first(number) { "fix this first: " } else { "" };
        match detail {
            Detail::Brief | Detail::Cases => lines.push(in_a_line(first, cause, report)),
            Detail::Full => lines.extend(with_an_example(first, cause, report)),
        }
    }
    lines
}

fn in_a_line(first: &str, cause: &Cause, report: &RunReport) -> String {
    format!("{} {DIM}({}){DIM:#}", heading(first, cause, &report.in_a_sentence(cause)), cases(cause))
}

fn with_an_example(first: &str, cause: &Cause, report: &RunReport) -> Vec<String> {
    let mut lines = vec![heading(first, cause, &cause.sentence)];
    if let Some(clause) = clause(cause, report) {
        lines.push(format!("    {:9} {clause}", "clause"));
    }
    if cause.cases.len() > 1 {
        lines.push(format!("    {:9} {}", "cases", cases(cause)));
    }
    if let Some(example) = report.cases.iter().find(|case| case.id == cause.example) {
        let label = if cause.cases.len() > 1 { "example" } else { "case" };
        lines.push(format!("    {label:9} {BOLD}{}{BOLD:#}  {}", example.id, example.title));
        lines.extend(example_of(cause, example, report));
    }
    lines.push(format!("    {:9} {}", "repeat", cause.repeat));
    lines
}

/// The mismatch of the example that shows the cause, and the exchanges with it.
fn example_of(cause: &Cause, example: &CaseReport, report: &RunReport) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(times) = example.came_and_went() {
        lines.push(format!("    intermittent: it came and went in {times}, with the same cause"));
    }
    let is_it = |mismatch: &&Mismatch| {
        mismatch.place == cause.place && mismatch.expected == cause.expected && mismatch.found == cause.found
    };
    if let Some(mismatch) = example.failures(report.fail_on).find(is_it) {
        lines.extend(difference(mismatch));
        lines.extend(why(mismatch, report, cause.clause.as_deref(), &mut BTreeSet::new()));
        lines.extend(mismatch.hint.iter().map(|hint| format!("    hint: {hint}")));
    }
    let others = example.failures(report.fail_on).count().saturating_sub(1);
    if others > 0 {
        lines.push(format!("    {DIM}and {others} more in this case; `--details` shows them{DIM:#}"));
    }
    let is_shown = |role: &str| role == "judged" || cause.place.call() == Some(role);
    lines.extend(example.exchanges.iter().filter(|exchange| is_shown(&exchange.role)).flat_map(bytes));
    lines
}

/// Clauses but this one, and the passages that are not among those shown with the case so far.
pub(super) fn why<'a>(
    mismatch: &'a Mismatch,
    report: &RunReport,
    but: Option<&str>,
    shown: &mut BTreeSet<&'a Support>,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, clause) in mismatch.clauses.iter().filter_map(|id| report.clauses.get_key_value(id)) {
        if but != Some(id) {
            lines.push(format!("    {:9} {id} {}", "clause", clause.text));
        }
    }
    const SHOWN: usize = 2;
    if mismatch.supports.is_empty() {
        lines.push(format!("    {:9} {DIM}no passage{DIM:#}", "supports"));
    }
    let fresh: Vec<&Support> = mismatch.supports.iter().filter(|support| !shown.contains(support)).collect();
    for support in fresh.iter().take(SHOWN) {
        lines.extend(of_report(support, report).map(|(verb, passage)| format!("    {verb:9} {DIM}{passage}{DIM:#}")));
        shown.insert(support);
    }
    if fresh.len() > SHOWN {
        lines.push(format!("    {DIM}and {} more; `trentcheck explain` shows all{DIM:#}", fresh.len() - SHOWN));
    }
    lines
}

fn heading(first: &str, cause: &Cause, sentence: &str) -> String {
    format!("{RED}✗ {first}{}{RED:#}: {}", cause.concerns(), shortened(sentence))
}

/// The clause with its text.
fn clause(cause: &Cause, report: &RunReport) -> Option<String> {
    let (id, clause) = report.clauses.get_key_value(cause.clause.as_ref()?)?;
    Some(format!("{id} {}", clause.text))
}

fn cases(cause: &Cause) -> String {
    some_of(&cause.cases.iter().map(String::as_str).collect::<Vec<_>>())
}
