//! The strings of what is written as JSON: secrets are taken out of each for itself, before a format escapes anything.

use super::whole::{Report, fixed_words};
use crate::normalise::Redactor;
use serde_json::Value;
use std::collections::HashMap;

/// Members whose values are words of ours: the version of the schema, and the passages that a fixture cites.
const OURS: [&str; 2] = ["schema", "supports"];

/// Changes each string of a value. Names of members, and words of ours that a program reads, stay. A text that occurs often, as
/// most of a report's do, is looked at once.
pub fn change_strings(value: &mut Value, change: &dyn Fn(&str) -> String) {
    each(value, change, &mut HashMap::new());
}

fn each(value: &mut Value, change: &dyn Fn(&str) -> String, known: &mut HashMap<String, String>) {
    match value {
        Value::String(text) if !fixed_words().contains(text) => match known.get(text) {
            Some(changed) => text.clone_from(changed),
            None => {
                let changed = change(text);
                known.insert(std::mem::replace(text, changed.clone()), changed);
            }
        },
        Value::Array(values) => values.iter_mut().for_each(|value| each(value, change, known)),
        Value::Object(members) => {
            let others = members.iter_mut().filter(|(name, _)| !OURS.contains(&name.as_str()));
            others.for_each(|(_, value)| each(value, change, known));
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
        change_strings(&mut value, &|text| redactor.redact_all(text));
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
        let change = |text: &str| {
            calls.set(calls.get() + 1);
            text.to_uppercase()
        };
        change_strings(&mut value, &change);
        assert_eq!(value, json!({ "a": ["X", "X", { "x": "Y" }], "supports": ["x"], "outcome": "diverges" }));
        assert_eq!(calls.get(), 2);
    }
}
