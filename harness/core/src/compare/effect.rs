//! Compares a key's metadata after the exchange with what an effect says.

use super::fact::Fact as FactOf;
use super::mismatch::{Mismatch, What};
use super::place::{Place, WhichKey};
use crate::fixture::{Check, Edition, Effect};
use crate::text::TargetText;
use serde_json::Value;

type Fact = FactOf<TargetText>;

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

/// Compares a member of a successful answer with what is known from before the exchange, at the level of the effect.
pub fn given(effect: &Effect, answer: &Value, member: &str, wanted: &Value) -> Option<Mismatch> {
    let found = present(answer.get(member));
    if found == Some(wanted) {
        return None;
    }
    // What is compared can be a secret, but for the one text that trentcheck encrypts.
    let (expected, found) = match member {
        "Plaintext" => (Fact::about("what was encrypted,", text(wanted)), show(found)),
        _ if wanted.is_boolean() => (show(Some(wanted)), show(found)),
        _ => (Fact::words("as before"), found.map_or(Fact::Absent, |_| Fact::words("another one"))),
    };
    Some(Mismatch {
        what: What::Effect,
        place: Place::Afterwards {
            call: operation(effect),
            member: Some(TargetText::new(member)),
            key: WhichKey::of(effect.on),
        },
        expected,
        found,
        clauses: effect.clauses.clone(),
        supports: effect.supports.clone().unwrap_or_default(),
        level: effect.expect.iter().map(|expectation| expectation.level).max()?,
        hint: None,
    })
}

/// The operation of an effect's call. That under test is none of those that read or use a key.
fn operation(effect: &Effect) -> String {
    effect.call.operation("").to_owned()
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
        (found == wanted, as_before(wanted))
    } else {
        (found.is_none(), Fact::Absent)
    };
    if fits {
        return None;
    }
    Some(Mismatch {
        what: What::Effect,
        place: Place::Afterwards {
            call: operation(effect),
            member: Some(TargetText::new(name)),
            key: WhichKey::of(effect.on),
        },
        expected,
        found: show(found),
        clauses: if check.clauses.is_empty() { effect.clauses.clone() } else { check.clauses.clone() },
        supports: check.supports.as_ref().or(effect.supports.as_ref()).cloned().unwrap_or_default(),
        level: check.level,
        hint: None,
    })
}

/// A null member is an absent one in this protocol.
fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

fn as_before(value: Option<&Value>) -> Fact {
    value.map_or_else(|| Fact::words("as before, absent"), |value| Fact::about("as before,", text(value)))
}

fn show(value: Option<&Value>) -> Fact {
    value.map_or(Fact::Absent, |value| Fact::value(text(value)))
}

/// A value as it reads: a string without its quotes, anything else as JSON.
fn text(value: &Value) -> TargetText {
    match value {
        Value::String(text) => TargetText::new(text.as_str()),
        other => TargetText::new(other.to_string()),
    }
}
