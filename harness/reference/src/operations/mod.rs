//! The operations: the one under test, and those that its preconditions and effects need.

mod aliases;
mod create;
mod cryptographic;
mod delete;
mod describe;
mod import;
mod lifecycle;
mod tags;

use crate::error::Refusal;
use crate::front::Call;
use crate::json;
use crate::key::Key;
use crate::mutant::Point;
use crate::resolve::{Aliases, resolve};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Map;
use serde_json::Value;

type Operation = fn(&Call<'_>) -> Result<Vec<u8>, Refusal>;

/// Every operation by its name.
const OPERATIONS: &[(&str, Operation)] = &[
    ("CancelKeyDeletion", lifecycle::cancel),
    ("CreateAlias", aliases::create),
    ("CreateKey", create::create),
    ("Decrypt", cryptographic::decrypt),
    ("DeleteAlias", aliases::delete),
    ("DeleteImportedKeyMaterial", delete::delete),
    ("DescribeKey", describe::describe),
    ("DisableKey", lifecycle::disable),
    ("EnableKey", lifecycle::enable),
    ("Encrypt", cryptographic::encrypt),
    ("GenerateMac", cryptographic::generate_mac),
    ("GetParametersForImport", import::parameters),
    ("ImportKeyMaterial", import::import),
    ("ListAliases", aliases::list),
    ("ListKeyRotations", describe::rotations),
    ("ListKeys", describe::list),
    ("ListResourceTags", tags::list),
    ("ScheduleKeyDeletion", lifecycle::schedule),
    ("Sign", cryptographic::sign),
    ("TagResource", tags::tag),
];

/// The name of an operation, if there is one of it.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    OPERATIONS.iter().find(|(known, _)| *known == name).map(|(known, _)| *known)
}

/// Carries out an operation.
pub(crate) fn carry_out(name: &str, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    match OPERATIONS.iter().find(|(known, _)| *known == name) {
        Some((_, operation)) => operation(call),
        None => Err(Refusal::bare("UnknownOperationException")),
    }
}

/// A JSON body: compact, no newline.
fn body(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// One page of a list whose items come in the order of their names, as `Limit` and `Marker` ask for it. A marker is the
/// name of the first item that is still to come.
fn page(call: &Call<'_>, member: &str, items: Vec<(String, Value)>) -> Result<Vec<u8>, Refusal> {
    const USUAL: i64 = 100;
    const MOST: i64 = 1000;
    let limit = json::integer(call.members, "Limit")?.unwrap_or(USUAL);
    let value = format!("Value '{limit}'");
    if limit < 1 {
        return Err(json::violation(&value, "Limit", "Member must have value greater than or equal to 1"));
    }
    if limit > MOST {
        return Err(json::violation(&value, "Limit", "Member must have value less than or equal to 1000"));
    }
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

/// The value of `KeyId`, within its constraints.
fn key_id(call: &Call<'_>) -> Result<String, Refusal> {
    const LONGEST: usize = 2048;
    let config = &call.shared.config;
    let read = mutant_reading(call);
    let members = read.as_ref().unwrap_or(call.members);
    let unknown =
        |name: &str| call.operation == "DeleteImportedKeyMaterial" && name != "KeyId" && name != "KeyMaterialId";
    if config.at(Point::UnknownRefused) && members.keys().any(|name| unknown(name)) {
        return Err(Refusal::bare("SerializationException"));
    }
    if config.at(Point::NullRefused) && members.values().any(Value::is_null) {
        return Err(Refusal::bare("SerializationException"));
    }
    if config.at(Point::NestingCrashes) && members.iter().any(|(name, value)| unknown(name) && value.is_object()) {
        return Err(Refusal::new("InternalFailure", "recursion").with_status(500));
    }
    let missing = config.at(Point::AbsentIsNotFound) && members.get("KeyId").is_none_or(Value::is_null);
    let empty = config.at(Point::EmptyIsNotFound) && members.get("KeyId").is_some_and(|value| value == "");
    if missing || empty {
        return Err(Refusal::new("NotFoundException", "Invalid keyId ''"));
    }
    let longest = match () {
        () if config.at(Point::Length2048Refused) => LONGEST - 1,
        () if config.at(Point::Length2049Accepted) => LONGEST + 1,
        () => LONGEST,
    };
    json::required(members, "KeyId", 1, longest)
}

/// The members as a mutant reads them, if it reads them in its own way.
fn mutant_reading(call: &Call<'_>) -> Option<Map<String, Value>> {
    let config = &call.shared.config;
    let mut members = call.members.clone();
    let value = members.get("KeyId").cloned();
    let read = match value {
        Some(Value::Number(number)) if config.at(Point::NumberIsText) => Value::String(number.to_string()),
        Some(Value::Bool(bool)) if config.at(Point::NumberIsText) => Value::String(bool.to_string()),
        Some(Value::Array(list)) if config.at(Point::ListUnpacked) => list.into_iter().next()?,
        Some(Value::Object(object)) if config.at(Point::ObjectUnpacked) => object.into_iter().next()?.1,
        None if config.at(Point::NamesWithoutCase) => {
            members.iter().find(|(name, _)| name.eq_ignore_ascii_case("KeyId"))?.1.clone()
        }
        _ => return None,
    };
    members.insert("KeyId".to_owned(), read);
    Some(members)
}

/// A copy of the key that the call names.
fn key(call: &Call<'_>, aliases: Aliases) -> Result<Key, Refusal> {
    let value = key_id(call)?;
    let store = call.shared.store();
    resolve(&store, call, &value, aliases).cloned()
}

/// Changes the key that the call names.
fn change<T>(call: &Call<'_>, change: impl FnOnce(&mut Key) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let value = key_id(call)?;
    let mut store = call.shared.store();
    let id = resolve(&store, call, &value, Aliases::Refused)?.id.clone();
    store.change(&call.shared.config, (call.region, &id), change)
}

/// A blob member that must be there.
fn blob(call: &Call<'_>, name: &str) -> Result<Vec<u8>, Refusal> {
    let text = json::required(call.members, name, 1, usize::MAX)?;
    BASE64_STANDARD.decode(text).map_err(|_| Refusal::bare("SerializationException"))
}

fn encoded(bytes: &[u8]) -> Value {
    Value::String(BASE64_STANDARD.encode(bytes))
}
