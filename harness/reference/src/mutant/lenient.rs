//! What lenient JSON parsers of frameworks take, written as JSON.

use serde_json::Value;

/// A form outside JSON that a parser takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    SingleQuotes,
    Comments,
    /// Names without quotes.
    BareNames,
    /// `NaN`, `Infinity` and `-Infinity`. Each becomes null.
    NotANumber,
    TrailingCommas,
    /// `010` is eight and `0x10` is sixteen.
    OctalAndHexadecimal,
    /// `=` or `=>` between name and value.
    EqualsSigns,
    /// Control characters inside strings.
    ControlCharacters,
}

/// The body as JSON, if it is JSON apart from these forms. Whatever else is wrong with it stays.
pub(super) fn as_json(body: &[u8], forms: &[Form]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else { return body.to_vec() };
    let takes = |form| forms.contains(&form);
    let mut rest = text;
    let mut json = String::new();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' if first == '"' || takes(Form::SingleQuotes) => {
                let length = quoted(rest, first);
                let inner = rest[1..length].strip_suffix(first).unwrap_or(&rest[1..length]);
                let inner = if first == '\'' { inner.replace('"', "\\\"") } else { inner.to_owned() };
                json.push('"');
                for letter in inner.chars() {
                    match letter {
                        letter if letter < ' ' && takes(Form::ControlCharacters) => {
                            json.push_str(&format!("\\u{:04x}", u32::from(letter)));
                        }
                        letter => json.push(letter),
                    }
                }
                if rest[1..length].ends_with(first) {
                    json.push('"');
                }
                length
            }
            '/' if takes(Form::Comments) && rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '/' if takes(Form::Comments) && rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            ',' if takes(Form::TrailingCommas) && rest[1..].trim_start().starts_with(['}', ']']) => 1,
            '=' if takes(Form::EqualsSigns) => {
                json.push(':');
                if rest.starts_with("=>") { 2 } else { 1 }
            }
            letter if letter.is_alphanumeric() || ['-', '_', '$'].contains(&letter) => {
                let is_part = |letter: char| letter.is_alphanumeric() || ['-', '_', '$', '.', '+'].contains(&letter);
                let length = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
                json.push_str(&word(&rest[..length], forms));
                length
            }
            letter => {
                json.push(letter);
                letter.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    json.into_bytes()
}

/// The length of the string with which this text begins, with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if letter == quote && !is_escaped {
            return at + 1;
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    text.len()
}

/// A word or number outside strings, as JSON.
fn word(word: &str, forms: &[Form]) -> String {
    let takes = |form| forms.contains(&form);
    let is_number = word.starts_with(|first: char| first.is_ascii_digit());
    let digits = word.get(1..).unwrap_or_default();
    match word {
        "true" | "false" | "null" => word.to_owned(),
        "NaN" | "Infinity" | "-Infinity" if takes(Form::NotANumber) => "null".to_owned(),
        _ if is_number && takes(Form::OctalAndHexadecimal) && word.starts_with('0') => {
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u64::from_str_radix(digits, 16),
                None => u64::from_str_radix(digits, 8),
            };
            number.map_or_else(|_| word.to_owned(), |number| number.to_string())
        }
        _ if !is_number && !word.starts_with('-') && takes(Form::BareNames) => format!("\"{word}\""),
        _ => word.to_owned(),
    }
}

/// The bytes up to the end of the first JSON value, or all if there is none.
pub(super) fn first_value(body: &[u8]) -> &[u8] {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    match values.next() {
        Some(Ok(_)) => &body[..values.byte_offset()],
        _ => body,
    }
}

/// The text of a body in UTF-8, UTF-16 or UTF-32, as its first bytes say.
pub(super) fn detected(body: &[u8]) -> Vec<u8> {
    let text = match body {
        [0xff, 0xfe, 0, 0, rest @ ..] => wide(rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => wide(rest, u32::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => narrow(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => narrow(rest, u16::from_be_bytes),
        [0, 0, 0, _, ..] => wide(body, u32::from_be_bytes),
        [_, 0, 0, 0, ..] => wide(body, u32::from_le_bytes),
        [0, _, ..] => narrow(body, u16::from_be_bytes),
        [_, 0, ..] => narrow(body, u16::from_le_bytes),
        _ => None,
    };
    text.map_or_else(|| body.to_vec(), String::into_bytes)
}

fn narrow(body: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let units: Vec<u16> = body.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

fn wide(body: &[u8], unit: fn([u8; 4]) -> u32) -> Option<String> {
    body.chunks_exact(4).map(|four| char::from_u32(unit([four[0], four[1], four[2], four[3]]))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Form, as_json, detected, first_value};

    fn read(body: &str, form: Form) -> String {
        String::from_utf8(as_json(body.as_bytes(), &[form])).unwrap_or_default()
    }

    #[test]
    fn each_form_becomes_json() {
        for (form, body, json) in [
            (Form::SingleQuotes, "{'a':'b\"'}", "{\"a\":\"b\\\"\"}"),
            (Form::Comments, "{/* \" */\"a\":1// x\n}", "{\"a\":1\n}"),
            (Form::BareNames, "{a_b:true,c:-1}", "{\"a_b\":true,\"c\":-1}"),
            (Form::NotANumber, "[NaN,-Infinity,\"NaN\"]", "[null,null,\"NaN\"]"),
            (Form::TrailingCommas, "[1, 2 , ]", "[1, 2  ]"),
            (Form::OctalAndHexadecimal, "[010,0x10,0,0.5,10]", "[8,16,0,0.5,10]"),
            (Form::EqualsSigns, "{\"a\"=1,\"b\"=>2}", "{\"a\":1,\"b\":2}"),
            (Form::ControlCharacters, "[\"\n\"]", "[\"\\u000a\"]"),
        ] {
            assert_eq!(read(body, form), json);
            let other = if form == Form::Comments { Form::EqualsSigns } else { Form::Comments };
            assert_eq!(read(body, other), body);
        }
    }

    #[test]
    fn json_stays_as_it_is() {
        let forms = [Form::SingleQuotes, Form::Comments, Form::BareNames, Form::NotANumber, Form::TrailingCommas];
        for body in ["{\"a\":[1.5e-3,\"/*\\\"'\",null]}", "", "{\"a", "{\"a\":\"é\"}"] {
            assert_eq!(as_json(body.as_bytes(), &forms), body.as_bytes());
        }
    }

    #[test]
    fn wide_encodings_are_detected() {
        let encoded = |unit: fn(u16) -> [u8; 2]| "{\"a\":1}".encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        assert_eq!(detected(&encoded(u16::to_le_bytes)), b"{\"a\":1}");
        assert_eq!(detected(&encoded(u16::to_be_bytes)), b"{\"a\":1}");
        assert_eq!(detected(&[&[0xff, 0xfe][..], &encoded(u16::to_le_bytes)].concat()), b"{\"a\":1}");
        assert_eq!(detected(b"{\0\0\0}\0\0\0"), b"{}");
        assert_eq!(detected(b"{}"), b"{}");
    }

    #[test]
    fn a_value_ends_where_the_next_begins() {
        assert_eq!(first_value(b"{\"a\":1} x"), b"{\"a\":1}");
        assert_eq!(first_value(b"{\"a\":"), b"{\"a\":");
    }
}
