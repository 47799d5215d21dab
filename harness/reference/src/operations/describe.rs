//! DescribeKey, ListKeys and UpdateKeyDescription.

use super::answer::{body, page};
use super::named::{change, key, key_id};
use super::state::stays;
use crate::call::Call;
use crate::error::Refusal;
use crate::json;
use crate::key::Key;
use crate::mutant::Point;
use crate::resolve::Aliases;
use serde_json::{Value, json};

/// The longest description, in characters.
const LONGEST: usize = 8192;

pub(super) fn describe(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let key = key(call, Aliases::Taken)?;
    let described = key.described(&call.shared.config);
    let shown = remembered(call, &key, &described)?.unwrap_or(described);
    Ok(body(&json!({ "KeyMetadata": shown })))
}

/// What a mutant shows of a key that is named in this way: what it showed the first time.
fn remembered(call: &Call<'_>, key: &Key, described: &Value) -> Result<Option<Value>, Refusal> {
    let config = &call.shared.config;
    let named = key_id(call)?;
    let remembers = named.starts_with("arn:") && config.at(Point::ArnAnswerRemembered)
        || named.starts_with("alias/") && config.at(Point::AliasAnswerRemembered);
    if !remembers {
        return Ok(None);
    }
    let shown = |key: &mut Key| Ok(key.first_shown.get_or_insert_with(|| described.clone()).clone());
    call.shared.store().change(config, (&key.region, &key.id), shown).map(Some)
}

pub(super) fn list(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let store = call.shared.store();
    let keys = store
        .of(call.region, &call.principal.account)
        .filter(|key| key.state() != "PendingImport" || !call.shared.config.at(Point::UnlistedAfterDeletion))
        .filter(|key| !key.marks.contains(&Point::UnlistedForGood))
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
