//! Compares an answer with a recorded one. Pure.

use super::names::Names;
use super::path::at;
use crate::fixture::{FactAnswer, message_matches};
use crate::observe::Observation;
use crate::text::{TargetText, Text};
use serde_json::Value;

/// The type of a refusal whose type was not recorded.
const ANY: &str = "*";

/// One difference of an answer from a recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) place: String,
    pub(super) expected: Text,
    pub(super) found: Text,
}

/// What an answer has otherwise than a recorded one; nothing if they agree. Only what was recorded is compared.
///
/// # Errors
///
/// The recorded answer uses a name that has no value.
pub(super) fn differences(
    recorded: &FactAnswer,
    names: &Names,
    observation: &Observation,
) -> Result<Vec<Difference>, String> {
    let mut found = Vec::new();
    let mut add = |place: &str, expected: Text, answer: Text| {
        found.push(Difference { place: place.to_owned(), expected, found: answer });
    };
    if let Some(status) = recorded.status.filter(|status| *status != observation.status) {
        add("status", status.to_string().into(), observation.status.to_string().into());
    }
    let expected = match recorded.error.as_deref() {
        Some(ANY) => "a refusal".into(),
        Some(error) => quoted(error),
        None => "a success".into(),
    };
    if !is_of_kind(recorded, observation) {
        add("error type", expected, kind(observation));
    }
    // The message and the body of another kind of answer would only repeat the difference.
    if !found.is_empty() {
        return Ok(found);
    }
    let mut add = |place: &str, expected: Text, answer: Text| {
        found.push(Difference { place: place.to_owned(), expected, found: answer });
    };
    let message = observation.message.text();
    let said = || message.map_or_else(|| "no message".into(), |text| Text::from(text.clone()));
    if let Some(pattern) = &recorded.message {
        let pattern = names.fill(pattern)?;
        if !message.is_some_and(|text| message_matches(&pattern, text.raw())) {
            add("message", theirs(&pattern), said());
        }
    }
    if recorded.no_message && message.is_some() {
        add("message", "no message".into(), said());
    }
    let body = observation.body.json();
    for (path, expected) in &recorded.members {
        let path = names.fill(path)?;
        let expected = names.fill_value(expected)?;
        let value = at(body, &path);
        if !value.is_some_and(|value| is_as(&expected, value)) {
            let answer = value.map_or_else(|| "absent".into(), |value| theirs(&value.to_string()));
            add(&path, theirs(&expected.to_string()), answer);
        }
    }
    for path in &recorded.absent {
        let path = names.fill(path)?;
        if let Some(value) = at(body, &path) {
            add(&path, "absent".into(), theirs(&value.to_string()));
        }
    }
    Ok(found)
}

/// Whether an answer is a success, or an error of this type, as recorded.
pub(super) fn is_of_kind(recorded: &FactAnswer, observation: &Observation) -> bool {
    match recorded.error.as_deref() {
        // A recorded status says which error it was.
        Some(ANY) => match recorded.status {
            Some(status) => !observation.is_success() && observation.status == status,
            None => (400..500).contains(&observation.status),
        },
        Some(error) => observation.error_name() == Some(error),
        None => observation.is_success(),
    }
}

/// Whether a value is as recorded. In a text `*` stands for any text.
fn is_as(expected: &Value, value: &Value) -> bool {
    match (expected, value) {
        (Value::String(pattern), Value::String(text)) => message_matches(pattern, text),
        (Value::Number(expected), Value::Number(value)) => expected.as_f64() == value.as_f64(),
        (expected, value) => expected == value,
    }
}

/// What kind of answer it is.
fn kind(observation: &Observation) -> Text {
    match (observation.is_success(), &observation.error) {
        (true, _) => format!("a success, {}", observation.status).into(),
        (false, Some(error)) => Text::from(error.name.clone()),
        (false, None) => format!("{} without an error type", observation.status).into(),
    }
}

fn quoted(text: &str) -> Text {
    Text::from(text.to_owned())
}

/// A text that can hold what a target sent, such as an ARN.
fn theirs(text: &str) -> Text {
    TargetText::new(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::observed;
    use serde_json::json;

    fn places(recorded: &FactAnswer, status: u16, body: &str) -> Vec<String> {
        let mut names = Names::default();
        names.add("key.arn", "arn:aws:kms:r:111122223333:key/k");
        let found = differences(recorded, &names, &observed(status, body)).expect("known names");
        found.into_iter().map(|difference| difference.place).collect()
    }

    #[test]
    fn each_part_of_an_answer_that_was_recorded_is_compared() {
        let refused = FactAnswer {
            status: Some(400),
            error: Some("KMSInvalidStateException".to_owned()),
            message: Some("{{ key.arn }} is pending import.".to_owned()),
            ..FactAnswer::default()
        };
        let body = |kind: &str, text: &str| {
            format!(r#"{{"__type":"{kind}","message":"arn:aws:kms:r:111122223333:key/k is pending {text}."}}"#)
        };
        let error = "KMSInvalidStateException";
        assert_eq!(places(&refused, 400, &body(error, "import")), [""; 0]);
        assert_eq!(places(&refused, 409, &body(error, "import")), ["status"]);
        assert_eq!(places(&refused, 400, &body(error, "deletion")), ["message"]);
        assert_eq!(places(&refused, 400, &body("NotFoundException", "import")), ["error type"]);
        assert_eq!(places(&refused, 400, &format!(r#"{{"__type":"{error}"}}"#)), ["message"]);
        assert_eq!(places(&refused, 200, ""), ["status", "error type"]);
        let silent = FactAnswer { error: Some(error.to_owned()), no_message: true, ..FactAnswer::default() };
        assert_eq!(places(&silent, 400, &format!(r#"{{"__type":"{error}"}}"#)), [""; 0]);
        assert_eq!(places(&silent, 400, &body(error, "import")), ["message"]);
    }

    #[test]
    fn members_are_there_as_recorded_or_absent() {
        let success = FactAnswer {
            members: [("KeyId".to_owned(), json!("{{ key.arn }}")), ("A.B".to_owned(), json!(1))].into(),
            absent: vec!["KeyMaterialId".to_owned()],
            ..FactAnswer::default()
        };
        let right = r#"{"KeyId":"arn:aws:kms:r:111122223333:key/k","A":{"B":1.0}}"#;
        assert_eq!(places(&success, 200, right), [""; 0]);
        assert_eq!(places(&success, 200, ""), ["A.B", "KeyId"]);
        assert_eq!(places(&success, 200, &right.replace("}}", "},\"KeyMaterialId\":\"a\"}")), ["KeyMaterialId"]);
        assert_eq!(places(&success, 200, &right.replace(":key/k", ":key/l")), ["KeyId"]);
        assert_eq!(places(&success, 400, r#"{"__type":"NotFoundException"}"#), ["error type"]);
    }
}
