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

/// The calls without which no key with imported material can be made and shown. If a target lacks another operation, the
/// cases that need it are skipped.
const SET_UP: [&str; 4] = ["CreateKey", "GetParametersForImport", "ImportKeyMaterial", "DescribeKey"];

/// The case ends because a call of its precondition failed.
pub(super) fn blocked(failure: &Failure) -> Ended {
    let outcome = match &failure.kind {
        kind if kind.tells_nothing() => Outcome::Indeterminate,
        FailureKind::NotOurs => return ended(Outcome::Skipped, failure.describe()),
        FailureKind::NoSuchOperation if !SET_UP.contains(&failure.operation.as_str()) => Outcome::Skipped,
        // How long a rotation takes says nothing about the operation under test.
        FailureKind::NotSettled if failure.operation == "RotateKeyOnDemand" => Outcome::Skipped,
        _ => Outcome::Blocked,
    };
    let reason = Text::from("its precondition could not be made: ").and(failure.describe());
    Ended { sent: failure.sent.clone(), ..ended(outcome, reason) }
}

/// The case ends because a call by which it reads the key back failed before the exchange. What the call answers afterwards
/// would say nothing.
pub(super) fn unread(failure: &Failure) -> Ended {
    let outcome = if failure.kind.tells_nothing() { Outcome::Indeterminate } else { Outcome::Skipped };
    ended(outcome, Text::from("the key cannot be read back, as before the exchange ").and(failure.describe()))
}
