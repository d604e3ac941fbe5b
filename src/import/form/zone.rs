//! Time zones, and times of the clock on the wall.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::model::{Error, Result, shown};

/// A time zone.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::import) struct Zone(TimeZone);

impl Zone {
    /// The zone of a name or an offset.
    pub(super) fn of_name(name: &str) -> Result<Self> {
        if let Some(offset) = offset_of(name) {
            return Ok(Self(TimeZone::fixed(offset)));
        }
        TimeZone::get(name).map(Self).map_err(|error| {
            Error::invalid(format!(
                "time zone {}: not known; write UTC, an offset such as +02:00, or a name of the system's \
                 time zone database such as Europe/Berlin",
                shown(name)
            ))
            .caused_by(error)
        })
    }

    /// Unix epoch seconds of a time there, or in UTC without a zone.
    pub(super) fn seconds(zone: Option<&Self>, time: DateTime) -> Option<i64> {
        let timestamp = match zone {
            Some(Self(zone)) => zone.to_timestamp(time),
            None => Offset::UTC.to_timestamp(time),
        };
        timestamp.ok().map(floor)
    }
}

/// The whole second at or before a time.
pub(super) fn floor(time: Timestamp) -> i64 {
    time.as_second() - i64::from(time.subsec_nanosecond() < 0)
}

/// The offset that a text such as `+02:00` or `-0530` stands for.
fn offset_of(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return text.eq_ignore_ascii_case("utc").then_some(Offset::UTC),
    };
    let digits = digits.replace(':', "");
    let (hours, minutes) = match digits.len() {
        2 => (digits.parse::<i32>().ok()?, 0),
        4 => (
            digits.get(..2)?.parse().ok()?,
            digits.get(2..)?.parse::<i32>().ok()?,
        ),
        _ => return None,
    };
    if minutes >= 60 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}
