//! How long interactions are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Error, Result};

/// Rules of a store on how long its interactions are kept; by default for ever. Ages count from the
/// timestamp of an interaction to the store's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Interactions that are older are dropped. In seconds, 1 to 10^10.
    pub max_age_seconds: Option<u64>,
    /// The same of interactions of one event type, by its name (without regard to ASCII case). Both rules
    /// hold. In seconds, 1 to 10^10.
    pub max_age_seconds_of: BTreeMap<String, u64>,
    /// Sessions that never became a user's are dropped once their last event is older. In seconds, 1 to
    /// 10^10.
    pub session_seconds: Option<u64>,
}

const SECONDS: std::ops::RangeInclusive<u64> = 1..=10_000_000_000;

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
            .map_or(Ok(()), |seconds| check("the age of sessions", seconds))
    }

    /// The shortest age of any rule.
    pub(crate) fn shortest(&self) -> Option<u64> {
        let ages = self.max_age_seconds.iter().chain(&self.session_seconds);
        ages.chain(self.max_age_seconds_of.values()).min().copied()
    }
}
