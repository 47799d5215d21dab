//! The front of a secret before a cut, which an ellipsis shows. The time is linear in the text.

use memchr::memmem::Finder;
use std::sync::LazyLock;

/// Shorter fronts can be the end of an ordinary word.
const FEWEST: usize = 4;

/// Bytes of a coding that may be cut in its middle, `\u{1fff` for example.
const TORN: usize = 8;

/// The sign of a cut.
const ELLIPSIS: &[u8] = "…".as_bytes();

/// The fronts of all spellings, as an automaton: each of its states is how far some front has been read.
#[derive(Clone, Debug)]
pub(super) struct Fronts {
    states: Vec<State>,
    /// Bytes of the longest front.
    longest: usize,
}

#[derive(Clone, Debug, Default)]
struct State {
    next: Vec<(u8, usize)>,
    /// The state of the longest front that ends here as well.
    shorter: usize,
    /// Bytes of the front that have been read.
    read: usize,
    name: &'static str,
}

impl Fronts {
    /// Looks for these, in any case.
    pub(super) fn new(fronts: &[(Vec<u8>, &'static str)]) -> Self {
        let mut states = vec![State::default()];
        for (front, name) in fronts {
            let mut at = 0;
            for byte in front.to_ascii_lowercase() {
                at = next(&states, at, byte).unwrap_or_else(|| {
                    let read = states[at].read + 1;
                    states.push(State { read, name, ..State::default() });
                    let new = states.len() - 1;
                    states[at].next.push((byte, new));
                    new
                });
            }
        }
        // Those of few bytes first: the others lean on them.
        let (mut order, mut done) = (vec![0], 0);
        while let Some(&from) = order.get(done) {
            done += 1;
            for (byte, to) in states[from].next.clone() {
                states[to].shorter = if from == 0 { 0 } else { step(&states, states[from].shorter, byte) };
                order.push(to);
            }
        }
        let longest = fronts.iter().map(|(front, _)| front.len()).max().unwrap_or_default();
        Self { states, longest }
    }

    /// Hands over the longest front before each ellipsis, and what is left there of a coding that was cut in its middle.
    /// Returns how many bytes were read, which is never more than the text has.
    pub(super) fn before_cuts(
        &self,
        text: &[u8],
        found: &mut dyn FnMut(std::ops::Range<usize>, &'static str),
    ) -> usize {
        let (mut from, mut read) = (0, 0);
        for at in cuts(text) {
            let mut state = 0;
            let mut seen = |state: usize, end: usize| {
                let State { read, name, .. } = self.states[state];
                if read >= FEWEST {
                    found(end - read..at, name);
                }
            };
            // Nothing that ends here begins before another cut.
            let begin = from.max(at.saturating_sub(self.longest + TORN));
            for (here, byte) in text.iter().enumerate().take(at).skip(begin) {
                if at - here <= TORN && is_sign(*byte) {
                    seen(state, here);
                }
                state = step(&self.states, state, byte.to_ascii_lowercase());
                read += 1;
            }
            seen(state, at);
            from = at + ELLIPSIS.len();
        }
        read
    }
}

/// Whether a text that goes on like this was cut here, or in the middle of a coding that begins here.
pub(super) fn is_cut(rest: &[u8]) -> bool {
    let torn = || rest.first().is_some_and(|byte| is_sign(*byte));
    rest.starts_with(ELLIPSIS)
        || torn() && cuts(&rest[..rest.len().min(TORN + ELLIPSIS.len())]).next().is_some_and(|at| at <= TORN)
}

/// Where ellipses are.
pub(super) fn cuts(text: &[u8]) -> impl Iterator<Item = usize> {
    static CUT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(ELLIPSIS));
    CUT.find_iter(text)
}

/// Whether a coding begins like this.
fn is_sign(byte: u8) -> bool {
    matches!(byte, b'%' | b'\\' | b'&' | b'=')
}

fn next(states: &[State], at: usize, byte: u8) -> Option<usize> {
    states[at].next.iter().find(|(known, _)| *known == byte).map(|(_, to)| *to)
}

fn step(states: &[State], mut at: usize, byte: u8) -> usize {
    loop {
        match next(states, at, byte) {
            Some(to) => return to,
            None if at == 0 => return 0,
            None => at = states[at].shorter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(fronts: &[&str], text: &str) -> Vec<String> {
        let fronts: Vec<_> = fronts.iter().map(|front| (front.as_bytes().to_vec(), "<secret>")).collect();
        let mut found = Vec::new();
        Fronts::new(&fronts).before_cuts(text.as_bytes(), &mut |range, _| found.push(text[range].to_owned()));
        found
    }

    #[test]
    fn the_longest_front_before_each_cut_is_found() {
        let fronts = ["abcabcabd", "bcabx"];
        assert_eq!(found(&fronts, "abcab… ABCABCAB… bcab… abc… x…… zabca"), ["abcab", "ABCABCAB", "bcab"]);
        assert_eq!(
            found(&fronts, "abcabc%2… abcab\\u{00… abcab&#x2… abcabz…"),
            ["abcabc%2", "abcab\\u{00", "abcab&#x2"]
        );
        assert_eq!(found(&[], "abcab…"), [""; 0]);
    }

    #[test]
    fn no_byte_is_read_twice() {
        let alike: Vec<_> = (8..96).map(|length| (vec![b'a'; length], "<secret>")).collect();
        let fronts = Fronts::new(&alike);
        for text in
            ["…".repeat(5400), "a…".repeat(5400), "aaaa…".repeat(5400), "a".repeat(30_000), "\\u…%=…".repeat(3000)]
        {
            let read = fronts.before_cuts(text.as_bytes(), &mut |_, _| ());
            assert!(read <= text.len(), "{read} of {}", text.len());
        }
        assert_eq!(fronts.before_cuts("…".repeat(5400).as_bytes(), &mut |_, _| ()), 0);
    }

    #[test]
    fn a_cut_is_told_from_other_ends() {
        for rest in ["…", "… x", "%2…", "\\u00…", "&#x2f…"] {
            assert!(is_cut(rest.as_bytes()), "{rest}");
        }
        for rest in ["", "x…", " …", "%2 and more…"] {
            assert!(!is_cut(rest.as_bytes()), "{rest}");
        }
    }
}
