//! The strings of what is written as JSON: secrets are taken out of each for itself, before a format escapes anything.

use super::whole::{Report, fixed_words};
use crate::normalise::Redactor;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Members whose values are words of ours: the version of the schema, and the passages that a fixture cites.
const OURS: [&str; 2] = ["schema", "supports"];

/// Changes the strings of a value. Names of members, and words of ours that a program reads, stay. `change` gets every text
/// once, however often it occurs, and gives as many back.
pub fn change_strings(value: &mut Value, change: &dyn Fn(&[&str]) -> Vec<String>) {
    let mut known = HashSet::new();
    let mut texts = Vec::new();
    each(value, &mut |text| {
        if known.insert(text) && !fixed_words().contains(text) {
            texts.push(text);
        }
    });
    let changed = change(&texts);
    assert_eq!(changed.len(), texts.len(), "each text is changed");
    // Most texts stay as they are.
    let changed = texts.iter().zip(changed).filter(|(text, changed)| *text != changed);
    let changed: HashMap<String, String> = changed.map(|(text, changed)| ((*text).to_owned(), changed)).collect();
    if !changed.is_empty() {
        change_each(value, &changed);
    }
}

/// Whether the value of a member is looked into.
fn is_looked_into(name: &str) -> bool {
    !OURS.contains(&name)
}

fn each<'a>(value: &'a Value, seen: &mut dyn FnMut(&'a str)) {
    match value {
        Value::String(text) => seen(text),
        Value::Array(values) => values.iter().for_each(|value| each(value, seen)),
        Value::Object(members) => {
            let looked = members.iter().filter(|(name, _)| is_looked_into(name));
            looked.for_each(|(_, value)| each(value, seen));
        }
        _ => {}
    }
}

/// Replaces the texts that are in `changed`. Words that a program reads are not in it.
fn change_each(value: &mut Value, changed: &HashMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(changed) = changed.get(text) {
                text.clone_from(changed);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| change_each(value, changed)),
        Value::Object(members) => {
            let looked = members.iter_mut().filter(|(name, _)| is_looked_into(name));
            looked.for_each(|(_, value)| change_each(value, changed));
        }
        _ => {}
    }
}

impl Report {
    /// The report without secrets and account ids.
    ///
    /// # Errors
    ///
    /// It cannot be read as it was written.
    pub fn redacted(&self, redactor: &Redactor) -> serde_json::Result<Self> {
        let mut value = serde_json::to_value(self)?;
        change_strings(&mut value, &|texts| redactor.redact_each(texts));
        serde_json::from_value(value)
    }
}

#[cfg(test)]
mod tests {
    use super::change_strings;
    use serde_json::json;
    use std::cell::Cell;

    #[test]
    fn each_text_is_changed_once_and_words_that_programs_read_stay() {
        let mut value = json!({ "a": ["x", "x", { "x": "y" }], "supports": ["x"], "outcome": "diverges" });
        let calls = Cell::new(0);
        let change = |texts: &[&str]| {
            calls.set(calls.get() + texts.len());
            texts.iter().map(|text| text.to_uppercase()).collect()
        };
        change_strings(&mut value, &change);
        assert_eq!(value, json!({ "a": ["X", "X", { "x": "Y" }], "supports": ["x"], "outcome": "diverges" }));
        assert_eq!(calls.get(), 2);
    }
}
