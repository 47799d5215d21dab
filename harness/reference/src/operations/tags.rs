//! TagResource, UntagResource and ListResourceTags.

use super::answer::body;
use super::named::{change, key};
use super::state::stays;
use crate::call::Call;
use crate::error::Refusal;
use crate::json;
use crate::key::Key;
use crate::resolve::Aliases;
use serde_json::{Value, json};

pub(super) fn tag(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let tags = of(call.members.get("Tags"))?;
    change(call, |key| {
        stays(key)?;
        for (name, value) in tags {
            key.tags.retain(|(known, _)| *known != name);
            key.tags.push((name, value));
        }
        Ok(Vec::new())
    })
}

pub(super) fn untag(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let Some(Value::Array(names)) = call.members.get("TagKeys") else {
        return Err(Refusal::bare("SerializationException"));
    };
    change(call, |key| {
        stays(key)?;
        key.tags.retain(|(known, _)| !names.iter().any(|name| name == known));
        Ok(Vec::new())
    })
}

pub(super) fn list(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let key = key(call, Aliases::Refused)?;
    if json::string(call.members, "Marker")?.is_some() {
        return Err(Refusal::bare("InvalidMarkerException"));
    }
    Ok(body(&json!({ "Tags": shown(&key), "Truncated": false })))
}

/// The tags of a key, as answers show them.
pub(super) fn shown(key: &Key) -> Vec<Value> {
    key.tags.iter().map(|(name, value)| json!({ "TagKey": name, "TagValue": value })).collect()
}

/// Reads the tags of a request. A member that is not a list of tags is refused.
pub(super) fn of(member: Option<&Value>) -> Result<Vec<(String, String)>, Refusal> {
    let list = match member {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Refusal::bare("SerializationException")),
    };
    list.iter()
        .map(|tag| {
            let text = |name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
            match (text("TagKey"), text("TagValue")) {
                (Some(name), Some(value)) => Ok((name, value)),
                _ => Err(Refusal::bare("SerializationException")),
            }
        })
        .collect()
}
