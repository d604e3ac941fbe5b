//! How long interactions are kept.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{Error, Result};

/// Rules of a store on how long its interactions are kept; by default for ever. Ages count from the
/// timestamp of an interaction to the store's clock.
///
/// Each field has a method of its name, which sets it and tells its unit and its range. What is outside its range is
/// an `InvalidInput` error of [`Store::set_retention`](crate::Store::set_retention) and of [`Retention::validate`].
///
/// ```
/// use annals::Retention;
///
/// const DAY: u64 = 86_400;
/// let rules = Retention::default()
///     .max_age_seconds(365 * DAY)
///     .max_age_seconds_of("view", 30 * DAY)
///     .newest_of_user(1000);
/// rules.validate()?;
/// # Ok::<(), annals::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Retention {
    /// Age of interactions, in seconds; `None` for ever.
    pub max_age_seconds: Option<u64>,
    /// Age of interactions of one event type, in seconds, by its name.
    pub max_age_seconds_of: BTreeMap<String, u64>,
    /// Age of sessions that never became a user's, in seconds; `None` for ever.
    pub session_seconds: Option<u64>,
    /// Interactions that are kept of each user; `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_of_user: Option<u32>,
}

const SECONDS: RangeInclusive<u64> = 1..=10_000_000_000;
const NEWEST: RangeInclusive<u32> = 1..=1_000_000_000;
/// Seconds between two looks at what is not to be kept, at most.
const LONGEST_BETWEEN: u64 = 60;
/// Of the shortest age one part in so many goes by between two looks.
const PARTS: u64 = 100;

impl Retention {
    /// Interactions that are older are dropped. In seconds, 1 to 10^10. Default: `None`, which is never.
    #[must_use]
    pub fn max_age_seconds(mut self, seconds: impl Into<Option<u64>>) -> Self {
        self.max_age_seconds = seconds.into();
        self
    }

    /// The same of interactions of one event type, by its name (without regard to ASCII case). Both rules hold. In
    /// seconds, 1 to 10^10; once more for the same name replaces what was set. Default: no types.
    #[must_use]
    pub fn max_age_seconds_of(mut self, event_type: impl Into<String>, seconds: u64) -> Self {
        self.max_age_seconds_of.insert(event_type.into(), seconds);
        self
    }

    /// Sessions that never became a user's are dropped once their last event is older. In seconds, 1 to 10^10.
    /// Default: `None`, which is never.
    #[must_use]
    pub fn session_seconds(mut self, seconds: impl Into<Option<u64>>) -> Self {
        self.session_seconds = seconds.into();
        self
    }

    /// Of each user, and of each session that never became a user's, the newest so many interactions are kept, and
    /// with them those of the same second as the oldest of these. 1 to 10^9. Default: `None`, which is all.
    #[must_use]
    pub fn newest_of_user(mut self, count: impl Into<Option<u32>>) -> Self {
        self.newest_of_user = count.into();
        self
    }
}

impl Retention {
    /// Whether nothing is ever dropped.
    pub fn is_for_ever(&self) -> bool {
        *self == Self::default()
    }

    /// Checks every figure against its range.
    ///
    /// # Errors
    /// `InvalidInput`, naming the rule, its value and the range.
    pub fn validate(&self) -> Result<()> {
        let check = |what: &str, seconds: u64| match SECONDS.contains(&seconds) {
            true => Ok(()),
            false => Err(Error::invalid(format!(
                "retention: {what} is {seconds} seconds; it must be at least {} and at most {}",
                SECONDS.start(),
                SECONDS.end()
            ))),
        };
        self.max_age_seconds
            .map_or(Ok(()), |seconds| check("the greatest age", seconds))?;
        for (event_type, seconds) in &self.max_age_seconds_of {
            if event_type.is_empty() {
                return Err(Error::invalid("retention: an event type without a name"));
            }
            check(
                &format!("the greatest age of event type {event_type:?}"),
                *seconds,
            )?;
        }
        self.session_seconds
            .map_or(Ok(()), |seconds| check("the age of sessions", seconds))?;
        match self.newest_of_user {
            Some(count) if !NEWEST.contains(&count) => Err(Error::invalid(format!(
                "retention: the newest {count} of each user; it must be at least {} and at most {}",
                NEWEST.start(),
                NEWEST.end()
            ))),
            _ => Ok(()),
        }
    }

    /// Seconds until the rules are to be looked at again; `None` where there are none.
    pub(crate) fn looks_again(&self) -> Option<u64> {
        let ages = self.max_age_seconds.iter().chain(&self.session_seconds);
        let shortest = ages.chain(self.max_age_seconds_of.values()).min();
        let of_ages = shortest.map(|age| (age / PARTS).clamp(1, LONGEST_BETWEEN));
        of_ages.or(self.newest_of_user.map(|_| LONGEST_BETWEEN))
    }
}
