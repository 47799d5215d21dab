//! Why a case has no verdict.

use crate::kms::{Failure, FailureKind, Sent};
use crate::report::Outcome;
use crate::text::Text;
use std::sync::Arc;

/// Why a case has no verdict.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) reason: Text,
    /// The call that failed.
    pub(super) sent: Option<Arc<Sent>>,
}

/// The case ends with this outcome.
pub(super) fn ended(outcome: Outcome, reason: impl Into<Text>) -> Ended {
    Ended { outcome, reason: reason.into(), sent: None }
}

/// The case ends because a call of its precondition failed.
pub(super) fn blocked(failure: &Failure) -> Ended {
    let outcome = match &failure.kind {
        kind if kind.tells_nothing() => Outcome::Indeterminate,
        FailureKind::NotOurs => return ended(Outcome::Skipped, failure.describe()),
        _ => Outcome::Blocked,
    };
    let reason = Text::from("its precondition could not be made: ").and(failure.describe());
    Ended { sent: failure.sent.clone(), ..ended(outcome, reason) }
}
