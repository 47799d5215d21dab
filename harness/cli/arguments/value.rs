//! The values of flags, and how they are read.

use clap::ValueEnum;
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

/// Reads `10s`, `500ms` or `15m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time such as `10s`, `500ms` or `15m`");
    let split = text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let time = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60).ok_or_else(wrong)?),
        "h" => Duration::from_secs(number.checked_mul(60 * 60).ok_or_else(wrong)?),
        _ => return Err(wrong()),
    };
    // More than anybody waits, and less than what clocks can count.
    const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    if time > LONGEST { Err(format!("`{text}` is longer than 30 days")) } else { Ok(time) }
}
