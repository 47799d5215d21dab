//! The counts of a run, and the two figures that follow from them.

use super::outcome::{Outcome, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many cases came to which end, and the two figures, which are never added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Cases that were selected and hold in the target's edition.
    pub selected: usize,
    /// Cases that passed.
    pub pass: usize,
    /// Cases that diverge.
    pub diverges: usize,
    /// Cases that ended for lack of the operation.
    pub unsupported: usize,
    /// Cases that ended without a verdict.
    pub indeterminate: usize,
    /// Cases whose precondition could not be made.
    pub blocked: usize,
    /// Cases that were not run.
    pub skipped: usize,
    /// Cases that diverge as a deviation file says.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub listed: usize,
    /// Cases about which a deviation file is wrong.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stale: usize,
    /// Cases that diverged once and not again, and those that a deviation file takes out of the figures.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub flaky: usize,
    /// Divergence: share of judged cases that diverge, listed ones among them; absent when none was judged.
    pub divergence: Option<f64>,
    /// Coverage: share of selected cases that could be judged; absent when none was selected.
    pub coverage: Option<f64>,
}

impl Figures {
    /// Counts these cases.
    pub fn of<'a, V: Verdict + 'a>(cases: impl IntoIterator<Item = &'a V>) -> Self {
        let mut figures = Self::default();
        let mut wrong = 0;
        for case in cases {
            figures.selected += 1;
            wrong += usize::from(case.is_wrong());
            *match case.outcome() {
                Outcome::Pass => &mut figures.pass,
                Outcome::Diverges => &mut figures.diverges,
                Outcome::Unsupported => &mut figures.unsupported,
                Outcome::Indeterminate => &mut figures.indeterminate,
                Outcome::Blocked => &mut figures.blocked,
                Outcome::Skipped => &mut figures.skipped,
                Outcome::Listed => &mut figures.listed,
                Outcome::Stale => &mut figures.stale,
                Outcome::Flaky => &mut figures.flaky,
            } += 1;
        }
        let judged = figures.judged();
        figures.divergence = share(wrong, judged);
        figures.coverage = share(judged, figures.selected);
        figures
    }

    /// These and others together. Without their cases, what a list of deviations knows counts as wrong.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = Self {
            selected: self.selected + other.selected,
            pass: self.pass + other.pass,
            diverges: self.diverges + other.diverges,
            unsupported: self.unsupported + other.unsupported,
            indeterminate: self.indeterminate + other.indeterminate,
            blocked: self.blocked + other.blocked,
            skipped: self.skipped + other.skipped,
            listed: self.listed + other.listed,
            stale: self.stale + other.stale,
            flaky: self.flaky + other.flaky,
            divergence: None,
            coverage: None,
        };
        both.divergence = share(both.judged() - both.pass, both.judged());
        both.coverage = share(both.judged(), both.selected);
        both
    }

    /// Cases with a verdict.
    pub fn judged(&self) -> usize {
        self.pass + self.diverges + self.listed + self.stale
    }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

pub(super) fn is_zero(count: &usize) -> bool {
    *count == 0
}
