//! Paths to members of a body: `KeyMetadata.KeyState`, `Rotations.0.ImportState`, `Rotations[Name=text].ImportState`.

use serde_json::Value;

/// The value at a path, if there is one. `null` counts as absent.
pub(super) fn at<'a>(body: &'a Value, path: &str) -> Option<&'a Value> {
    let found = path.split('.').try_fold(body, step);
    found.filter(|value| !value.is_null())
}

fn step<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    let (name, choice) = match step.split_once('[') {
        Some((name, choice)) => (name, choice.strip_suffix(']')?.split_once('=')),
        None => (step, None),
    };
    let value = match (value, name.parse::<usize>()) {
        (Value::Array(values), Ok(number)) => values.get(number)?,
        _ => value.get(name)?,
    };
    match choice {
        Some((member, text)) => value.as_array()?.iter().find(|entry| entry[member] == text),
        None => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::at;
    use serde_json::json;

    #[test]
    fn a_path_leads_through_objects_and_lists() {
        let body =
            json!({ "A": { "B": 1, "N": null }, "L": [{ "I": "x", "S": "first" }, { "I": "y", "S": "second" }] });
        assert_eq!(at(&body, "A.B"), Some(&json!(1)));
        assert_eq!(at(&body, "L.1.S"), Some(&json!("second")));
        assert_eq!(at(&body, "L[I=y].S"), Some(&json!("second")));
        for absent in ["A.N", "A.C", "L.2", "L[I=z].S", "L[I=y", "B"] {
            assert_eq!(at(&body, absent), None, "{absent}");
        }
    }
}
