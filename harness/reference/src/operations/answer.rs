//! Writes the bodies of answers.

use crate::call::Call;
use crate::error::Refusal;
use crate::json;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// A JSON body, compact and without a newline at its end.
pub(super) fn body(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// The value of a blob member: Base64 in a string.
pub(super) fn encoded(bytes: &[u8]) -> Value {
    Value::String(BASE64_STANDARD.encode(bytes))
}

/// One page of a list, as `Limit` and `Marker` select it. The items must be sorted by their names. A marker is the name
/// of the first item of the next page.
pub(super) fn page(call: &Call<'_>, member: &str, items: Vec<(String, Value)>) -> Result<Vec<u8>, Refusal> {
    const USUAL: i64 = 100;
    const MOST: i64 = 1000;
    let limit = json::integer_in(call.members, "Limit", 1..=MOST)?.unwrap_or(USUAL);
    let start = match json::string(call.members, "Marker")? {
        None => 0,
        Some(marker) => {
            items.iter().position(|(name, _)| *name == marker).ok_or_else(|| Refusal::bare("InvalidMarkerException"))?
        }
    };
    let end = items.len().min(start + usize::try_from(limit).unwrap_or(usize::MAX));
    let mut answer = serde_json::json!({ "Truncated": end < items.len() });
    if let Some((next, _)) = items.get(end) {
        answer["NextMarker"] = Value::String(next.clone());
    }
    answer[member] = items.into_iter().skip(start).take(end - start).map(|(_, item)| item).collect();
    Ok(body(&answer))
}
