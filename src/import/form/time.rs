//! Times, however they are written, to Unix epoch seconds.

use jiff::civil::{DateTime, Time, date};
use jiff::fmt::strtime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};

use super::zone::{Zone, floor};
use crate::model::{Decimal, Error, Result, shown};

const BEFORE: &str = "a time before 1970, which no timestamp is";

/// How times are written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeUnit {
    /// Unix epoch seconds.
    Seconds,
    /// Unix epoch milliseconds.
    Milliseconds,
    /// Unix epoch microseconds.
    Microseconds,
    /// Unix epoch nanoseconds.
    Nanoseconds,
    /// Date and time, or date alone, by ISO 8601: `2024-01-31T12:00:00.5+01:00`, `2024-01-31 12:00:00`,
    /// `2024-01-31`. Without an offset the time is that of the zone that was given.
    Iso,
    /// A format of `strftime`, such as `%d/%m/%Y %H:%M:%S` or `%a %b %d %H:%M:%S %z %Y`.
    Format(String),
}

impl TimeUnit {
    /// A format of `strftime` that has a date in it.
    ///
    /// # Errors
    /// `InvalidInput` for one that is not known, or that times cannot be read by.
    pub fn of_format(format: &str) -> Result<Self> {
        let unit = Self::Format(format.to_owned());
        let wrong = |why: String| {
            Error::invalid(format!(
                "time format {}: {why}; write one such as %d/%m/%Y %H:%M:%S",
                shown(format)
            ))
        };
        let sample = date(2001, 2, 3).at(4, 5, 6, 0).to_zoned(TimeZone::UTC);
        let sample = sample.map_err(|error| Error::internal(error.to_string()))?;
        let written = strtime::format(format, &sample).map_err(|error| wrong(error.to_string()))?;
        let reader = TimeReader::of(unit.clone(), None, None)
            .ok_or_else(|| Error::internal("a format that is read as seconds"))?;
        match reader.read(&written) {
            Ok(_) => Ok(unit),
            Err(error) => Err(wrong(format!(
                "no time can be read by it ({})",
                error.message()
            ))),
        }
    }
}

/// What becomes of a fraction of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fractions {
    /// It is cut off, never rounded.
    Drop,
    /// The row is refused.
    Refuse,
}

/// Reads times of one form.
#[derive(Clone, Debug)]
pub(super) struct TimeReader {
    unit: TimeUnit,
    zone: Option<Zone>,
    refuses_fractions: bool,
}

/// A time that was read.
pub(super) struct ReadTime {
    pub(super) seconds: i64,
    /// Whether it named no zone, and none was given, so that it was taken for UTC.
    pub(super) takes_utc: bool,
}

impl TimeReader {
    /// A reader of times; `None` where they are seconds that nothing is dropped of, which rows are made
    /// of as they are.
    pub(super) fn of(
        unit: TimeUnit,
        zone: Option<Zone>,
        fractions: Option<Fractions>,
    ) -> Option<Self> {
        let in_seconds = unit == TimeUnit::Seconds;
        let default = if in_seconds {
            Fractions::Refuse
        } else {
            Fractions::Drop
        };
        let refuses_fractions = fractions.unwrap_or(default) == Fractions::Refuse;
        (!in_seconds || !refuses_fractions).then_some(Self {
            unit,
            zone,
            refuses_fractions,
        })
    }

    /// Unix epoch seconds.
    ///
    /// # Errors
    /// `InvalidInput` with value and rule.
    pub(super) fn read(&self, text: &str) -> Result<ReadTime> {
        match &self.unit {
            TimeUnit::Seconds => self.whole(text, 1),
            TimeUnit::Milliseconds => self.whole(text, 1_000),
            TimeUnit::Microseconds => self.whole(text, 1_000_000),
            TimeUnit::Nanoseconds => self.whole(text, 1_000_000_000),
            TimeUnit::Iso => self.iso(text),
            TimeUnit::Format(format) => self.formatted(text, format),
        }
    }

    fn whole(&self, text: &str, of_second: i64) -> Result<ReadTime> {
        let number = Decimal::parse(text);
        let Some((number, floor)) = number.and_then(|number| Some((number, number.floor()?)))
        else {
            let unit = self.unit_name();
            return Err(refused(
                text,
                format_args!(
                    "must be a number of {unit} since 1970; say how times are written (--time-unit)"
                ),
            ));
        };
        self.check_fraction(
            text,
            number.has_fraction || floor.rem_euclid(of_second) != 0,
        )?;
        if floor < 0 {
            return Err(refused(text, BEFORE));
        }
        Ok(ReadTime {
            seconds: floor.div_euclid(of_second),
            takes_utc: false,
        })
    }

    fn iso(&self, text: &str) -> Result<ReadTime> {
        let zoned = text.strip_suffix(" UTC").map(|time| format!("{time}Z"));
        let written = zoned.as_deref().unwrap_or(text);
        let rule = "must be a date, or date and time, by ISO 8601, such as 2024-01-31T12:00:00Z; say how \
                    times are written (--time-unit)";
        let pieces = Pieces::parse(written).map_err(|_| refused(text, rule))?;
        let time = pieces
            .date()
            .to_datetime(pieces.time().unwrap_or(Time::midnight()));
        self.at(text, time, pieces.to_numeric_offset())
    }

    fn formatted(&self, text: &str, format: &str) -> Result<ReadTime> {
        let no_time = |error: jiff::Error| {
            refused(
                text,
                format_args!(
                    "must be a time of the form {format} ({error}); say how times are written (--time-unit)"
                ),
            )
        };
        let parts = strtime::parse(format, text).map_err(no_time)?;
        if let Some(timestamp) = parts.timestamp() {
            return match floor(timestamp) {
                ..0 => Err(refused(text, BEFORE)),
                seconds => Ok(ReadTime {
                    seconds,
                    takes_utc: false,
                }),
            };
        }
        let date = parts.to_date().map_err(no_time)?;
        let time = match parts.hour() {
            None => Time::midnight(),
            Some(_) => parts.to_time().map_err(no_time)?,
        };
        self.at(text, date.to_datetime(time), parts.offset())
    }

    fn at(&self, text: &str, time: DateTime, offset: Option<Offset>) -> Result<ReadTime> {
        self.check_fraction(text, time.subsec_nanosecond() != 0)?;
        let seconds = match offset {
            Some(offset) => offset.to_timestamp(time).ok().map(floor),
            None => Zone::seconds(self.zone.as_ref(), time),
        };
        Ok(ReadTime {
            seconds: match seconds {
                None => return Err(refused(text, "is no time that can be stored")),
                Some(..0) => return Err(refused(text, BEFORE)),
                Some(seconds) => seconds,
            },
            takes_utc: offset.is_none() && self.zone.is_none(),
        })
    }

    fn check_fraction(&self, text: &str, has_fraction: bool) -> Result<()> {
        if has_fraction && self.refuses_fractions {
            return Err(refused(
                text,
                "has a fraction of a second; drop fractions (--fractions drop)",
            ));
        }
        Ok(())
    }

    fn unit_name(&self) -> &'static str {
        match self.unit {
            TimeUnit::Milliseconds => "milliseconds",
            TimeUnit::Microseconds => "microseconds",
            TimeUnit::Nanoseconds => "nanoseconds",
            _ => "seconds",
        }
    }
}

fn refused(text: &str, rule: impl std::fmt::Display) -> Error {
    Error::invalid(format!("value {}: {rule}", shown(text)))
}
