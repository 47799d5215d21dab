//! Markdown, for the summary of a job or a comment. Causes come first, as everywhere.

use super::standing::{Standing, besides, counted, lines as exchange, missing, of_run, others, standing, target};
use crate::report::{CaseReport, Cause, Outcome, Report, RunReport};
use std::collections::BTreeMap;

/// The figures of every target in a table, then the causes of each.
pub(super) fn render(report: &Report) -> String {
    let mut lines = vec!["## trentcheck".to_owned(), String::new()];
    lines.push("| target | edition | verdict | diverge | judged | divergence | coverage | exit code |".to_owned());
    lines.push("|---|---|---|--:|--:|--:|--:|--:|".to_owned());
    lines.extend(report.runs.iter().map(row));
    if let Some(missing) = missing(report) {
        lines.extend([String::new(), format!("**{missing}**")]);
    }
    for run in &report.runs {
        if report.runs.len() > 1 {
            lines.extend([String::new(), format!("### {}", text(target(run)))]);
        }
        lines.extend(of_target(run));
    }
    lines.join("\n") + "\n"
}

fn row(run: &RunReport) -> String {
    let figures = &run.figures;
    let cells = [
        text(target(run)),
        text(&run.target.edition.to_string()),
        text(&run.meaning(run.exit_code)),
        figures.diverges.to_string(),
        format!("{} of {}", figures.judged(), figures.selected),
        percent(figures.divergence),
        percent(figures.coverage),
        (run.exit_code as u8).to_string(),
    ];
    format!("| {} |", cells.join(" | "))
}

fn of_target(run: &RunReport) -> Vec<String> {
    let mut lines = Vec::new();
    for notice in &run.notices {
        lines.extend([String::new(), format!("> {}", text(notice))]);
    }
    if let Some((cases, reason)) = run.hindrance() {
        lines.extend([String::new(), format!("**fix this first:** {} blocked: {}", counted(cases), text(reason))]);
    }
    for (number, cause) in run.causes.iter().enumerate() {
        let first = if run.is_first(number) { "**fix this first:** " } else { "" };
        let what = format!("{}: {}", cause.concerns(), text(&run.in_a_sentence(cause)));
        lines.extend([String::new(), format!("{}. {first}{what}", number + 1)]);
        lines.extend(example(cause, run).into_iter().map(|line| format!("   {line}").trim_end().to_owned()));
    }
    lines.extend(without_cause(run));
    if let Some(baseline) = &run.baseline {
        let heading = format!("{} of {} compared cases differ from the baseline", baseline.drifted, baseline.compared);
        let causes = baseline.causes.iter().map(|cause| (cause.sentence.as_str(), cause.cases.as_slice()));
        lines.extend(changes(&heading, causes));
    }
    if let Some(found) = &run.differential {
        let (differ, compared, right) = (found.differ.len(), found.compared, &found.right.endpoint);
        let heading = format!("{differ} of {compared} compared cases differ from {right}");
        let causes = found.causes.iter().map(|cause| (cause.sentence.as_str(), cause.cases.as_slice()));
        lines.extend(changes(&heading, causes));
    }
    if let Some(why) = of_run(run) {
        lines.extend([String::new(), format!("**{}**", text(&why.message))]);
        lines.extend(apart(besides(run).iter().map(|line| format!("- {}", text(line))).collect()));
    }
    lines
}

/// The exchanges of a cause's example, folded.
fn example(cause: &Cause, run: &RunReport) -> Vec<String> {
    let Some(case) = run.cases.iter().find(|case| case.id == cause.example) else { return Vec::new() };
    let mut lines = vec![
        String::new(),
        format!("<details><summary>example: {}, {}</summary>", html(&case.id), html(&case.title)),
        String::new(),
    ];
    lines.extend(block("text", case.exchanges.iter().flat_map(exchange)));
    lines.push(String::new());
    // Reports of the library say what to add to a check.
    let language = if cause.repeat.starts_with('.') { "rust" } else { "sh" };
    lines.extend(block(language, [cause.repeat.clone()]));
    lines.extend([String::new(), "</details>".to_owned()]);
    lines
}

/// The cases that did not pass and have no cause, one line for each reason, and then those that were left out.
fn without_cause(run: &RunReport) -> Vec<String> {
    let line = |cases: &[&CaseReport], kind: &str, reason: &str| {
        let example = cases.first().map_or_else(String::new, |case| code(&case.id));
        format!("- {} {kind} (as {example}): {}", counted(cases.len()), text(reason))
    };
    let mut left_out: BTreeMap<(Outcome, &str), Vec<&CaseReport>> = BTreeMap::new();
    for case in run.cases.iter().filter(|case| matches!(standing(case, run), Standing::Skipped(_))) {
        if let Some(reason) = &case.reason {
            left_out.entry((case.outcome, reason)).or_default().push(case);
        }
    }
    let told = others(run).into_iter().map(|others| line(&others.cases, others.why.kind, &others.why.message));
    let left_out = left_out.iter().map(|((outcome, reason), cases)| line(cases, outcome.as_str(), reason));
    apart(told.chain(left_out).collect())
}

/// Lines with an empty line before them, if there are any.
fn apart(mut lines: Vec<String>) -> Vec<String> {
    if !lines.is_empty() {
        lines.insert(0, String::new());
    }
    lines
}

fn changes<'a>(heading: &str, causes: impl Iterator<Item = (&'a str, &'a [String])>) -> Vec<String> {
    let mut lines = vec![String::new(), format!("**{}**", text(heading)), String::new()];
    lines.extend(causes.map(|(sentence, cases)| {
        let example = cases.first().map_or_else(String::new, |case| code(case));
        format!("- {} (as {example}): {}", counted(cases.len()), text(sentence))
    }));
    lines
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// Text in which nothing is markup, also in a cell of a table.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            letter if letter.is_control() => escaped.push(' '),
            // As entities: a backslash keeps neither `@name` nor a URL from becoming a link, and no `|` in a table.
            letter if "&<>@:|".contains(letter) => escaped.push_str(&format!("&#{};", u32::from(letter))),
            letter if "\\`*_{}[]()#+-!~$=\"'".contains(letter) => escaped.extend(['\\', letter]),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Text inside an element of HTML, on one line and without a character that Markdown reads.
fn html(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            letter if letter.is_control() => escaped.push(' '),
            letter if letter.is_alphanumeric() || " ,./-".contains(letter) => escaped.push(letter),
            letter => escaped.push_str(&format!("&#{};", u32::from(letter))),
        }
    }
    escaped
}

/// An id as code.
fn code(id: &str) -> String {
    format!("<code>{}</code>", html(id))
}

/// Lines as a block of code, with a fence that none of them can close.
pub(super) fn block(language: &str, lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let lines: Vec<String> = lines.into_iter().map(|line| line.replace(char::is_control, " ")).collect();
    let runs = lines.iter().flat_map(|line| line.split(|letter| letter != '`').map(str::len));
    let fence = "`".repeat(3.max(runs.max().unwrap_or_default() + 1));
    let opened = std::iter::once(format!("{fence}{language}"));
    opened.chain(lines).chain(std::iter::once(fence.clone())).collect()
}
