//! What a run says of a baseline that it was compared with. Drift is kept apart from divergence.

use super::outcome::{CaseReport, Outcome};
use crate::baseline::{Baseline, Difference, Drift, Head, compare, repeated};
use serde::Serialize;
use std::collections::BTreeSet;

/// A case that was not compared, or whose differences did not count, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Uncompared {
    /// The case.
    pub case: String,
    /// Why.
    pub reason: String,
}

/// What became of each recording of a baseline.
#[derive(Clone, Debug, Serialize)]
pub struct BaselineReport {
    /// Where it is.
    pub directory: String,
    /// What its recordings say of themselves; of several days, the earliest.
    pub recorded: Head,
    /// Cases that were compared.
    pub compared: usize,
    /// Cases that differ from their recording, twice.
    pub drifts: Vec<Drift>,
    /// Cases that differed once and not again.
    pub passing: Vec<Drift>,
    /// Cases that have a recording, and no answer now to hold against it.
    pub not_compared: Vec<Uncompared>,
    /// Cases that were judged and have no recording.
    pub not_recorded: Vec<String>,
    /// Files that belong to no case.
    pub unreferenced: Vec<String>,
}

impl BaselineReport {
    /// Holds every case against its recording.
    pub fn of(directory: String, baseline: &Baseline, cases: &[CaseReport]) -> Option<Self> {
        let recorded = baseline
            .recorded
            .values()
            .map(|snap| &snap.head)
            .min_by(|left, right| left.recorded.cmp(&right.recorded))?;
        let mut report = Self {
            directory,
            recorded: recorded.clone(),
            compared: 0,
            drifts: Vec::new(),
            passing: Vec::new(),
            not_compared: Vec::new(),
            not_recorded: Vec::new(),
            unreferenced: baseline.unreferenced.iter().map(|path| path.display().to_string()).collect(),
        };
        for case in cases {
            match baseline.recorded.get(&case.id) {
                Some(_) if !case.is_recordable() => report.not_compared.push(uncompared(case)),
                Some(snap) => {
                    report.compared += 1;
                    let differences = compare(&snap.recording, &case.recording);
                    if !differences.is_empty() {
                        report.drifts.push(Drift { case: case.id.clone(), differences });
                    }
                }
                None if case.is_recordable() => report.not_recorded.push(case.id.clone()),
                None => {}
            }
        }
        Some(report)
    }

    /// Keeps, of the drifts, what a second look at their cases shows as well.
    pub fn confirm(&mut self, baseline: &Baseline, again: &[CaseReport]) {
        let first = std::mem::take(&mut self.drifts);
        for Drift { case, differences } in first {
            let second = again.iter().find(|report| report.id == case);
            let (Some(second), Some(snap)) =
                (second.filter(|second| second.is_recordable()), baseline.recorded.get(&case))
            else {
                let why = second.map_or_else(|| "there was none".to_owned(), |second| uncompared(second).reason);
                let reason = format!("it differed, which a second look could not confirm: {why}");
                self.not_compared.push(Uncompared { case, reason });
                self.compared -= 1;
                continue;
            };
            let confirmed = repeated(&differences, &compare(&snap.recording, &second.recording));
            if confirmed.is_empty() {
                self.passing.push(Drift { case, differences });
            } else {
                self.drifts.push(Drift { case, differences: confirmed });
            }
        }
    }

    /// The cases that drifted.
    pub fn drifted(&self) -> BTreeSet<&str> {
        self.drifts.iter().map(|drift| drift.case.as_str()).collect()
    }

    /// Every difference of every case.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        self.drifts.iter().flat_map(|drift| &drift.differences)
    }
}

fn uncompared(case: &CaseReport) -> Uncompared {
    let outcome: Outcome = case.outcome;
    let reason = case.reason.clone().map_or_else(String::new, |reason| format!(": {reason}"));
    Uncompared { case: case.id.clone(), reason: format!("it {}{reason}", outcome.as_verb()) }
}
