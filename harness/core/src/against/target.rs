//! Compares the runs of the same cases at two targets.

use crate::baseline::compare;
use crate::report::{
    Agrees, CaseDifference, CaseRan, DifferentialReport, Fields, Figures, Ran, SideBySide, Uncompared,
};
use std::collections::BTreeSet;

impl DifferentialReport {
    /// Compares the cases of two runs, each with [`crate::run::Detail::Recordings`] at least. `noise` is a run at a target that is identical to the left one.
    pub fn of(left: &Ran, right: &Ran, noise: Option<&Ran>) -> Self {
        let mut report = Self {
            right: right.target.clone(),
            figures: Figures::of(&right.cases),
            noise_from: noise.map(|noise| noise.target.clone()),
            compared: 0,
            causes: Vec::new(),
            differ: Vec::new(),
            passing: Vec::new(),
            noise: Vec::new(),
            not_compared: Vec::new(),
            unconfirmed: Vec::new(),
        };
        for case in &left.cases {
            let Some(other) = right.case(&case.id) else { continue };
            match (case.is_recordable(), other.is_recordable()) {
                (true, true) => {}
                (true, false) => {
                    report.not_compared.push(uncompared("right", other));
                    continue;
                }
                (false, true) => {
                    report.not_compared.push(uncompared("left", case));
                    continue;
                }
                (false, false) => continue,
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

    /// Keeps the differences that a second look at the differing cases also shows on both sides. There is none at the
    /// right if the run was interrupted before.
    pub fn confirm(&mut self, left: &Ran, right: Option<&Ran>, noise: Option<&Ran>) {
        let first = std::mem::take(&mut self.differ);
        for CaseDifference { case, differences, .. } in first {
            let both = left.case(&case).zip(right.and_then(|right| right.case(&case)));
            let Some((one, other)) = both.filter(|(one, other)| one.is_recordable() && other.is_recordable()) else {
                self.unconfirmed.push(case);
                self.compared -= 1;
                continue;
            };
            let places = |differences: &[SideBySide]| -> BTreeSet<String> {
                differences.iter().map(|difference| difference.place.clone()).collect()
            };
            let again = side_by_side(one, other);
            let (before, after) = (places(&differences), places(&again));
            let is_noise = |place: &str| {
                self.noise.iter().any(|fields| fields.case == case && fields.places.iter().any(|noise| noise == place))
            };
            let once: Vec<String> =
                before.symmetric_difference(&after).filter(|place| !is_noise(place)).cloned().collect();
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

    /// Removes the fields that also differ between identical targets.
    fn subtract(&mut self, left: &Ran, noise: Option<&Ran>) {
        let Some(noise) = noise else { return };
        for case in left.cases.iter().filter(|case| case.is_recordable()) {
            let Some(other) = noise.case(&case.id).filter(|other| other.is_recordable()) else { continue };
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
}

fn side_by_side(left: &CaseRan, right: &CaseRan) -> Vec<SideBySide> {
    compare(&left.recording, &right.recording)
        .into_iter()
        .map(|field| SideBySide { place: field.place, left: field.recorded, right: field.found })
        .collect()
}

fn uncompared(side: &str, case: &CaseRan) -> Uncompared {
    Uncompared { case: case.id.clone(), reason: format!("on the {side} it {}", case.ending()) }
}

#[cfg(test)]
mod tests;
