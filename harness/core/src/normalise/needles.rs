//! Many texts that are looked for at once, in upper and lower case. An automaton finds the same, but making one takes longer
//! than everything that is looked through with it: each import has texts of its own.

use std::ops::Range;

/// Bytes of a gram, by which a place of a text is looked up.
const GRAM: usize = 4;

/// Each gram that begins at a multiple of this is looked up.
const STEP: usize = 5;

/// The shortest text that can be looked for: wherever it stands, it holds a gram that is looked up.
pub(super) const SHORTEST: usize = GRAM + STEP - 1;

/// No entry.
const NONE: u32 = u32::MAX;

/// Texts to look for.
#[derive(Clone, Debug)]
pub(super) struct Needles {
    needles: Vec<Vec<u8>>,
    /// The first entry of each hash, or none. Their number is a power of two.
    heads: Vec<u32>,
    entries: Vec<Entry>,
}

/// A gram of a needle.
#[derive(Clone, Copy, Debug)]
struct Entry {
    gram: u32,
    needle: u32,
    /// Where the gram is in the needle.
    at: u8,
    /// The next entry of the same hash, or none.
    next: u32,
}

impl Needles {
    /// Looks for these, none of which is shorter than [`SHORTEST`].
    pub(super) fn new(needles: Vec<Vec<u8>>) -> Self {
        let grams = needles.len() * STEP;
        // Three of four places of a text need no second look.
        let heads = vec![NONE; (grams * 4).next_power_of_two().max(64)];
        let mut all = Self { needles: Vec::new(), heads, entries: Vec::with_capacity(grams) };
        for (needle, text) in needles.iter().enumerate() {
            assert!(text.len() >= SHORTEST, "a text to look for is too short");
            for at in 0..STEP {
                all.add(gram(&text[at..]), needle, at);
            }
        }
        Self { needles, ..all }
    }

    fn add(&mut self, gram: u32, needle: usize, at: usize) {
        let hash = self.hash(gram);
        let narrow = |number: usize| u32::try_from(number).unwrap_or(NONE);
        let entry = Entry { gram, needle: narrow(needle), at: at as u8, next: self.heads[hash] };
        self.heads[hash] = narrow(self.entries.len());
        self.entries.push(entry);
    }

    fn hash(&self, gram: u32) -> usize {
        // The upper bits of a product depend on all bits.
        (gram.wrapping_mul(0x9e37_79b1) >> (u32::BITS - self.heads.len().trailing_zeros())) as usize
    }

    /// Hands over each place of each of them, once, nearly in order: a place may follow one that begins up to four bytes
    /// behind it.
    pub(super) fn find_in(&self, text: &[u8], found: &mut dyn FnMut(usize, Range<usize>)) {
        for place in (0..(text.len() + 1).saturating_sub(GRAM)).step_by(STEP) {
            let gram = gram(&text[place..]);
            let mut next = self.heads[self.hash(gram)];
            while let Some(entry) = self.entries.get(next as usize) {
                next = entry.next;
                let needle = &self.needles[entry.needle as usize];
                if entry.gram == gram
                    && let Some(start) = place.checked_sub(usize::from(entry.at))
                    && let Some(part) = text.get(start..start + needle.len())
                    && part.eq_ignore_ascii_case(needle)
                {
                    found(entry.needle as usize, start..start + needle.len());
                }
            }
        }
    }
}

/// The first bytes as a number that is the same in upper and lower case.
fn gram(text: &[u8]) -> u32 {
    const CASE: u32 = 0x2020_2020;
    u32::from_le_bytes([text[0], text[1], text[2], text[3]]) | CASE
}

#[cfg(test)]
mod tests {
    use super::*;
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    fn found(needles: &[Vec<u8>], text: &[u8]) -> Vec<(usize, Range<usize>)> {
        let mut found = Vec::new();
        Needles::new(needles.to_vec()).find_in(text, &mut |needle, range| found.push((needle, range)));
        found
    }

    #[test]
    fn a_text_is_found_wherever_it_stands() {
        let needle = b"a-s3CRet".to_vec();
        for before in 0..12 {
            for behind in 0..12 {
                let text = [vec![b'x'; before], b"A-S3crET".to_vec(), vec![b'y'; behind]].concat();
                assert_eq!(
                    found(std::slice::from_ref(&needle), &text),
                    [(0, before..before + 8)],
                    "{before}, {behind}"
                );
            }
        }
    }

    proptest! {
        /// Few letters, so that texts overlap and occur again.
        #[test]
        fn it_finds_what_an_automaton_finds(
            needles in prop::collection::vec("[abAB\\x00@`\u{e9}]{8,14}", 0..6), text in "[abAB\\x00@`\u{e9}]{0,80}", part in 0..6_usize,
        ) {
            let needles: Vec<Vec<u8>> = needles.into_iter().map(String::into_bytes).collect();
            let text = match needles.get(part) {
                Some(needle) => [text.as_bytes(), needle.as_slice(), text.as_bytes()].concat(),
                None => text.into_bytes(),
            };
            let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&needles).expect("they are few");
            let mut wanted: Vec<_> =
                automaton.find_overlapping_iter(&text).map(|hit| (hit.pattern().as_usize(), hit.range())).collect();
            let mut found = found(&needles, &text);
            let bucket = |range: &Range<usize>| range.start.div_ceil(STEP);
            prop_assert!(found.windows(2).all(|pair| bucket(&pair[0].1) <= bucket(&pair[1].1)), "they are nearly in order");
            wanted.sort_by_key(|(needle, range)| (range.start, *needle));
            found.sort_by_key(|(needle, range)| (range.start, *needle));
            prop_assert_eq!(found, wanted);
        }
    }
}
