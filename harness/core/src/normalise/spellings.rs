//! The spellings of a secret that are looked for as they are.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// In which spellings secrets are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spellings {
    /// In all.
    All,
    /// In those that a target is likely to give what it was sent: values that change with each request.
    Likely,
}

/// The spellings of a secret that no view takes off, always in the same order.
pub(super) fn spellings(secret: &[u8], which: Spellings) -> Vec<Vec<u8>> {
    let mut spellings = vec![secret.to_vec(), hex::encode(secret).into_bytes()];
    let once = base64(secret, &BASE64_STANDARD_NO_PAD);
    spellings.extend(base64(secret, &BASE64_URL_SAFE_NO_PAD).into_iter().filter(|spelt| !once.contains(spelt)));
    if which == Spellings::All {
        spellings.extend(base32(secret));
        spellings.extend(once.iter().flat_map(|once| base64(once, &BASE64_STANDARD_NO_PAD)));
        let little: Vec<u8> = secret.iter().flat_map(|byte| [*byte, 0]).collect();
        let big: Vec<u8> = secret.iter().flat_map(|byte| [0, *byte]).collect();
        spellings.extend([little, big].iter().flat_map(|wide| base64(wide, &BASE64_STANDARD_NO_PAD)));
    }
    spellings.extend(once);
    spellings
}

/// In base64 behind no byte, one or two: without the characters that hold bits of what stands before or behind.
fn base64(bytes: &[u8], engine: &impl Engine) -> Vec<Vec<u8>> {
    let at = |skipped: usize| {
        let encoded = engine.encode([vec![0; skipped], bytes.to_vec()].concat());
        inner(encoded.as_bytes(), skipped, bytes.len(), 6)
    };
    (0..3).map(at).collect()
}

/// In base32 behind none to four bytes.
fn base32(bytes: &[u8]) -> Vec<Vec<u8>> {
    let at = |skipped: usize| {
        let encoded = in_base32(&[vec![0; skipped], bytes.to_vec()].concat());
        inner(&encoded, skipped, bytes.len(), 5)
    };
    (0..5).map(at).collect()
}

/// The characters of an encoding, of so many bits each, that depend on these bytes alone.
fn inner(encoded: &[u8], skipped: usize, length: usize, bits: usize) -> Vec<u8> {
    let (first, last) = ((skipped * 8).div_ceil(bits), (skipped + length) * 8 / bits);
    encoded.get(first..last).unwrap_or_default().to_vec()
}

fn in_base32(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = bytes.len() * 8;
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| usize::from(byte >> (7 - at % 8) & 1));
    let letter = |at: usize| ALPHABET[(0..5).fold(0, |value, next| value << 1 | bit(at + next))];
    (0..bits).step_by(5).map(letter).collect()
}

#[cfg(test)]
pub(super) mod tests {
    /// A text in base32, for other tests.
    pub(in super::super) fn in_base32(text: &str) -> String {
        String::from_utf8_lossy(&super::in_base32(text.as_bytes())).into_owned()
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        assert_eq!(in_base32("foobar"), "MZXW6YTBOI");
        assert_eq!(in_base32("f"), "MY");
    }
}
