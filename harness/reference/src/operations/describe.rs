//! DescribeKey, ListKeys and UpdateKeyDescription.

use super::answer::{body, page};
use super::named::{change, key};
use super::state::stays;
use crate::call::Call;
use crate::error::Refusal;
use crate::json;
use crate::mutant::Point;
use crate::resolve::Aliases;
use serde_json::json;

/// The longest description, in characters.
const LONGEST: usize = 8192;

pub(super) fn describe(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let key = key(call, Aliases::Taken)?;
    Ok(body(&json!({ "KeyMetadata": key.described(&call.shared.config) })))
}

pub(super) fn list(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let store = call.shared.store();
    let keys = store
        .of(call.region, &call.principal.account)
        .filter(|key| !call.shared.config.at(Point::UnlistedAfterDeletion) || key.state() != "PendingImport")
        .map(|key| (key.id.clone(), json!({ "KeyArn": key.arn, "KeyId": key.id })))
        .collect();
    page(call, "Keys", keys)
}

pub(super) fn update(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let description = json::required(call.members, "Description", 0, LONGEST)?;
    change(call, |key| {
        stays(key)?;
        key.description = description;
        Ok(Vec::new())
    })
}
