//! Why a case has no verdict.

use crate::kms::{Failure, FailureKind};
use crate::report::Outcome;
use crate::text::Text;

/// Why a case has no verdict.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) reason: Text,
}

/// The case ends with this outcome.
pub(super) fn ended(outcome: Outcome, reason: impl Into<Text>) -> Ended {
    Ended { outcome, reason: reason.into() }
}

/// The case ends because a call of its precondition failed.
pub(super) fn blocked(failure: &Failure) -> Ended {
    let outcome = match &failure.kind {
        kind if kind.tells_nothing() => Outcome::Indeterminate,
        FailureKind::NotOurs => return ended(Outcome::Skipped, failure.describe()),
        _ => Outcome::Blocked,
    };
    ended(outcome, Text::from("its precondition could not be made: ").and(failure.describe()))
}
