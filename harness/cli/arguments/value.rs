//! The values of flags, and how they are read.

use clap::ValueEnum;
use jiff::SignedDuration;
use std::time::Duration;

/// The lane of the judged exchanges.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LaneName {
    /// Our own exchange: the bytes of the case, every byte of the answer
    Wire,
    /// An ordinary client, for the cases that one can send
    Http,
}

/// Reads the number of an account.
pub(crate) fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account's number has 12 digits".to_owned()),
    }
}

/// Cases at a time.
pub(crate) const JOBS: std::ops::RangeInclusive<i64> = 1..=256;

/// Checks a number of cases at a time.
pub(crate) fn jobs(number: i64) -> Result<u16, String> {
    let wrong = || format!("{number} is not in {}..={}", JOBS.start(), JOBS.end());
    u16::try_from(number).ok().filter(|_| JOBS.contains(&number)).ok_or_else(wrong)
}

/// Reads a time such as `10s`, `500ms` or `1h 30m`. It is not negative.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    // More than anybody waits, and less than what clocks can count.
    const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    let time: SignedDuration =
        text.parse().map_err(|_| format!("`{text}` is no time such as `10s`, `500ms` or `15m`"))?;
    let time = Duration::try_from(time).map_err(|_| format!("`{text}` is negative"))?;
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
            ("PT30S", 30_000),
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
            ("-10s", "is negative"),
            ("10s ago", "is negative"),
            ("721h", "longer than 30 days"),
        ] {
            let told = duration(text);
            assert!(told.as_ref().is_err_and(|told| told.contains(reason)), "{text}: {told:?}");
        }
    }
}
