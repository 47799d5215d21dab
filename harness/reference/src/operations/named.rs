//! Reads which key a call names, and copies or changes that key.

use crate::call::Call;
use crate::error::Refusal;
use crate::json;
use crate::key::Key;
use crate::mutant::Point;
use crate::resolve::{Aliases, resolve};
use serde_json::{Map, Value};

/// The longest value that names a key, in characters.
const LONGEST: usize = 2048;

/// The value of `KeyId`, with its constraints checked.
pub(super) fn key_id(call: &Call<'_>) -> Result<String, Refusal> {
    let config = &call.shared.config;
    let read = mutant_reading(call);
    let members = read.as_ref().unwrap_or(call.members);
    let unknown =
        |name: &str| call.operation == "DeleteImportedKeyMaterial" && name != "KeyId" && name != "KeyMaterialId";
    if members.keys().any(|name| unknown(name)) && config.at(Point::UnknownRefused) {
        return Err(Refusal::bare("SerializationException"));
    }
    if members.values().any(Value::is_null) && config.at(Point::NullRefused) {
        return Err(Refusal::bare("SerializationException"));
    }
    if members.iter().any(|(name, value)| unknown(name) && value.is_object()) && config.at(Point::NestingCrashes) {
        return Err(Refusal::new("InternalFailure", "recursion").with_status(500));
    }
    let value = members.get("KeyId").unwrap_or(&Value::Null);
    if value.is_null() && config.at(Point::AbsentIsNotFound) || value == "" && config.at(Point::EmptyIsNotFound) {
        return Err(Refusal::new("NotFoundException", "Invalid keyId ''"));
    }
    let longest = match value.as_str().map_or(0, |text| text.chars().count()) {
        2048 if config.at(Point::Length2048Refused) => LONGEST - 1,
        2049 if config.at(Point::Length2049Accepted) => LONGEST + 1,
        _ => LONGEST,
    };
    json::identifier(config, members, "KeyId", longest)
}

/// The members as a mutant reads them, or nothing if the mutant reads them unchanged.
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
pub(super) fn key(call: &Call<'_>, aliases: Aliases) -> Result<Key, Refusal> {
    key_of(call, "KeyId", aliases)
}

/// A copy of the key that this member names.
pub(super) fn key_of(call: &Call<'_>, member: &str, aliases: Aliases) -> Result<Key, Refusal> {
    let value = match member {
        "KeyId" => key_id(call)?,
        other => json::identifier(&call.shared.config, call.members, other, LONGEST)?,
    };
    let store = call.shared.store();
    resolve(&store, call, &value, aliases).cloned()
}

/// Changes the key that the call names.
pub(super) fn change<T>(call: &Call<'_>, change: impl FnOnce(&mut Key) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let value = key_id(call)?;
    let mut store = call.shared.store();
    let id = resolve(&store, call, &value, Aliases::Refused)?.id.clone();
    store.change(&call.shared.config, (call.region, &id), change)
}
