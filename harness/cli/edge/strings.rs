//! Strings of JSON, each redacted for itself: in the finished text a pattern could take a quote or a comma with it, and a secret
//! can be the name of a member.

use super::failure::Failure;
use super::output;
use serde::Serialize;
use serde_json::Value;
use trentcheck_core::report::change_strings;

/// A value as JSON, without secrets in its strings. Names of members and words that a program reads stay.
pub(super) fn redacted(value: &impl Serialize) -> Result<Value, Failure> {
    let mut value = as_json(value)?;
    change_strings(&mut value, &output::redacted_each);
    Ok(value)
}

/// A value as JSON with nothing but words of ours: whatever else a finished text has came from elsewhere.
pub(super) fn emptied(value: &impl Serialize) -> Result<Value, Failure> {
    let mut value = as_json(value)?;
    change_strings(&mut value, &|texts| vec![String::new(); texts.len()]);
    Ok(value)
}

fn as_json(value: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::internal(format!("write the report: {error}")))
}
