//! Rounds, as a person reads them: how many there were, and the cases that were not the same in all, and how long answers took.

use super::parts::Detail;
use super::style::{DIM, YELLOW, shortened};
use super::table::{Cell, Side, titled};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use trentcheck_core::report::{CaseReport, LatencyReport, RunReport};

/// The most cases or operations that are listed.
const SHOWN: usize = 12;

/// Nothing without `--repeat` and `--for`.
pub(crate) fn render(report: &RunReport, detail: Detail) -> Vec<String> {
    let Some(rounds) = &report.rounds else { return Vec::new() };
    let varying: Vec<&CaseReport> =
        report.cases.iter().filter(|case| case.rounds.as_ref().is_some_and(|rounds| rounds.varies())).collect();
    let same = match varying.len() {
        0 => "every case came to the same outcome in each".to_owned(),
        1 => "1 case did not come to the same outcome in each".to_owned(),
        cases => format!("{cases} cases did not come to the same outcome in each"),
    };
    let mut lines = vec![String::new(), format!("rounds: {}; {same}", rounds.describe())];
    for case in varying.iter().take(SHOWN) {
        let of_case =
            case.rounds.iter().map(|rounds| format!("{}; shown is round {}", rounds.describe(), rounds.shown));
        lines.extend(of_case.map(|described| format!("{YELLOW}~ {}{YELLOW:#}  {described}", case.id)));
    }
    if varying.len() > SHOWN {
        lines.push(format!("    {DIM}and {} more{DIM:#}", varying.len() - SHOWN));
    }
    if detail != Detail::Brief && !rounds.latencies.is_empty() {
        lines.push(String::new());
        lines.extend(latencies(&rounds.latencies));
    }
    lines
}

/// A table of the operations that were called most.
fn latencies(latencies: &BTreeMap<String, LatencyReport>) -> Vec<String> {
    let mut most: Vec<(&String, &LatencyReport)> = latencies.iter().collect();
    most.sort_by_key(|(_, latency)| Reverse(latency.count));
    let number = Side::Right;
    let columns = [
        ("operation", Side::Left),
        ("answers", number),
        ("p50", number),
        ("p90", number),
        ("p99", number),
        ("max", number),
    ];
    let row = |(operation, latency): (&String, &LatencyReport)| {
        let times = [latency.p50_us, latency.p90_us, latency.p99_us, latency.max_us];
        // What a case misspells or leaves out.
        let name = if operation.is_empty() { "(none named)" } else { operation };
        let mut row = vec![Cell::from(shortened(name)), latency.count.into()];
        row.extend(times.map(|micros| Cell::from(format!("{:.2} ms", micros as f64 / 1000.0))));
        row
    };
    let mut lines = titled(&columns, most.iter().take(SHOWN).copied().map(row).collect());
    if most.len() > SHOWN {
        lines.push(format!("{DIM}and {} more operations, which the JSON report has{DIM:#}", most.len() - SHOWN));
    }
    lines
}
