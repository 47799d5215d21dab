//! The words, numbers and links of the page.

use crate::report::Outcome;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in a fragment. Everything else could end it or be read as markup.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/');

/// The sign of an outcome, so that nobody needs to see its colour.
pub(super) fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "✓",
        Outcome::Diverges => "✗",
        Outcome::Unsupported => "∅",
        Outcome::Indeterminate => "?",
        Outcome::Blocked => "⊘",
        Outcome::Skipped => "–",
        Outcome::Listed => "≡",
        Outcome::Stale => "!",
        Outcome::Flaky => "~",
    }
}

/// What an outcome means.
pub(super) fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "judged, and right",
        Outcome::Diverges => "judged, and wrong",
        Outcome::Unsupported => "the target says that it has no such operation",
        Outcome::Indeterminate => "throttled, timed out, or a fault of the network",
        Outcome::Blocked => "a precondition could not be made",
        Outcome::Skipped => "not run",
        Outcome::Listed => "wrong exactly as the list of known deviations says",
        Outcome::Stale => "the list of known deviations is wrong about it",
        Outcome::Flaky => "wrong once, and not again on a fresh key",
    }
}

/// The id of a case's element.
pub(super) fn anchor(case: &str) -> String {
    format!("case:{case}")
}

/// A link to a case on the page.
pub(super) fn link(case: &str) -> String {
    format!("#case:{}", utf8_percent_encode(case, PLAIN))
}

/// A share in percent, as badges round it: only nothing is 0 % and only all is 100 %.
pub(super) fn percent(share: Option<f64>) -> String {
    let Some(share) = share else { return "–".to_owned() };
    let shown = match share * 100.0 {
        shown if shown <= 0.0 || shown >= 100.0 => shown,
        shown => shown.clamp(0.1, 99.9),
    };
    format!("{shown:.1} %")
}

/// A time in microseconds, in the unit in which a person reads it.
pub(super) fn time(micros: u64) -> String {
    match micros {
        0 => "–".to_owned(),
        micros @ ..1_000 => format!("{micros} µs"),
        micros @ ..10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        micros @ ..1_000_000 => format!("{:.0} ms", micros as f64 / 1e3),
        micros @ ..100_000_000 => format!("{:.2} s", micros as f64 / 1e6),
        micros => format!("{:.0} s", micros as f64 / 1e6),
    }
}

/// A part of a whole as a length from 0 to 100, with one digit behind the point.
pub(super) fn length(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole * 1000.0).round() / 10.0 } else { 0.0 }
}

/// The text with a capital letter at its front.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A number with thousands set apart.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The day and minute of a time in RFC 3339, such as `2026-11-26 05:01`; anything else as it is.
pub(super) fn moment(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..16)) {
        (Some(day), Some("T"), Some(minute)) => format!("{day} {minute}"),
        _ => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_a_person_reads_them() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        let times = [0, 999, 1_500, 174_023, 2_080_000, 134_000_000].map(time);
        assert_eq!(times, ["–", "999 µs", "1.5 ms", "174 ms", "2.08 s", "134 s"]);
        let shares = [None, Some(0.0), Some(0.00001), Some(0.5), Some(0.99999), Some(1.0)].map(percent);
        assert_eq!(shares, ["–", "0.0 %", "0.1 %", "50.0 %", "99.9 %", "100.0 %"]);
        assert_eq!(moment("2026-11-26T05:01:43Z"), "2026-11-26 05:01");
        assert_eq!(moment("<i>"), "<i>");
    }

    #[test]
    fn a_link_holds_nothing_but_letters_of_a_fragment() {
        assert_eq!(link("body/null"), "#case:body/null");
        assert_eq!(link("\"><b x=' &#"), "#case:%22%3E%3Cb%20x%3D%27%20%26%23");
    }
}
