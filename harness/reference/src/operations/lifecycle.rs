//! EnableKey, DisableKey, ScheduleKeyDeletion and CancelKeyDeletion.

use super::answer::body;
use super::named::change;
use super::state::{changeable, stays};
use crate::call::Call;
use crate::error::Refusal;
use crate::json;
use crate::key::seconds;
use crate::mutant::Point;
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn enable(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let config = &call.shared.config;
    change(call, |key| {
        if key.state() == "PendingImport" && config.at(Point::EnableRevives) {
            key.marks.push(Point::EnableRevives);
            return Ok(Vec::new());
        }
        changeable(key)?;
        key.is_disabled = false;
        Ok(Vec::new())
    })
}

pub(super) fn disable(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    change(call, |key| {
        changeable(key)?;
        key.is_disabled = true;
        Ok(Vec::new())
    })
}

pub(super) fn schedule(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let days = json::integer_in(call.members, "PendingWindowInDays", 7..=30)?.unwrap_or(30);
    let now = (call.shared.config.clock)();
    change(call, |key| {
        if key.deletion.is_some() {
            return stays(key).map(|()| Vec::new());
        }
        let deletion = now + DAY * u32::try_from(days).unwrap_or(30);
        key.deletion = Some(deletion);
        key.window_in_days = days;
        let mut answer = json!({ "KeyId": key.arn, "KeyState": key.state(), "PendingWindowInDays": days });
        // A key with replicas gets a date once they are deleted.
        if key.state() == "PendingDeletion" {
            answer["DeletionDate"] = json!(seconds(deletion));
        }
        Ok(body(&answer))
    })
}

pub(super) fn cancel(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    change(call, |key| {
        if key.deletion.take().is_none() {
            return Err(Refusal::state(&key.arn, "not pending deletion"));
        }
        // A key with material is disabled now. A key without material waits for an import.
        key.is_disabled = key.state() != "PendingImport";
        if key.state() == "PendingImport" && call.shared.config.at(Point::CancelDisablesEmpty) {
            key.marks.push(Point::BecomesDisabled);
        }
        Ok(body(&json!({ "KeyId": key.arn })))
    })
}
