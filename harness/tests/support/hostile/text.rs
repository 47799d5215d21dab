//! The text of a step, in which `@NAME@` stands for a value, `@3*text@` for a repetition and `@x:ff@` for bytes in hex.

use std::collections::BTreeMap;

/// What the names stand for.
pub(crate) type Values = BTreeMap<&'static str, String>;

/// The bytes of a text.
///
/// # Panics
///
/// If the text has a name that stands for nothing: a mistake in the table.
#[track_caller]
pub(crate) fn bytes(text: &str, values: &Values) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, part) in text.split('@').enumerate() {
        if number % 2 == 0 {
            bytes.extend_from_slice(part.as_bytes());
        } else if let Some(hex) = part.strip_prefix("x:") {
            let pairs = (0..hex.len()).step_by(2);
            bytes.extend(pairs.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()));
        } else if let Some((times, repeated)) = part.split_once('*') {
            bytes.extend_from_slice(repeated.repeat(times.parse().unwrap()).as_bytes());
        } else if part == "UUID" {
            bytes.extend_from_slice(uuid().as_bytes());
        } else {
            let value = values.get(part).unwrap_or_else(|| panic!("`@{part}@` in {text:.200} stands for nothing"));
            bytes.extend_from_slice(value.as_bytes());
        }
    }
    bytes
}

/// Another one each time.
fn uuid() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("0b7fd7dd-0000-4000-9000-{:012x}", NEXT.fetch_add(1, Ordering::Relaxed))
}
