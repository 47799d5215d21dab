//! Moments, by how far they are from the present: two readings of a clock being equal, or not, says nothing.

use std::time::{Duration, SystemTime};

const DAY: i64 = 24 * 60 * 60;

/// Further away, a moment is no reading of a clock but a constant, and stays as it is. The longest time that a case
/// can ask for is the longest window of a deletion, thirty days.
const HORIZON: i64 = 31 * DAY;

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `20260101T000000Z`.
    Basic,
    /// `2026-01-01T00:00:00Z`.
    Extended,
    /// `Thu, 01 Jan 2026 00:00:00 GMT`.
    Http,
    /// `20260101`.
    Day,
    /// Seconds since 1970, with or without a fraction or an exponent.
    Epoch,
}

impl Form {
    /// The placeholder's word.
    fn word(self) -> &'static str {
        match self {
            Self::Basic | Self::Extended => "date-time",
            Self::Http => "http-date",
            Self::Day => "date",
            Self::Epoch => "time",
        }
    }

    /// The moment in seconds since 1970.
    fn read(self, text: &str) -> Option<i64> {
        let civil = |form: &str| {
            let moment = jiff::civil::DateTime::strptime(form, text).ok()?;
            Some(jiff::tz::TimeZone::UTC.to_timestamp(moment).ok()?.as_second())
        };
        match self {
            Self::Basic => civil("%Y%m%dT%H%M%SZ"),
            Self::Extended => civil("%Y-%m-%dT%H:%M:%SZ"),
            Self::Http => civil("%a, %d %b %Y %H:%M:%S GMT"),
            Self::Day => {
                let day = jiff::civil::Date::strptime("%Y%m%d", text).ok()?;
                Some(jiff::tz::TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?.as_second())
            }
            // Whole seconds are enough, and every such number fits.
            Self::Epoch => text.parse::<f64>().ok().map(|seconds| seconds as i64),
        }
    }
}

/// The placeholder of a moment, if it is near enough to be one. Where the present is not known, all are alike.
pub(super) fn placeholder(form: Form, text: &str, now: Option<SystemTime>) -> Option<String> {
    let Some(now) = now else {
        return Some(format!("<{}>", form.word()));
    };
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let now = i64::try_from(now).ok()?;
    let offset = form.read(text)?.checked_sub(now)?;
    if offset.abs() > HORIZON {
        return None;
    }
    let word = form.word();
    // In whole days, since a key can have been made hours before its case, and no case asks for less than a day.
    let days = (offset as f64 / DAY as f64).round() as i64;
    // A day's own moment is its beginning, and a run can begin shortly before midnight.
    let is_now = if form == Form::Day { offset.abs() < 2 * DAY } else { days == 0 };
    Some(if is_now { format!("<{word}>") } else { format!("<{word}{days:+}d>") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_by_its_distance() {
        // 2026-01-01T00:00:00Z
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        for (form, text, expected) in [
            (Form::Basic, "20260101T001959Z", Some("<date-time>")),
            (Form::Basic, "20251231T234001Z", Some("<date-time>")),
            (Form::Extended, "2026-01-02T00:00:01Z", Some("<date-time+1d>")),
            (Form::Http, "Thu, 08 Jan 2026 00:00:00 GMT", Some("<http-date+7d>")),
            (Form::Day, "20251231", Some("<date>")),
            (Form::Day, "20260108", Some("<date+7d>")),
            (Form::Epoch, "1767225600.5", Some("<time>")),
            (Form::Epoch, "1.7672256E9", Some("<time>")),
            (Form::Epoch, "1767196800", Some("<time>")),
            (Form::Epoch, "1767096000", Some("<time-2d>")),
            (Form::Epoch, "1769817600", Some("<time+30d>")),
            // Constants.
            (Form::Basic, "20150830T123600Z", None),
            (Form::Day, "20269999", None),
            (Form::Epoch, "1000000000", None),
        ] {
            assert_eq!(placeholder(form, text, Some(now)).as_deref(), expected, "{text}");
        }
    }
}
