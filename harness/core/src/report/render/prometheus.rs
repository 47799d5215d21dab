//! The text format of Prometheus, for the textfile collector of a node exporter.

use super::standing::target;
use crate::report::{Outcome, Report, RunReport};
use std::collections::BTreeMap;

/// A metric with its value for each run.
struct Metric {
    name: &'static str,
    help: &'static str,
    value: fn(&RunReport) -> Option<f64>,
}

const METRICS: &[Metric] = &[
    Metric {
        name: "trentcheck_divergence_ratio",
        help: "Share of judged cases that diverge.",
        value: |run| run.figures.divergence,
    },
    Metric {
        name: "trentcheck_coverage_ratio",
        help: "Share of selected cases that could be judged.",
        value: |run| run.figures.coverage,
    },
    Metric {
        name: "trentcheck_selected_cases",
        help: "Cases that were selected.",
        value: |run| Some(run.figures.selected as f64),
    },
    Metric {
        name: "trentcheck_causes",
        help: "Causes of the cases that diverge.",
        value: |run| Some(run.causes.len() as f64),
    },
    Metric {
        name: "trentcheck_drifted_cases",
        help: "Cases that differ from the baseline.",
        value: |run| run.baseline.as_ref().map(|baseline| baseline.drifted as f64),
    },
    Metric {
        name: "trentcheck_different_cases",
        help: "Cases that differ from the second target.",
        value: |run| run.differential.as_ref().map(|found| found.differ.len() as f64),
    },
    Metric {
        name: "trentcheck_keys_left",
        help: "Keys that could not be released.",
        value: |run| Some(run.left.len() as f64),
    },
    Metric {
        name: "trentcheck_duration_seconds",
        help: "Wall time of the first look.",
        value: |run| Some(run.duration_ms as f64 / 1000.0),
    },
    Metric {
        name: "trentcheck_started_timestamp_seconds",
        help: "When the run began.",
        value: |run| run.started.parse::<jiff::Timestamp>().ok().map(|moment| moment.as_second() as f64),
    },
    Metric {
        name: "trentcheck_exit_code",
        help: "The exit code of the run.",
        value: |run| Some(f64::from(run.exit_code as u8)),
    },
];

const OUTCOMES: [Outcome; 9] = [
    Outcome::Pass,
    Outcome::Diverges,
    Outcome::Unsupported,
    Outcome::Indeterminate,
    Outcome::Blocked,
    Outcome::Skipped,
    Outcome::Listed,
    Outcome::Stale,
    Outcome::Flaky,
];

/// The gauges of every run. Of several runs with the same labels the latest counts: a series has one value.
pub(super) fn render(report: &Report) -> String {
    let mut latest: BTreeMap<String, &RunReport> = BTreeMap::new();
    for run in &report.runs {
        let known = latest.entry(labels(run)).or_insert(run);
        if run.started >= known.started {
            *known = run;
        }
    }
    let mut text = String::new();
    for Metric { name, help, value } in METRICS {
        let values: Vec<(&String, f64)> =
            latest.iter().filter_map(|(labels, run)| Some((labels, value(run)?))).collect();
        if !values.is_empty() {
            text.push_str(&head(name, help));
        }
        values.iter().for_each(|(labels, value)| text.push_str(&format!("{name}{{{labels}}} {value}\n")));
    }
    text.push_str(&head("trentcheck_cases", "Cases by their outcome."));
    for (labels, run) in &latest {
        for outcome in OUTCOMES {
            let count = run.cases.iter().filter(|case| case.outcome == outcome).count();
            let outcome = outcome.as_str();
            text.push_str(&format!("trentcheck_cases{{{labels},outcome=\"{outcome}\"}} {count}\n"));
        }
    }
    text.push_str(&head("trentcheck_targets_not_run", "Targets that were asked for and not run."));
    let missing = report.targets.saturating_sub(report.runs.len());
    text.push_str(&format!("trentcheck_targets_not_run {missing}\n"));
    text
}

fn head(name: &str, help: &str) -> String {
    format!("# HELP {name} {help}\n# TYPE {name} gauge\n")
}

fn labels(run: &RunReport) -> String {
    let edition = run.target.edition.to_string();
    let labels = [("target", target(run)), ("endpoint", &run.target.endpoint), ("edition", &edition)];
    labels.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).join(",")
}

/// The value of a label.
pub(super) fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
