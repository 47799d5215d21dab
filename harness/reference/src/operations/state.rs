//! Checks that a key's origin and state allow a call. The origin is checked before the state.

use crate::error::Refusal;
use crate::key::{Key, Origin};

/// Checks that material can be imported into a key and deleted from it.
pub(super) fn external(key: &Key) -> Result<(), Refusal> {
    if key.origin == Origin::External { Ok(()) } else { Err(wrong_origin(key)) }
}

/// The refusal of a key whose material comes from somewhere else.
pub(super) fn wrong_origin(key: &Key) -> Refusal {
    Refusal::new(
        "UnsupportedOperationException",
        format!("{} origin is {} which is not valid for this operation.", key.arn, key.origin.as_str()),
    )
}

/// Checks that a key is enabled.
pub(super) fn enabled(key: &Key) -> Result<(), Refusal> {
    match key.state() {
        "Disabled" => Err(Refusal::new("DisabledException", format!("{} is disabled.", key.arn))),
        _ => changeable(key),
    }
}

/// Checks that a key is enabled or disabled.
pub(super) fn changeable(key: &Key) -> Result<(), Refusal> {
    match key.state() {
        "PendingImport" => Err(pending_import(key)),
        _ => stays(key),
    }
}

/// Checks that a key exists fully and is not scheduled for deletion.
pub(super) fn stays(key: &Key) -> Result<(), Refusal> {
    match key.state() {
        "PendingDeletion" => Err(Refusal::state(&key.arn, "pending deletion")),
        "PendingReplicaDeletion" => Err(Refusal::state(&key.arn, "pending replica deletion")),
        state @ ("Creating" | "Updating") => Err(Refusal::state(&key.arn, &state.to_lowercase())),
        _ => Ok(()),
    }
}

pub(super) fn pending_import(key: &Key) -> Refusal {
    Refusal::state(&key.arn, "pending import")
}
