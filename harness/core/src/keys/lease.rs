//! The keys that a precondition made for one case, or why there are none.

use super::key::Key;
use crate::kms::Failure;
use crate::text::Text;

/// Which keys are good enough for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Also those that another case has used.
    Any,
    /// Only those that no case has used.
    New,
}

/// The keys that a precondition made for one case.
pub(crate) struct Lease {
    pub(crate) key: Key,
    pub(crate) other: Option<Key>,
}

/// Why there is no lease.
pub(crate) enum NoLease {
    /// This run has no principal, no Region or no permission to make such a key with.
    Unavailable(Text),
    /// A call failed.
    Failed(Failure),
}

impl NoLease {
    /// There is no lease, for this reason.
    pub(super) fn unavailable(why: impl Into<Text>) -> Self {
        Self::Unavailable(why.into())
    }
}

impl From<Failure> for NoLease {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
