//! Compares a key's metadata after the exchange with what an effect says.

use super::mismatch::{Mismatch, What};
use crate::fixture::{Check, Edition, Effect, On};
use serde_json::Value;

/// Compares KeyMetadata before and after with the checks of an effect that hold in this edition.
pub fn checks(effect: &Effect, before: &Value, after: &Value, edition: Edition) -> Vec<Mismatch> {
    effect
        .checks
        .iter()
        .filter(|check| crate::fixture::holds_in(check.editions.as_ref(), edition))
        .flat_map(|check| differences(effect, check, before, after))
        .collect()
}

fn differences(effect: &Effect, check: &Check, before: &Value, after: &Value) -> Vec<Mismatch> {
    let mut names: Vec<&str> = vec![&check.member];
    if check.member == "*" {
        names = members(before).chain(members(after)).filter(|name| !is_left_out(check, name)).collect();
        names.sort_unstable();
        names.dedup();
    }
    names.into_iter().filter_map(|name| difference(effect, check, name, before, after)).collect()
}

fn is_left_out(check: &Check, name: &str) -> bool {
    check.except.iter().any(|left_out| left_out == name)
}

/// What a Decrypt gave back is what was encrypted, at the level of the effect.
pub fn plaintext(effect: &Effect, answer: &Value, encrypted: &str) -> Option<Mismatch> {
    let found = present(answer.get("Plaintext"));
    if found.and_then(Value::as_str) == Some(encrypted) {
        return None;
    }
    Some(Mismatch {
        what: What::Effect,
        place: "Decrypt Plaintext afterwards".to_owned(),
        expected: format!("what was encrypted, `{encrypted}`"),
        found: show(found),
        clauses: effect.clauses.clone(),
        source: effect.source.clone().unwrap_or_default(),
        level: effect.expect.iter().map(|expectation| expectation.level).max()?,
        hint: None,
    })
}

fn members(metadata: &Value) -> impl Iterator<Item = &str> {
    metadata.as_object().into_iter().flat_map(|members| members.keys().map(String::as_str))
}

fn difference(effect: &Effect, check: &Check, name: &str, before: &Value, after: &Value) -> Option<Mismatch> {
    let found = present(after.get(name));
    let (fits, expected) = if let Some(value) = &check.is {
        let wanted = serde_json::to_value(value).ok()?;
        (found == Some(&wanted), show(Some(&wanted)))
    } else if check.same {
        let wanted = present(before.get(name));
        (found == wanted, format!("as before, {}", show(wanted)))
    } else {
        (found.is_none(), "absent".to_owned())
    };
    if fits {
        return None;
    }
    let key = match effect.on {
        On::Key => "",
        On::Other => " of the other key",
    };
    Some(Mismatch {
        what: What::Effect,
        place: format!("DescribeKey {name}{key} afterwards"),
        expected,
        found: show(found),
        clauses: if check.clauses.is_empty() { effect.clauses.clone() } else { check.clauses.clone() },
        source: check.source.clone().or_else(|| effect.source.clone()).unwrap_or_default(),
        level: check.level,
        hint: None,
    })
}

/// A null member is an absent one in this protocol.
fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

fn show(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), |value| format!("`{value}`").replace("`\"", "`").replace("\"`", "`"))
}
