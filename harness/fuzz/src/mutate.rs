//! Changes seeds at random, the same way for the same number.

/// The longest input, in bytes: enough for every format here, and quick to read.
const LONGEST: usize = 16 * 1024;

/// Bytes at which readers of text take decisions.
const SIGNS: &[u8] = b"\0\t\n\r \"'#%&()*+,-./0189:;<=>?@AZ[\\]^_`az{|}~\x7f\x80\xbf\xc3\xe2\xff";

/// Numbers at which counting goes wrong.
const NUMBERS: &[&str] =
    &["-1", "0", "1", "255", "65536", "4294967296", "9223372036854775807", "18446744073709551616", "1e308", "ffffffff"];

/// Letters of more than one byte, and some that nobody sees.
const LETTERS: &[&str] = &["é", "ß", "…", "𝄞", "\u{200b}", "\u{202e}", "\u{2028}", "\u{feff}", "\u{85}", "\u{e0041}"];

/// Numbers that look random: splitmix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of this number.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The sequence that belongs to these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(
            bytes
                .iter()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.number() % limit as u64) as usize
    }

    /// One of several, of which there is at least one.
    pub fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// One of the seeds, changed in one to eight places.
pub(crate) fn mutated(random: &mut Random, seeds: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(8) {
        change(random, &mut bytes, seeds, words);
        bytes.truncate(LONGEST);
    }
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str]) {
    let part = part(random, bytes.len());
    let at = part.start;
    match random.below(12) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = SIGNS[random.below(SIGNS.len())],
        2 => drop(bytes.drain(part)),
        3 => {
            let copy = bytes[part].repeat(1 + random.below(4));
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        4 => {
            // Nesting is made of many equal parts.
            let few = bytes[at..part.end.min(at + 4)].repeat(random.below(2000));
            bytes.splice(at..at, few);
        }
        5 => {
            let other = &seeds[random.below(seeds.len())];
            let taken = other[self::part(random, other.len())].to_vec();
            bytes.splice(part, taken);
        }
        6 => bytes.truncate(at),
        7 => {
            let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            bytes.splice(at..at + digits, random.pick(NUMBERS).bytes());
        }
        8 => drop(bytes.splice(at..at, random.pick(LETTERS).bytes())),
        9 => drop(bytes.splice(at..at, [SIGNS[random.below(SIGNS.len())]])),
        10 if !words.is_empty() => drop(bytes.splice(part, random.pick(words).bytes())),
        _ if !words.is_empty() => drop(bytes.splice(at..at, random.pick(words).bytes())),
        _ => bytes.push(random.below(256) as u8),
    }
}

/// A part of so many bytes, more often a short one.
fn part(random: &mut Random, length: usize) -> std::ops::Range<usize> {
    let start = random.below(length + 1);
    let longest = if random.below(4) == 0 { length - start } else { (length - start).min(16) };
    start..start + random.below(longest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_makes_the_same_inputs_and_another_one_others() {
        let seeds = [b"status = 200".to_vec(), Vec::new()];
        let inputs = |seed| {
            let mut random = Random::new(seed);
            (0..200).map(|_| mutated(&mut random, &seeds, &["[", "]"])).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        assert!(inputs(1).iter().all(|input| input.len() <= LONGEST));
    }
}
