//! What is told of a run while it goes on.

use crate::report::CaseRan;

/// Is told of a run while it goes on.
pub trait Progress: Send + Sync {
    /// The run is about to begin this many cases.
    fn begins(&self, cases: usize);
    /// A case ended.
    fn ended(&self, case: &CaseRan);
}

/// Ignores everything.
impl Progress for () {
    fn begins(&self, _cases: usize) {}
    fn ended(&self, _case: &CaseRan) {}
}
