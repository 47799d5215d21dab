//! JSON of a target, read up to a number of values: a megabyte of brackets takes fifty of memory.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// Values that are kept of one text. The longest page of keys has some three thousand.
const KEPT: usize = 20_000;

/// Reads a text of a target. Values beyond the limit become `null`, but they must still be valid JSON.
///
/// # Errors
///
/// A text that is no JSON.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let left = Cell::new(KEPT);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Kept { left: &left, place: Place::Top }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is the whole.
    Top,
    /// It is a member of the whole: an error's type, for example, which counts wherever it stands.
    Member,
    /// It is further in.
    Inside,
}

/// What is kept of a value.
#[derive(Clone, Copy)]
struct Kept<'a> {
    /// How many values are still kept.
    left: &'a Cell<usize>,
    place: Place,
}

impl<'de> DeserializeSeed<'de> for Kept<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.unwrap_or_default());
        match left {
            Some(_) => deserializer.deserialize_any(self),
            None if self.place == Place::Member => deserializer.deserialize_any(self),
            None => deserializer.deserialize_any(IgnoredAny).map(|IgnoredAny| Value::Null),
        }
    }
}

impl<'de> Visitor<'de> for Kept<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while self.left.get() > 0
            && let Some(item) = items.next_element_seed(Self { place: Place::Inside, ..self })?
        {
            kept.push(item);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        const MEMBERS: usize = 100;
        let mut kept = Map::new();
        let place = if self.place == Place::Top { Place::Member } else { Place::Inside };
        while let Some(name) = members.next_key::<String>()? {
            if self.left.get() > 0 || kept.len() < MEMBERS {
                kept.insert(name, members.next_value_seed(Self { place, ..self })?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(kept))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_is_large_is_read_as_far_as_it_is_kept() {
        let long = format!(r#"{{"x":[{}],"__type":"T","y":{{"z":1}}}}"#, vec![r#"{"a":[0]}"#; 50_000].join(","));
        let value = parse(long.as_bytes()).unwrap();
        assert!(value["x"].as_array().unwrap().len() < KEPT);
        assert_eq!((&value["__type"], value.as_object().unwrap().len()), (&json!("T"), 3));
        assert!(parse(&long.as_bytes()[..long.len() - 1]).is_err());
        assert!(
            parse(format!("[{}]", vec!["0"; 100_000].join(",")).as_bytes()).unwrap().as_array().unwrap().len() < KEPT
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(".{0,3}", inner, 0..6).prop_map(|members| json!(members)),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_json_reads(value in any_json(), text in "[\\[\\]{}:,\"a0-9.e+ -]{0,20}") {
            let written = value.to_string();
            prop_assert_eq!(parse(written.as_bytes()).unwrap(), serde_json::from_str::<Value>(&written).unwrap());
            prop_assert_eq!(parse(text.as_bytes()).ok(), serde_json::from_str::<Value>(&text).ok());
        }
    }
}
