//! An endpoint badge of shields.io. Divergence and coverage are two badges: one figure alone would hide the other.

use crate::report::{Outcome, Report, Verdict};
use serde_json::json;

/// Which of the two figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    /// The share of judged cases that diverge.
    Divergence,
    /// The share of selected cases that could be judged.
    Coverage,
}

/// The badge of all runs together.
pub(super) fn render(report: &Report, figure: Figure) -> String {
    let cases = || report.runs.iter().flat_map(|run| &run.cases);
    let judged: usize = report.runs.iter().map(|run| run.figures.judged()).sum();
    let (label, part, whole) = match figure {
        Figure::Divergence => ("divergence", cases().filter(|case| case.is_wrong()).count(), judged),
        Figure::Coverage => ("coverage", judged, cases().count()),
    };
    // Targets that were not run have no cases that could be counted.
    let is_whole = report.runs.len() == report.targets;
    let (message, color) = match whole {
        0 => ("unknown".to_owned(), "lightgrey"),
        _ if !is_whole => ("incomplete".to_owned(), "lightgrey"),
        _ => {
            let listed = cases().filter(|case| case.outcome == Outcome::Listed).count();
            (percent(part, whole), color(figure, part, whole, listed))
        }
    };
    let badge = json!({ "schemaVersion": 1, "label": label, "message": message, "color": color });
    format!("{badge:#}\n")
}

/// The share in percent. Only a part that is nothing is 0 %, and only one that is all is 100 %.
pub(super) fn percent(part: usize, whole: usize) -> String {
    let shown = match part {
        0 => 0.0,
        part if part == whole => 100.0,
        part => (part as f64 / whole as f64 * 100.0).clamp(0.1, 99.9),
    };
    format!("{shown:.1} %")
}

/// The colour of a share. `listed` is the number of known deviations.
fn color(figure: Figure, part: usize, whole: usize, listed: usize) -> &'static str {
    match figure {
        Figure::Divergence if part == 0 => "brightgreen",
        Figure::Divergence if part == listed => "yellow",
        Figure::Divergence => "red",
        Figure::Coverage if part == whole => "brightgreen",
        Figure::Coverage if part * 2 >= whole => "yellow",
        Figure::Coverage => "orange",
    }
}
