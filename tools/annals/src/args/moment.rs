//! Moments as people write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const FORMS: &str = "write epoch seconds, a date such as 2024-01-31 (UTC), a date and time such as \
                     2024-01-31T18:30:00Z, or how long before now, such as 7d (s, m, h, d, w)";

/// Reads a moment: epoch seconds, a date or a date and time as ISO 8601 has them (in UTC where no zone
/// is given), or a time before `now`. A fraction is rounded up, so that both bounds of a
/// half-open range of whole seconds mean what they say.
pub fn epoch_seconds(text: &str, now: Timestamp) -> Result<i64, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let moment = match before(text, now) {
        Some(moment) => moment?,
        None => dated(text).ok_or_else(|| FORMS.to_owned())?,
    };
    let fraction = i64::from(moment.subsec_nanosecond() > 0);
    Ok(moment.as_second() + fraction)
}

/// Reads an age: a number and a unit.
pub fn age_in_seconds(text: &str) -> Result<u64, String> {
    span(text.trim()).ok_or_else(|| {
        "write a number and a unit, such as 365d (s, m, h, d, w), or none".to_owned()
    })
}

/// The seconds of a number with a unit.
fn span(text: &str) -> Option<u64> {
    let unit = text.chars().next_back()?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let number: u32 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
    Some(u64::from(number) * seconds)
}

/// `7d`: so long before now.
fn before(text: &str, now: Timestamp) -> Option<Result<Timestamp, String>> {
    let ago = SignedDuration::from_secs(i64::try_from(span(text)?).ok()?);
    let moment = now.checked_sub(ago);
    Some(moment.map_err(|_| format!("{text} ago is before the year -9999")))
}

fn dated(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let civil: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_form() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        for (text, seconds) in [
            ("1700000000", 1_700_000_000),
            ("-5", -5),
            ("7d", 1_700_000_000 - 7 * 86_400),
            ("2 w", 1_700_000_000 - 14 * 86_400),
            ("90m", 1_700_000_000 - 5400),
            ("0s", 1_700_000_000),
            ("2024-01-01", 1_704_067_200),
            ("2024-01-01T01:00", 1_704_070_800),
            ("2024-01-01 01:00:00", 1_704_070_800),
            ("2024-01-01T01:00:00Z", 1_704_070_800),
            ("2024-01-01T01:00:00+02:00", 1_704_063_600),
            ("2024-01-01T00:00:00.5Z", 1_704_067_201),
            ("1969-12-31T23:59:58.5Z", -1),
        ] {
            assert_eq!(epoch_seconds(text, now), Ok(seconds), "{text}");
        }
        for text in ["", "d", "7y", "-7d", "1.5", "2024-13-01", "yesterday"] {
            assert_eq!(epoch_seconds(text, now), Err(FORMS.to_owned()), "{text}");
        }
        assert!(epoch_seconds("4294967295w", now).is_err());
    }
}
