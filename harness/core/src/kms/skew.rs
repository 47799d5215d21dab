//! How far our clock is from the target's.

use crate::send::Response;
use jiff::fmt::rfc2822;
use std::time::{Duration, SystemTime};

/// Less than the five minutes within which KMS takes a signature, so that it is found out before cases fail for it.
const WINDOW: Duration = Duration::from_secs(4 * 60);

/// By how many seconds our clock is ahead of the target's, by the Date of its answer; negative when it is behind. Absent if
/// the Date cannot be read.
pub(crate) fn seconds_ahead(response: &Response, now: SystemTime) -> Option<i64> {
    let date = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("date"))?;
    let theirs = rfc2822::parse(std::str::from_utf8(&date.value).ok()?).ok()?.timestamp();
    let ours = jiff::Timestamp::try_from(now).ok()?;
    Some(ours.as_second() - theirs.as_second())
}

/// What is wrong with the clocks, if they are too far apart for a signature to be taken.
pub(crate) fn complaint(seconds_ahead: i64) -> Option<String> {
    let off = Duration::from_secs(seconds_ahead.unsigned_abs());
    let side = if seconds_ahead > 0 { "ahead of" } else { "behind" };
    (off > WINDOW).then(|| {
        format!(
            "the clock here is {} minutes and {} seconds {side} the target's; signatures hold for five minutes, so \
             set the clock and run again",
            off.as_secs() / 60,
            off.as_secs() % 60
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::answer;

    fn ahead(date: &str, ours: u64) -> Option<i64> {
        let response = answer(400, &[("date", date)], b"");
        seconds_ahead(&response, SystemTime::UNIX_EPOCH + Duration::from_secs(ours))
    }

    #[test]
    fn the_difference_is_read_off_the_date_header() {
        // 1_700_000_000 seconds.
        let date = "Tue, 14 Nov 2023 22:13:20 GMT";
        assert_eq!(ahead(date, 1_700_000_600), Some(600));
        assert_eq!(ahead(date, 1_699_999_700), Some(-300));
        assert_eq!(ahead("yesterday", 1_700_000_000), None);
    }

    #[test]
    fn only_what_a_signature_does_not_survive_is_complained_of() {
        assert_eq!(complaint(240), None);
        assert_eq!(complaint(-240), None);
        assert!(complaint(600).is_some_and(|text| text.contains("10 minutes and 0 seconds ahead of")));
        assert!(complaint(-301).is_some_and(|text| text.contains("5 minutes and 1 seconds behind")));
    }
}
