//! Renders a run.

use super::parts::{Detail, bytes, changed, difference};
use super::several::summary as summary_of_several;
use super::style::{BOLD, DIM, GREEN, RED, YELLOW, counted, percent, shortened, some_of};
use super::table::{Cell, Side, titled};
use super::terminal_causes::why;
use super::{
    terminal_causes, terminal_deviations, terminal_differential, terminal_flaky, terminal_recorded, terminal_rounds,
};
use anstyle::Style;
use std::collections::{BTreeMap, BTreeSet};
use trentcheck_core::compare::Fact;
use trentcheck_core::fixture::Level;
use trentcheck_core::report::{BaselineReport, CaseReport, ExitCode, Figures, Outcome, Report, RunReport, Verdict};

/// The report of one target, or of several targets with their names and a table of all.
pub(crate) fn render(report: &Report, detail: Detail) -> String {
    if report.targets == 1 {
        return report.runs.iter().map(|run| of_run(run, detail)).collect();
    }
    let mut lines = Vec::new();
    for run in &report.runs {
        lines.push(format!("{BOLD}== {}{BOLD:#}", run.name.as_deref().unwrap_or_default()));
        lines.extend([of_run(run, detail), String::new()]);
    }
    lines.extend(summary_of_several(report));
    lines.join("\n")
}

/// The whole report of a target: table, causes, with all details each case that diverges, cases without a verdict, notes, summary.
fn of_run(report: &RunReport, detail: Detail) -> String {
    let mut lines = vec![heading(report), String::new()];
    lines.extend(table(report));
    for notice in &report.notices {
        lines.extend([String::new(), format!("{YELLOW}!{YELLOW:#} {notice}")]);
    }
    lines.extend(terminal_rounds::render(report, detail));
    lines.extend(terminal_causes::render(report, detail));
    if detail == Detail::Cases {
        lines.extend(divergences(report));
    }
    lines.extend(terminal_flaky::render(report, detail));
    lines.extend(terminal_deviations::render(report));
    lines.extend(without_verdict(report, detail));
    lines.extend(notes(report));
    lines.extend(terminal_recorded::render(report, detail));
    if let Some(baseline) = &report.baseline {
        lines.push(String::new());
        lines.extend(drift(baseline, &report.cases, detail));
    }
    lines.extend(terminal_differential::render(report, detail));
    if !report.left.is_empty() {
        lines.extend([String::new(), format!("{RED}left behind{RED:#}, remove by hand:")]);
        lines.extend(report.left.iter().map(|line| format!("  {line}")));
    }
    lines.extend([String::new(), summary(report)]);
    lines.join("\n")
}

fn heading(report: &RunReport) -> String {
    let target = if report.target.embedded {
        "the embedded reference".to_owned()
    } else {
        format!("{} ({})", report.target.endpoint, report.target.region)
    };
    let seed = report.seed.map(|seed| format!(", order of seed {seed}")).unwrap_or_default();
    format!(
        "{BOLD}trentcheck {}{BOLD:#}: {} at {target}, edition {}, lane {}{seed}",
        report.version,
        counted(report.figures.selected, "case"),
        report.target.edition,
        report.lane
    )
}

fn table(report: &RunReport) -> Vec<String> {
    let mut rows = Vec::new();
    // If no case was judged, each row would hold only zeros, so only the last row is shown.
    let mut groups: Vec<&str> = Vec::new();
    if report.figures.judged() > 0 {
        // The cases are in the order of the corpus, group by group.
        groups.extend(report.cases.iter().map(|case| case.group.as_str()));
        groups.dedup();
    }
    for group in groups {
        rows.push((group.to_owned(), Figures::of(report.cases.iter().filter(|case| case.group == group))));
    }
    rows.push(("all".to_owned(), report.figures));
    // Only a run with a list of deviations has the columns of the list.
    let has_list = report.deviations.is_some();
    let has_flaky = has_list || report.figures.flaky > 0;
    let mut columns =
        vec![("group", Side::Left), ("cases", Side::Right), ("pass", Side::Right), ("diverge", Side::Right)];
    if has_list {
        columns.extend([("listed", Side::Right), ("stale", Side::Right)]);
    }
    if has_flaky {
        columns.push(("flaky", Side::Right));
    }
    let rest = ["no verdict", "skipped", "divergence", "coverage"];
    columns.extend(rest.map(|title| (title, Side::Right)));
    let row = |(name, figures): (String, Figures)| {
        let red = |count: usize| Cell::styled(count, if count == 0 { Style::new() } else { RED });
        let mut row = vec![name.into(), figures.selected.into(), figures.pass.into(), red(figures.diverges)];
        if has_list {
            row.extend([figures.listed.into(), red(figures.stale)]);
        }
        if has_flaky {
            row.push(figures.flaky.into());
        }
        row.push((figures.unsupported + figures.indeterminate + figures.blocked).into());
        row.push(figures.skipped.into());
        row.extend([figures.divergence, figures.coverage].map(|share| percent(share).into()));
        row
    };
    titled(&columns, rows.into_iter().map(row).collect())
}

/// The cases that diverge, one by one.
fn divergences(report: &RunReport) -> Vec<String> {
    let diverging = || report.cases.iter().filter(|case| case.outcome == Outcome::Diverges);
    let mut lines = Vec::new();
    // A hint that holds for many cases is shown with the first of them only.
    let mut hints: BTreeMap<&str, usize> = BTreeMap::new();
    for case in diverging() {
        let of_case: BTreeSet<&str> = case.failures(report.fail_on).filter_map(|found| found.hint.as_deref()).collect();
        of_case.into_iter().for_each(|hint| *hints.entry(hint).or_default() += 1);
    }
    for case in diverging() {
        lines.push(String::new());
        lines.extend(divergence(case, report, &mut hints));
    }
    lines
}

/// `hints` has the number of cases with each hint. A hint that was shown is removed from it.
fn divergence(case: &CaseReport, report: &RunReport, hints: &mut BTreeMap<&str, usize>) -> Vec<String> {
    let mut lines = vec![format!("{RED}✗ {}{RED:#}  {}", case.id, case.title)];
    if let Some(times) = case.came_and_went() {
        lines.push(format!("    intermittent: it came and went in {times}, with the same cause"));
    }
    let mut shown = BTreeSet::new();
    for mismatch in case.failures(report.fail_on) {
        lines.extend(difference(mismatch));
        lines.extend(why(mismatch, report, None, &mut shown));
        if let Some(hint) = &mismatch.hint
            && let Some(cases) = hints.remove(hint.as_str())
        {
            let others = if cases > 1 { format!(" (the same for {} more)", cases - 1) } else { String::new() };
            lines.push(format!("    hint: {hint}{others}"));
        }
    }
    let weaker = case.mismatches.len() - case.failures(report.fail_on).count();
    if weaker > 0 {
        lines.push(format!("    {DIM}and {weaker} below `{}`; `--fail-on may` shows them{DIM:#}", report.fail_on));
    }
    // The exchange that the case judges, and the later calls that showed an unexpected state.
    let is_shown = |role: &str| {
        role == "judged" || case.failures(report.fail_on).any(|mismatch| mismatch.place.call() == Some(role))
    };
    lines.extend(case.exchanges.iter().filter(|exchange| is_shown(&exchange.role)).flat_map(bytes));
    lines.push(format!("    {:9} {}", "repeat", case.repeat));
    lines
}

/// The cases without a verdict, by their reasons.
fn without_verdict(report: &RunReport, detail: Detail) -> Vec<String> {
    let mut by_reason: BTreeMap<(Outcome, &str), Vec<&CaseReport>> = BTreeMap::new();
    for case in &report.cases {
        if let (Some(reason), false) = (&case.reason, case.outcome == Outcome::Flaky) {
            by_reason.entry((case.outcome, reason)).or_default().push(case);
        }
    }
    let mut lines = Vec::new();
    for ((outcome, reason), cases) in by_reason {
        let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        lines.push(String::new());
        let style = if outcome == Outcome::Skipped { DIM } else { YELLOW };
        // A reason that concerns the whole run was already printed, as a notice or as what to fix first.
        let is_first = report.hindrance().is_some_and(|(_, first)| first == reason && outcome == Outcome::Blocked);
        let said = is_first || report.notices.iter().any(|notice| notice == reason);
        let reason = if said { String::new() } else { format!(": {reason}") };
        lines.push(format!("{style}{} {}{style:#}{reason}", ids.len(), outcome.as_str()));
        let shown = if detail == Detail::Cases { ids.join(", ") } else { some_of(&ids) };
        lines.push(format!("    {DIM}{shown}{DIM:#}"));
        // The call that failed, once for all cases that it blocks.
        let blocked = cases.iter().find(|case| outcome == Outcome::Blocked && !case.exchanges.is_empty());
        if let (Some(case), true) = (blocked, detail != Detail::Brief) {
            lines.extend(case.exchanges.last().into_iter().flat_map(bytes));
            lines.push(format!("    {:9} {}", "repeat", case.repeat));
        }
    }
    lines
}

/// Counts the mismatches that fail no run, each with a case that shows it. The same header is usually missing from every answer.
fn notes(report: &RunReport) -> Vec<String> {
    let mut counts: BTreeMap<(Level, String, String, &str), (usize, &str)> = BTreeMap::new();
    for case in report.cases.iter().filter(|case| case.outcome.is_judged()) {
        for mismatch in case.mismatches.iter().filter(|mismatch| mismatch.level < report.fail_on) {
            let found = if mismatch.found == Fact::Absent { "absent" } else { "" };
            let (place, expected) = (mismatch.place.to_string(), mismatch.expected.to_string());
            counts.entry((mismatch.level, place, expected, found)).or_insert((0, &case.id)).0 += 1;
        }
    }
    if counts.is_empty() {
        return Vec::new();
    }
    const SHOWN: usize = 12;
    let all: usize = counts.values().map(|(count, _)| count).sum();
    let mut lines =
        vec![String::new(), format!("{BOLD}notes{BOLD:#}: {} below `{}`", counted(all, "difference"), report.fail_on)];
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|((level, ..), (count, _))| (std::cmp::Reverse(*level), std::cmp::Reverse(*count)));
    for ((level, place, expected, found), (count, example)) in rows.iter().take(SHOWN) {
        let found = if found.is_empty() { String::new() } else { format!(", {found}") };
        lines.push(format!(
            "    {count:4} × {level:6}  {place}: expected {}{found} {DIM}({example}){DIM:#}",
            shortened(expected)
        ));
    }
    if rows.len() > SHOWN {
        lines.push(format!("    and {} more kinds; `--fail-on may` shows every one", rows.len() - SHOWN));
    }
    lines
}

/// The differences from a baseline. A case that differs can still conform, and a case that diverges need not differ.
fn drift(baseline: &BaselineReport, cases: &[CaseReport], detail: Detail) -> Vec<String> {
    const SHOWN: usize = 12;
    let style = if baseline.drifted == 0 { GREEN } else { RED };
    let mut lines = vec![format!(
        "{style}drift{style:#}: {} of {} compared cases differ from {} (recorded {} by {}, region {})",
        baseline.drifted,
        baseline.compared,
        baseline.directory,
        baseline.recorded.recorded,
        baseline.recorded.tool,
        baseline.recorded.region,
    )];
    for cause in &baseline.causes {
        let ids: Vec<&str> = cause.cases.iter().map(String::as_str).collect();
        let noun = if ids.len() == 1 { "case" } else { "cases" };
        lines.push(format!(
            "{RED}≠ {}{RED:#}: {} {noun} {DIM}({}){DIM:#}",
            shortened(&cause.sentence),
            ids.len(),
            some_of(&ids)
        ));
        if detail != Detail::Brief {
            lines.extend(cause.fields.iter().take(SHOWN).flat_map(changed));
            lines.extend(more(cause.fields.len(), SHOWN));
        }
    }
    for case in cases.iter().filter(|case| detail == Detail::Cases && !case.drift.is_empty()) {
        lines.push(format!("{RED}≠ {}{RED:#}", case.id));
        lines.extend(case.drift.iter().take(SHOWN).flat_map(changed));
        lines.extend(more(case.drift.len(), SHOWN));
    }
    if baseline.drifted > 0 {
        lines.push(
            "    `trentcheck accept` or `cargo insta review` accepts what was found as the new baseline".to_owned(),
        );
    }
    for drift in &baseline.passing {
        let places: Vec<&str> = drift.differences.iter().map(|difference| difference.place.as_str()).collect();
        lines.push(format!("{DIM}{} differed once and not again: {}{DIM:#}", drift.case, places.join(", ")));
    }
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for uncompared in &baseline.not_compared {
        by_reason.entry(&uncompared.reason).or_default().push(&uncompared.case);
    }
    for (reason, ids) in by_reason {
        lines.push(format!("{YELLOW}{} not compared{YELLOW:#}: {reason}", ids.len()));
        lines.push(format!("    {DIM}{}{DIM:#}", some_of(&ids)));
    }
    if !baseline.not_recorded.is_empty() {
        let ids: Vec<&str> = baseline.not_recorded.iter().map(String::as_str).collect();
        lines.push(format!("{DIM}{} judged cases have no recording: {}{DIM:#}", ids.len(), some_of(&ids)));
    }
    lines.extend(baseline.unreferenced.iter().map(|path| {
        format!("{YELLOW}{path} belongs to no case{YELLOW:#}; `trentcheck accept --delete-unreferenced` deletes it")
    }));
    lines
}

/// How many fields are not shown.
fn more(all: usize, shown: usize) -> Option<String> {
    (all > shown).then(|| format!("    and {} more", all - shown))
}

fn summary(report: &RunReport) -> String {
    let figures = &report.figures;
    let seconds = report.duration_ms as f64 / 1000.0;
    let (style, verdict) = match report.exit_code {
        ExitCode::Pass if figures.listed > 0 => (GREEN, "deviates as listed"),
        ExitCode::Pass => (GREEN, "conforms"),
        ExitCode::Divergence if figures.diverges == 0 && report.has_drifted() => (RED, "drifted"),
        ExitCode::Divergence if figures.diverges == 0 && report.is_stale() => (RED, "stale"),
        ExitCode::Divergence if figures.diverges == 0 && report.differs() => (RED, "differs"),
        ExitCode::Divergence if figures.diverges == 0 => (RED, "lacks recordings"),
        ExitCode::Divergence => (RED, "diverges"),
        _ => (YELLOW, "no verdict"),
    };
    let codes: Vec<String> =
        report.exit_codes.iter().map(|code| format!("{} ({})", *code as u8, report.meaning(*code))).collect();
    let wrong = report.cases.iter().filter(|case| case.is_wrong()).count();
    let listed = if figures.listed > 0 { format!(", {} of them as listed", figures.listed) } else { String::new() };
    format!(
        "{style}{verdict}{style:#}: {} of {} judged cases diverge ({}){listed}; {} of {} selected cases judged ({}); {seconds:.2} s; exit code {}",
        wrong,
        figures.judged(),
        percent(figures.divergence),
        figures.judged(),
        figures.selected,
        percent(figures.coverage),
        codes.join(", ")
    )
}
