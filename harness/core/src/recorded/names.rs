//! The names of a fact and their values: of its keys, of what is kept from answers, and of what every run knows.

use crate::arn::Arn;
use crate::fixture::{filled, handle, zeros};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;

/// Shorter values could be in a text by chance.
const SHORTEST: usize = 8;

/// Names with their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Gives a name a value.
    pub(super) fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Gives the names of a key their values.
    pub(super) fn key(&mut self, name: &str, id: &str, arn: &Arn) {
        self.add(format!("{name}.id"), id);
        self.add(format!("{name}.arn"), arn.as_str());
        self.add("account", arn.account());
        self.add("partition", arn.partition());
    }

    /// A text with values in place of its handles; the name that has none, otherwise.
    pub(super) fn fill(&self, text: &str) -> Result<String, String> {
        let value_of = |name: &str| match zeros(name) {
            Some(count) => Some(BASE64_STANDARD.encode(vec![0; count])),
            None => self.0.get(name).cloned(),
        };
        filled(text, value_of).map_err(|error| error.to_string())
    }

    /// JSON with values in place of the handles in its texts.
    pub(super) fn fill_value(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(values) => {
                Value::Array(values.iter().map(|value| self.fill_value(value)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.fill_value(value)?)))
                    .collect::<Result<_, String>>()?,
            ),
            other => other.clone(),
        })
    }

    /// A text with handles in place of the values that have names. The longest value counts: an ARN holds an id.
    pub(super) fn unfill(&self, text: &str) -> String {
        self.replaced(text, handle)
    }

    /// A text with `*` in place of the values that have names.
    pub(super) fn without(&self, text: &str) -> String {
        self.replaced(text, |_| "*".to_owned())
    }

    fn replaced(&self, text: &str, by: impl Fn(&str) -> String) -> String {
        let mut known: Vec<(&String, &String)> = self.0.iter().filter(|(_, value)| value.len() >= SHORTEST).collect();
        known.sort_by_key(|(name, value)| (std::cmp::Reverse(value.len()), *name));
        let mut unfilled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            match known.iter().find(|(_, value)| rest.starts_with(value.as_str())) {
                Some((name, value)) => {
                    unfilled.push_str(&by(name));
                    rest = &rest[value.len()..];
                }
                None => {
                    unfilled.push(letter);
                    rest = &rest[letter.len_utf8()..];
                }
            }
        }
        unfilled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_and_handles_take_each_others_place() {
        let mut names = Names::default();
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let arn = format!("arn:aws:kms:us-east-2:111122223333:key/{id}");
        names.key("key", id, &arn.parse().expect("an ARN"));
        let text = "{{ key.arn }} is pending import. {{ key.id }}";
        let filled = names.fill(text).expect("known names");
        assert_eq!(filled, format!("{arn} is pending import. {id}"));
        assert_eq!(names.unfill(&filled), text);
        assert_eq!(names.without(&filled), "* is pending import. *");
        let value = json!({ "a": ["{{ key.id }}", 1], "b": "{{ zeros.3 }}" });
        assert_eq!(names.fill_value(&value), Ok(json!({ "a": [id, 1], "b": "AAAA" })));
        assert!(names.fill("{{ other.id }}").is_err());
    }
}
