//! The spellings of a secret that `harness/docs/guarding-a-deployment.md` says are found, written without the code that
//! finds them.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

/// Decisions, taken from the end of an input one byte each, so that its beginning stays text.
pub(super) struct Choices<'a>(pub(super) &'a [u8]);

impl Choices<'_> {
    /// A number below this one.
    pub(super) fn below(&mut self, limit: u8) -> u8 {
        let Some((last, rest)) = self.0.split_last() else { return 0 };
        self.0 = rest;
        last % limit
    }
}

/// A secret, spelt as these choices say.
pub(super) fn spelt(secret: &str, choices: &mut Choices<'_>) -> String {
    let mut text = whole(secret, choices);
    for _ in 0..choices.below(4) {
        text = coded(&text, choices);
    }
    match choices.below(4) {
        0 => text.to_ascii_uppercase(),
        1 => text.to_ascii_lowercase(),
        _ => text,
    }
}

/// Hexadecimal, base64 or base32 of all of it, or as it is; a few characters at an end may be missing.
fn whole(secret: &str, choices: &mut Choices<'_>) -> String {
    let padded = |skipped: u8| format!("{}{secret}{}", &"xyz!"[..usize::from(skipped)], "end");
    let text = match choices.below(9) {
        0 => hex::encode(secret),
        1 => {
            let between = [":", " ", ", 0x", "-"][usize::from(choices.below(4))];
            let pairs: Vec<String> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            return pairs.join(between);
        }
        2 => return BASE64_STANDARD.encode(padded(choices.below(4))),
        3 => return BASE64_URL_SAFE_NO_PAD.encode(padded(choices.below(4))),
        4 => return BASE64_STANDARD.encode(BASE64_STANDARD.encode(padded(choices.below(4)))),
        5 => {
            let order = choices.below(2);
            let wide = |letter: u16| if order == 0 { letter.to_le_bytes() } else { letter.to_be_bytes() };
            return BASE64_STANDARD.encode(secret.encode_utf16().flat_map(wide).collect::<Vec<u8>>());
        }
        6 => return base32(padded(choices.below(4)).as_bytes()),
        _ => secret.to_owned(),
    };
    let missing = usize::from(choices.below(9)).min(text.len() / 8);
    match choices.below(3) {
        0 => text[missing..].to_owned(),
        1 => text[..text.len() - missing].to_owned(),
        _ => text,
    }
}

/// One coding over a text, of every character or of those that are no letters.
fn coded(text: &str, choices: &mut Choices<'_>) -> String {
    let (which, every) = (choices.below(8), choices.below(2) == 0);
    let each = |spell: &dyn Fn(char) -> String| -> String {
        let is_coded = |letter: char| letter.is_ascii() && (every || !letter.is_ascii_alphanumeric());
        text.chars().map(|letter| if is_coded(letter) { spell(letter) } else { letter.to_string() }).collect()
    };
    match which {
        0 => each(&|letter| format!("%{:02X}", u32::from(letter))),
        1 => each(&|letter| format!("\\u{:04x}", u32::from(letter))),
        2 => each(&|letter| format!("\\x{:02x}", u32::from(letter))),
        3 => each(&|letter| format!("\\{:03o}", u32::from(letter))),
        4 => each(&|letter| format!("&#{};", u32::from(letter))),
        5 => each(&|letter| format!("&#x{:X};", u32::from(letter))),
        6 => each(&|letter| format!("={:02X}", u32::from(letter))),
        _ => {
            let unseen = ['\0', '\u{1b}', '\u{200b}', '\u{ad}', '\u{feff}'][usize::from(choices.below(5))];
            text.chars().flat_map(|letter| [letter, unseen]).collect()
        }
    }
}

fn base32(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let letter = |five: &[u8]| {
        let five = format!("{:0<5}", std::str::from_utf8(five).unwrap());
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from_str_radix(&five, 2).unwrap()])
    };
    bits.as_bytes().chunks(5).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_rfc_4648() {
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
    }
}
