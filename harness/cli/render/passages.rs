//! The passages that carry an expectation, a line each.

use trentcheck_core::fixture::{Corpus, Support, Supports};
use trentcheck_core::report::{PassageText, RunReport, SourceText};

/// What a support cites: the source, where in it, when, and what it says there. The verb stands before it.
fn cited(passage: &PassageText, source: &SourceText) -> String {
    let date = passage.date.as_ref().map(|date| format!(", {date}")).unwrap_or_default();
    format!("{}, {}{date}: {}", source.title, passage.place, passage.says)
}

/// The verb and the passage of a support that a report cites, if the report has it.
pub(crate) fn of_report(support: &Support, report: &RunReport) -> Option<(&'static str, String)> {
    let passage = report.passages.get(&support.passage)?;
    let source = report.sources.get(&passage.source)?;
    Some((support.verb.as_str(), cited(passage, source)))
}

/// The supports as lines; if there are none, one line that says so.
pub(crate) fn lines(corpus: &Corpus, supports: &Supports) -> Vec<String> {
    if supports.is_empty() {
        return vec!["no passage supports it".to_owned()];
    }
    let line = |support: &Support| {
        let passage = corpus.passage(&support.passage)?;
        let source = corpus.source(&passage.source)?;
        Some(format!("{:11} {}", support.verb, cited(&PassageText::of(passage, corpus), &source.into())))
    };
    supports.iter().filter_map(line).collect()
}
