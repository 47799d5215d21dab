//! Renders the comparison of two targets.

use super::style::{BOLD, DIM, RED, YELLOW, percent, shortened, some_of};
use std::collections::BTreeMap;
use trentcheck_core::report::{Agrees, DifferentialReport, RunReport, SideBySide};

/// If a field differs in the same way in this number of cases, it is printed once for all of them.
const EVERYWHERE: usize = 5;

/// The most fields that are printed for a case.
const SHOWN: usize = 12;

/// The differences in many cases, then the differences case by case, then the cases that were not compared.
pub(crate) fn render(report: &RunReport) -> Vec<String> {
    let Some(found) = &report.differential else { return Vec::new() };
    let mut lines = vec![String::new(), heading(found, report)];
    let everywhere: BTreeMap<&SideBySide, usize> =
        found.by_field().into_iter().filter(|(_, count)| *count >= EVERYWHERE).collect();
    for (field, count) in &everywhere {
        lines.push(format!("    {BOLD}in {count} cases{BOLD:#}"));
        lines.extend(side_by_side(field));
    }
    let mut nothing_else = Vec::new();
    for difference in &found.differ {
        let own: Vec<&SideBySide> =
            difference.differences.iter().filter(|field| !everywhere.contains_key(field)).collect();
        if own.is_empty() && difference.agrees == Agrees::Both {
            nothing_else.push(difference.case.as_str());
            continue;
        }
        lines.push(format!("{RED}≠ {}{RED:#}  {}", difference.case, agrees(difference.agrees)));
        lines.extend(own.iter().take(SHOWN).flat_map(|field| side_by_side(field)));
        if own.len() > SHOWN {
            lines.push(format!("    and {} more", own.len() - SHOWN));
        }
    }
    if !nothing_else.is_empty() {
        lines.push(format!(
            "{DIM}{} cases differ in nothing else: {}{DIM:#}",
            nothing_else.len(),
            some_of(&nothing_else)
        ));
    }
    for (fields, what) in
        [(&found.noise, "differ between identical targets too"), (&found.passing, "differed once and not again")]
    {
        let mut by_places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for field in fields {
            by_places.entry(field.places.join(", ")).or_default().push(&field.case);
        }
        for (places, cases) in by_places {
            lines.push(format!("{DIM}{places} {what}, in {} cases: {}{DIM:#}", cases.len(), some_of(&cases)));
        }
    }
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for uncompared in &found.not_compared {
        by_reason.entry(&uncompared.reason).or_default().push(&uncompared.case);
    }
    for (reason, cases) in by_reason {
        lines.push(format!("{YELLOW}{} not compared{YELLOW:#}: {reason}", cases.len()));
        lines.push(format!("    {DIM}{}{DIM:#}", some_of(&cases)));
    }
    if !found.unconfirmed.is_empty() {
        lines.push(format!(
            "{YELLOW}{} not confirmed{YELLOW:#}: it differed, and there was no verdict at the second look",
            found.unconfirmed.len()
        ));
        let cases: Vec<&str> = found.unconfirmed.iter().map(String::as_str).collect();
        lines.push(format!("    {DIM}{}{DIM:#}", some_of(&cases)));
    }
    lines
}

fn heading(found: &DifferentialReport, report: &RunReport) -> String {
    let count = |side: Agrees| found.differ.iter().filter(|difference| difference.agrees == side).count();
    let floor = match &found.noise_from {
        Some(target) => format!(", noise floor from {}", target.endpoint),
        None => String::new(),
    };
    format!(
        "{BOLD}side by side{BOLD:#}: {} of {} compared cases differ between {} (left) and {} (right){floor}; the spec agrees \
         with the left in {}, the right in {}, both in {}, neither in {}; divergence {} left, {} right",
        found.differ.len(),
        found.compared,
        report.target.endpoint,
        found.right.endpoint,
        count(Agrees::Left),
        count(Agrees::Right),
        count(Agrees::Both),
        count(Agrees::Neither),
        percent(report.figures.divergence),
        percent(found.figures.divergence),
    )
}

fn agrees(side: Agrees) -> &'static str {
    match side {
        Agrees::Left => "the spec agrees with the left",
        Agrees::Right => "the spec agrees with the right",
        Agrees::Both => "the spec leaves it open",
        Agrees::Neither => "the spec agrees with neither",
    }
}

fn side_by_side(field: &SideBySide) -> Vec<String> {
    let shown = |value: &Option<String>| value.as_deref().map_or_else(|| "absent".to_owned(), shortened);
    vec![
        format!("    {:9} {}", "where", field.place),
        format!("    {:9} {}", "left", shown(&field.left)),
        format!("    {:9} {}", "right", shown(&field.right)),
    ]
}
