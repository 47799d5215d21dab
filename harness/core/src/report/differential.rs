//! What differs between two targets that got the same cases, and which of them the spec agrees with.

use super::outcome::{CaseReport, Figures, Outcome, RunReport, TargetReport};
use super::regression::Uncompared;
use crate::baseline::compare;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Which of the two sides answers a case as the fixtures expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agrees {
    /// The target of the run.
    Left,
    /// The one that it is compared with.
    Right,
    /// Both: the spec leaves open what differs.
    Both,
    /// Neither.
    Neither,
}

impl Agrees {
    /// From the outcomes of both sides.
    pub fn of(left: &CaseReport, right: &CaseReport) -> Self {
        match (left.is_wrong(), right.is_wrong()) {
            (false, true) => Self::Left,
            (true, false) => Self::Right,
            (false, false) => Self::Both,
            (true, true) => Self::Neither,
        }
    }

    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Both => "both",
            Self::Neither => "neither",
        }
    }
}

/// One field of an exchange in which two sides differ. What varies from run to run is replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SideBySide {
    /// The field, in words.
    pub place: String,
    /// What the left side has; absent where it has no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// What the right side has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
}

/// A case to which two targets do not answer alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseDifference {
    /// The case.
    pub case: String,
    /// Who answers as the fixtures expect.
    pub agrees: Agrees,
    /// What differs.
    pub differences: Vec<SideBySide>,
}

/// Fields of a case that were left out of the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fields {
    /// The case.
    pub case: String,
    /// The fields, in words.
    pub places: Vec<String>,
}

/// Two targets side by side.
#[derive(Clone, Debug, Serialize)]
pub struct DifferentialReport {
    /// The target that the run's target, the left one, is compared with.
    pub right: TargetReport,
    /// Its figures.
    pub figures: Figures,
    /// A target identical to the left one, from which the noise floor was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_from: Option<TargetReport>,
    /// Cases that were compared.
    pub compared: usize,
    /// Cases that differ, twice.
    pub differ: Vec<CaseDifference>,
    /// Fields that differed once and not again.
    pub passing: Vec<Fields>,
    /// Fields that differ between identical targets as well.
    pub noise: Vec<Fields>,
    /// Cases that were judged on one side and not on the other.
    pub not_compared: Vec<Uncompared>,
}

impl DifferentialReport {
    /// Holds the cases of two runs side by side. `noise` is a run at a target that is identical to the left one.
    pub fn of(left: &RunReport, right: &RunReport, noise: Option<&RunReport>) -> Self {
        let mut report = Self {
            right: right.target.clone(),
            figures: right.figures,
            noise_from: noise.map(|noise| noise.target.clone()),
            compared: 0,
            differ: Vec::new(),
            passing: Vec::new(),
            noise: Vec::new(),
            not_compared: Vec::new(),
        };
        for case in &left.cases {
            let Some(other) = find(right, &case.id) else { continue };
            match (case.is_recordable(), other.is_recordable()) {
                (true, true) => {}
                (false, false) => continue,
                (true, false) => report.not_compared.push(uncompared("right", other)),
                (false, true) => report.not_compared.push(uncompared("left", case)),
            }
            if !(case.is_recordable() && other.is_recordable()) {
                continue;
            }
            report.compared += 1;
            let differences = side_by_side(case, other);
            if !differences.is_empty() {
                let agrees = Agrees::of(case, other);
                report.differ.push(CaseDifference { case: case.id.clone(), agrees, differences });
            }
        }
        report.subtract(left, noise);
        report
    }

    /// The cases to look at a second time.
    pub fn differing(&self) -> Vec<String> {
        self.differ.iter().map(|difference| difference.case.clone()).collect()
    }

    /// Keeps what a second look at the differing cases shows as well, on both sides.
    pub fn confirm(&mut self, left: &RunReport, right: &RunReport, noise: Option<&RunReport>) {
        let first = std::mem::take(&mut self.differ);
        for CaseDifference { case, differences, .. } in first {
            let both = find(left, &case).zip(find(right, &case));
            let Some((one, other)) = both.filter(|(one, other)| one.is_recordable() && other.is_recordable()) else {
                let reason = "it differed, which a second look could not confirm".to_owned();
                self.not_compared.push(Uncompared { case, reason });
                self.compared -= 1;
                continue;
            };
            let places = |differences: &[SideBySide]| -> BTreeSet<String> {
                differences.iter().map(|difference| difference.place.clone()).collect()
            };
            let again = side_by_side(one, other);
            let (before, after) = (places(&differences), places(&again));
            let once: Vec<String> = before.symmetric_difference(&after).cloned().collect();
            if !once.is_empty() {
                self.passing.push(Fields { case: case.clone(), places: once });
            }
            let kept: Vec<SideBySide> = again.into_iter().filter(|again| before.contains(&again.place)).collect();
            if !kept.is_empty() {
                self.differ.push(CaseDifference { case, agrees: Agrees::of(one, other), differences: kept });
            }
        }
        self.subtract(left, noise);
    }

    /// Takes out what differs between identical targets.
    fn subtract(&mut self, left: &RunReport, noise: Option<&RunReport>) {
        let Some(noise) = noise else { return };
        for case in left.cases.iter().filter(|case| case.is_recordable()) {
            let Some(other) = find(noise, &case.id).filter(|other| other.is_recordable()) else { continue };
            let places: BTreeSet<String> =
                compare(&case.recording, &other.recording).into_iter().map(|difference| difference.place).collect();
            if places.is_empty() {
                continue;
            }
            for difference in self.differ.iter_mut().filter(|difference| difference.case == case.id) {
                difference.differences.retain(|field| !places.contains(&field.place));
            }
            match self.noise.iter_mut().find(|fields| fields.case == case.id) {
                Some(known) => {
                    known.places.extend(places);
                    known.places.sort();
                    known.places.dedup();
                }
                None => self.noise.push(Fields { case: case.id.clone(), places: places.into_iter().collect() }),
            }
        }
        self.differ.retain(|difference| !difference.differences.is_empty());
    }

    /// Whether a case was not compared for another reason than that it was skipped on one side.
    pub fn lacks_verdicts(&self) -> bool {
        let Figures { unsupported, indeterminate, blocked, .. } = self.figures;
        self.compared == 0 || unsupported + indeterminate + blocked > 0
    }

    /// How many cases each field differs in, with its values: what differs everywhere is one fact and not a hundred.
    pub fn by_field(&self) -> BTreeMap<&SideBySide, usize> {
        let mut counts = BTreeMap::new();
        for field in self.differ.iter().flat_map(|difference| &difference.differences) {
            *counts.entry(field).or_default() += 1;
        }
        counts
    }
}

fn find<'a>(report: &'a RunReport, id: &str) -> Option<&'a CaseReport> {
    report.cases.iter().find(|case| case.id == id)
}

fn side_by_side(left: &CaseReport, right: &CaseReport) -> Vec<SideBySide> {
    compare(&left.recording, &right.recording)
        .into_iter()
        .map(|field| SideBySide { place: field.place, left: field.recorded, right: field.found })
        .collect()
}

fn uncompared(side: &str, case: &CaseReport) -> Uncompared {
    let outcome: Outcome = case.outcome;
    let reason = case.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
    Uncompared { case: case.id.clone(), reason: format!("on the {side} it {}{reason}", outcome.as_verb()) }
}
