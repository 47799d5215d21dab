//! The values of flags, and their parsers.

use clap::ValueEnum;
use jiff::fmt::friendly::SpanParser;
use std::time::Duration;

/// The lane of the judged exchanges.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LaneName {
    /// Our own HTTP/1.1 exchange: sends exactly the bytes of the case and sees every byte of the answer
    Wire,
    /// An ordinary HTTP client, for the cases that such a client can send
    Http,
}

/// What `replay --trace` shows of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceOf {
    /// How long each phase took
    Times,
    /// The same, and the bytes: of the whole request, and of the answer's body
    Hex,
}

/// A set of servers that `selfcheck` runs the suite at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum ServerSet {
    /// Our own mutants: the reference with one named fault each
    Own,
    /// Habits of frameworks: what they do by default
    Habits,
    /// Bugs that emulators really had
    Bugs,
    /// Variations that a conforming server may show; nothing may diverge at them
    Controls,
}

/// Reads an account number.
pub(crate) fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account's number has 12 digits".to_owned()),
    }
}

/// The number of cases that run at the same time.
pub(crate) const JOBS: std::ops::RangeInclusive<i64> = 1..=256;

/// Checks a number of cases that run at the same time.
pub(crate) fn jobs(number: i64) -> Result<u16, String> {
    let wrong = || format!("{number} is not in {}..={}", JOBS.start(), JOBS.end());
    u16::try_from(number).ok().filter(|_| JOBS.contains(&number)).ok_or_else(wrong)
}

/// Reads a time such as `10s`, `500ms` or `1h 30m`. It is not negative.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    // Longer than any useful limit, and short enough for every clock to add.
    const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    let time = SpanParser::new()
        .parse_unsigned_duration(text)
        .map_err(|_| format!("`{text}` is no time such as `10s`, `500ms` or `15m`"))?;
    if time > LONGEST { Err(format!("`{text}` is longer than 30 days")) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn times_are_read_in_the_usual_forms() {
        for (text, milliseconds) in [
            ("0s", 0),
            ("500ms", 500),
            ("10s", 10_000),
            ("15m", 900_000),
            ("2h", 7_200_000),
            ("720h", 2_592_000_000),
            ("1.5s", 1_500),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            ("2 minutes", 120_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "is no time"),
            ("10", "is no time"),
            ("s", "is no time"),
            ("10x", "is no time"),
            ("1mo", "is no time"),
            ("99999999999999999999h", "is no time"),
            ("-10s", "is no time"),
            ("10s ago", "is no time"),
            ("18446744073709551615s", "longer than 30 days"),
            ("721h", "longer than 30 days"),
        ] {
            let told = duration(text);
            assert!(told.as_ref().is_err_and(|told| told.contains(reason)), "{text}: {told:?}");
        }
    }
}
