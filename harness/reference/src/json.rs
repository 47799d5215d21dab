//! Reads the members of a request. Each function checks the JSON type first and the constraints second.

use crate::config::Config;
use crate::error::Refusal;
use crate::mutant::Point;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// Parses a body as an object. If a member occurs twice, the last one counts.
pub(crate) fn object(config: &Config, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.windows(2).any(|pair| pair == b": ") && config.at(Point::SpacedRefused) {
        return Err(Refusal::bare("SerializationException"));
    }
    if config.concerns(Point::LoneSurrogateCrashes)
        && has_lone_surrogate(body)
        && config.at(Point::LoneSurrogateCrashes)
    {
        return Err(Refusal::new("InternalFailure", "UnicodeEncodeError").with_status(500));
    }
    let mutated = mutated(config, body);
    match serde_json::from_slice(mutated.as_deref().unwrap_or(body)) {
        Ok(Value::Array(list)) if config.at(Point::ArrayUnpacked) => match list.into_iter().next() {
            Some(Value::Object(members)) => Ok(members),
            Some(id) => Ok(Map::from_iter([("KeyId".to_owned(), id)])),
            None => Err(Refusal::bare("SerializationException")),
        },
        Ok(Value::Object(members)) => Ok(members),
        Ok(Value::Array(_)) => Err(Refusal::front("SerializationException", "Start of list found where not expected")),
        _ => Err(Refusal::bare("SerializationException")),
    }
}

/// Whether a body has more escapes that begin a surrogate pair than escapes that end one, or fewer.
fn has_lone_surrogate(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_lowercase();
    let count =
        |digits: [char; 4]| text.match_indices("\\ud").filter(|(at, _)| text[at + 3..].starts_with(digits)).count();
    count(['8', '9', 'a', 'b']) != count(['c', 'd', 'e', 'f'])
}

/// The body as a mutant reads it, or nothing if the mutant reads it unchanged.
fn mutated(config: &Config, body: &[u8]) -> Option<Vec<u8>> {
    if !config.has_mutants() {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    /// The body as the mutant of this point reads it, if it reads it otherwise.
    type Reading = (Point, fn(&str) -> Option<String>);
    let readings: [Reading; 5] = [
        (Point::TrailingBytesAccepted, |text| Some(text[..text.rfind('}').map_or(text.len(), |at| at + 1)].to_owned())),
        (Point::TrailingCommaAccepted, |text| Some(text.replace(",}", "}"))),
        (Point::TruncatedRepaired, |text| text.ends_with('"').then(|| format!("{text}}}"))),
        (Point::InvalidUtf8Accepted, |text| Some(text.to_owned())),
        (Point::EmptyBodyAccepted, |text| text.is_empty().then(|| "{}".to_owned())),
    ];
    readings.into_iter().filter(|(point, _)| config.concerns(*point)).find_map(|(point, read)| {
        let read = read(&text).filter(|read| read.as_bytes() != body)?;
        config.at(point).then(|| read.into_bytes())
    })
}

/// A string member. A null member counts as absent.
pub(crate) fn string(members: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    let kind = match members.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => return Ok(Some(text.clone())),
        Some(Value::Number(_)) => "NUMBER_VALUE can not be converted to a String",
        Some(Value::Bool(true)) => "TRUE_VALUE can not be converted to a String",
        Some(Value::Bool(false)) => "FALSE_VALUE can not be converted to a String",
        Some(Value::Array(_)) => "Start of list found where not expected",
        Some(Value::Object(_)) => "Start of structure or map found where not expected.",
    };
    Err(Refusal::front("SerializationException", kind))
}

/// A string member that is required, with a length within these limits.
pub(crate) fn required(
    members: &Map<String, Value>,
    name: &str,
    shortest: usize,
    longest: usize,
) -> Result<String, Refusal> {
    let Some(text) = string(members, name)? else {
        return Err(violation("Value null", name, "Member must not be null"));
    };
    length(&text, name, shortest, longest)?;
    Ok(text)
}

/// A member that names a key: it has at most `longest` characters, all of them ASCII. KMS was recorded with this pattern,
/// which its public model does not have. An empty value violates both constraints.
pub(crate) fn identifier(
    config: &Config,
    members: &Map<String, Value>,
    name: &str,
    longest: usize,
) -> Result<String, Refusal> {
    let Some(text) = string(members, name)? else {
        return Err(violation("Value null", name, "Member must not be null"));
    };
    // A mutant that reads bytes which are not UTF-8 as replacement characters does not check for ASCII either.
    let is_unchecked = || config.at(Point::NonAsciiIsNotFound) || config.at(Point::InvalidUtf8Accepted);
    let is_ascii = !text.is_empty() && (text.is_ascii() || is_unchecked());
    let pattern = || {
        let constraint = "Member must satisfy regular expression pattern: ^\\p{ASCII}+$";
        violation(&format!("Value '{text}'"), name, constraint)
    };
    both(length(&text, name, 1, longest), if is_ascii { Ok(()) } else { Err(pattern()) })?;
    Ok(text)
}

/// A blob member that is required: Base64 in a string, at least one character long.
pub(crate) fn blob(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Refusal> {
    let text = required(members, name, 1, usize::MAX)?;
    BASE64_STANDARD.decode(text).map_err(|_| Refusal::bare("SerializationException"))
}

/// A blob member that is required and has at most this many bytes. The refusal does not repeat the bytes.
pub(crate) fn blob_within(members: &Map<String, Value>, name: &str, longest: usize) -> Result<Vec<u8>, Refusal> {
    let bytes = blob(members, name)?;
    if bytes.len() > longest {
        return Err(violation("Value", name, &format!("Member must have length less than or equal to {longest}")));
    }
    Ok(bytes)
}

/// Checks the length of a string, counted in characters.
pub(crate) fn length(text: &str, name: &str, shortest: usize, longest: usize) -> Result<(), Refusal> {
    let count = text.chars().count();
    let value = format!("Value '{text}'");
    if count < shortest {
        return Err(violation(&value, name, &format!("Member must have length greater than or equal to {shortest}")));
    }
    if count > longest {
        return Err(violation(&value, name, &format!("Member must have length less than or equal to {longest}")));
    }
    Ok(())
}

/// The refusal of a member that violates a constraint, in the service's words.
pub(crate) fn violation(value: &str, name: &str, constraint: &str) -> Refusal {
    let mut path = name.to_owned();
    if let Some(first) = path.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    Refusal::violation(format!("{value} at '{path}' failed to satisfy constraint: {constraint}"))
}

/// The refusal of a member that violates a rule for which the service has no fixed wording.
pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}

/// An integer member. A null member counts as absent.
pub(crate) fn integer(members: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refusal> {
    let kind = match members.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => match number.as_i64() {
            Some(integer) => return Ok(Some(integer)),
            None => "NUMBER_VALUE can not be converted to an Integer",
        },
        Some(Value::String(_)) => "STRING_VALUE can not be converted to an Integer",
        Some(Value::Bool(true)) => "TRUE_VALUE can not be converted to an Integer",
        Some(Value::Bool(false)) => "FALSE_VALUE can not be converted to an Integer",
        Some(Value::Array(_)) => "Start of list found where not expected",
        Some(Value::Object(_)) => "Start of structure or map found where not expected.",
    };
    Err(Refusal::front("SerializationException", kind))
}

/// An integer within these bounds.
pub(crate) fn integer_in(
    members: &Map<String, Value>,
    name: &str,
    bounds: RangeInclusive<i64>,
) -> Result<Option<i64>, Refusal> {
    let Some(number) = integer(members, name)? else { return Ok(None) };
    let constraint = match number {
        _ if number < *bounds.start() => format!("greater than or equal to {}", bounds.start()),
        _ if number > *bounds.end() => format!("less than or equal to {}", bounds.end()),
        _ => return Ok(Some(number)),
    };
    Err(violation(&format!("Value '{number}'"), name, &format!("Member must have value {constraint}")))
}

/// A string member that must be one of these words. A null member counts as absent.
pub(crate) fn word(members: &Map<String, Value>, name: &str, words: &[&str]) -> Result<Option<String>, Refusal> {
    match string(members, name)? {
        Some(text) if !words.contains(&text.as_str()) => {
            let set = format!("Member must satisfy enum value set: [{}]", words.join(", "));
            Err(violation(&format!("Value '{text}'"), name, &set))
        }
        other => Ok(other),
    }
}

/// A string member that is required and must be one of these words.
pub(crate) fn required_word(members: &Map<String, Value>, name: &str, words: &[&str]) -> Result<String, Refusal> {
    word(members, name, words)?.ok_or_else(|| violation("Value null", name, "Member must not be null"))
}

/// Checks two members together. A wrong type is reported before a violated constraint. Two violated constraints are
/// reported in one message.
pub(crate) fn both<A, B>(first: Result<A, Refusal>, second: Result<B, Refusal>) -> Result<(A, B), Refusal> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(first), Err(second)) if first.error == "ValidationException" => match second.error {
            "ValidationException" => Err(first.joined(second)),
            _ => Err(second),
        },
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
    }
}
