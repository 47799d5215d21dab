//! Strings of JSON, each redacted for itself: in the finished text a pattern could take a quote or a comma with it, and a secret
//! can be the name of a member.

use super::failure::Failure;
use super::output;
use serde::Serialize;
use serde_json::Value;
use trentcheck_core::report::fixed_words;

/// A value as JSON, without secrets in its strings. Names of members and words that a program reads stay.
pub(super) fn redacted(value: &impl Serialize) -> Result<Value, Failure> {
    let mut value = as_json(value)?;
    each(&mut value, &|text| output::redacted(text));
    Ok(value)
}

/// A value as JSON with nothing but words of ours: whatever else a finished text has came from elsewhere.
pub(super) fn emptied(value: &impl Serialize) -> Result<Value, Failure> {
    let mut value = as_json(value)?;
    each(&mut value, &|_| String::new());
    Ok(value)
}

/// Members whose values are words of ours: the version of the schema, and the passages that a fixture cites.
const OURS: [&str; 2] = ["schema", "supports"];

fn as_json(value: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::internal(format!("write the report: {error}")))
}

fn each(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) if !fixed_words().contains(text) => *text = change(text),
        Value::Array(values) => values.iter_mut().for_each(|value| each(value, change)),
        Value::Object(members) => {
            let others = members.iter_mut().filter(|(name, _)| !OURS.contains(&name.as_str()));
            others.for_each(|(_, value)| each(value, change));
        }
        _ => {}
    }
}
