//! Renders the comparison of two targets.

use super::parts::Detail;
use super::style::{BOLD, DIM, RED, YELLOW, percent, shortened, some_of};
use std::collections::BTreeMap;
use trentcheck_core::report::{Agrees, DifferentialReport, RunReport, SideBySide, SideCause};

/// The most fields that are printed for a case.
const SHOWN: usize = 12;

/// The differences with their cases, with all details case by case, then the cases that were not compared.
pub(crate) fn render(report: &RunReport, detail: Detail) -> Vec<String> {
    let Some(found) = &report.differential else { return Vec::new() };
    let mut lines = vec![String::new(), heading(found, report)];
    for cause in &found.causes {
        let ids: Vec<&str> = cause.cases.iter().map(String::as_str).collect();
        let noun = if ids.len() == 1 { "case" } else { "cases" };
        let sides = sides(cause, found);
        lines.push(format!(
            "{RED}≠ {}{RED:#}: {} {noun}, {sides} {DIM}({}){DIM:#}",
            shortened(&cause.sentence),
            ids.len(),
            some_of(&ids)
        ));
        if detail != Detail::Brief {
            lines.extend(cause.fields.iter().take(SHOWN).flat_map(side_by_side));
            lines.extend(more(cause.fields.len()));
        }
    }
    for difference in found.differ.iter().filter(|_| detail == Detail::Cases) {
        lines.push(format!("{RED}≠ {}{RED:#}  {}", difference.case, agrees(difference.agrees)));
        lines.extend(difference.differences.iter().take(SHOWN).flat_map(side_by_side));
        lines.extend(more(difference.differences.len()));
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

/// Whom the spec agrees with in the cases of a difference.
fn sides(cause: &SideCause, found: &DifferentialReport) -> String {
    let of = |side: Agrees| {
        let is_it = |case: &&String| {
            found.differ.iter().any(|difference| difference.case == **case && difference.agrees == side)
        };
        cause.cases.iter().filter(is_it).count()
    };
    let sides = [Agrees::Left, Agrees::Right, Agrees::Both, Agrees::Neither];
    let counts: Vec<(Agrees, usize)> =
        sides.map(|side| (side, of(side))).into_iter().filter(|(_, count)| *count > 0).collect();
    match counts.as_slice() {
        [(side, _)] => agrees(*side).to_owned(),
        several => {
            let each: Vec<String> =
                several.iter().map(|(side, count)| format!("{} in {count}", agrees(*side))).collect();
            each.join(", ")
        }
    }
}

/// How many fields are not shown.
fn more(all: usize) -> Option<String> {
    (all > SHOWN).then(|| format!("    and {} more", all - SHOWN))
}

fn side_by_side(field: &SideBySide) -> Vec<String> {
    let shown = |value: &Option<String>| value.as_deref().map_or_else(|| "absent".to_owned(), shortened);
    vec![
        format!("    {:9} {}", "where", field.place),
        format!("    {:9} {}", "left", shown(&field.left)),
        format!("    {:9} {}", "right", shown(&field.right)),
    ]
}
