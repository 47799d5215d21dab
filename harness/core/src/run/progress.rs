//! Who hears of a run as it goes.

use crate::report::CaseReport;

/// Hears of a run as it goes.
pub trait Progress: Send + Sync {
    /// The run is about to begin this many cases.
    fn begins(&self, cases: usize);
    /// A case ended.
    fn ended(&self, case: &CaseReport);
}

/// Nobody listens.
impl Progress for () {
    fn begins(&self, _cases: usize) {}
    fn ended(&self, _case: &CaseReport) {}
}
