//! Which part of an export a row goes to.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::model::{Error, Result};

/// How an export is split into parts; each interaction is in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// By timestamp: before the first is `train`, from the last on `test`, and between two `valid`.
    Time(i64, Option<i64>),
    /// The newest so many of each user are `test`. What others did later than these is in `train`.
    LeaveLast(u64),
    /// By user, so that the parts share none: with these weights to `train`, `valid` and `test`.
    /// A user goes by `xxh3_64(id, seed = 1) mod (sum of the weights)`.
    UserHash([u32; 3]),
}

/// The seed of the hash that splits users.
const SPLIT_SEED: u64 = 1;

/// A part of a split export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitPart {
    /// To train on.
    Train,
    /// To choose by.
    Valid,
    /// To measure on.
    Test,
}

impl SplitPart {
    /// The name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for SplitPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Split {
    /// Reads `time:T1`, `time:T1,T2` with epoch seconds, `leave-last:K` or `user-hash:W1,W2,W3`.
    ///
    /// # Errors
    /// `InvalidInput`, with the ways to write it.
    pub fn parse(text: &str) -> Result<Self> {
        let split = text.split_once(':').and_then(|(how, rest)| match how {
            "time" => match rest.split_once(',') {
                Some((first, second)) => {
                    Some(Self::Time(first.parse().ok()?, Some(second.parse().ok()?)))
                }
                None => Some(Self::Time(rest.parse().ok()?, None)),
            },
            "leave-last" => rest.parse().ok().map(Self::LeaveLast),
            "user-hash" => {
                let weights = rest.split(',').map(|part| part.trim().parse().ok());
                let weights: Option<Vec<u32>> = weights.collect();
                weights?.try_into().ok().map(Self::UserHash)
            }
            _ => None,
        });
        split.ok_or_else(|| {
            Error::invalid(format!(
                "split {text:?}: write time:1704067200, time:1704067200,1706745600, leave-last:1 or user-hash:80,10,10"
            ))
        })
    }

    /// The parts that it has.
    pub fn parts(&self) -> &'static [SplitPart] {
        match self {
            Self::Time(_, None) | Self::LeaveLast(_) => &[SplitPart::Train, SplitPart::Test],
            Self::Time(_, Some(_)) | Self::UserHash(_) => {
                &[SplitPart::Train, SplitPart::Valid, SplitPart::Test]
            }
        }
    }

    /// What to know of it before one trusts a measurement.
    pub fn warning(&self) -> Option<&'static str> {
        match self {
            Self::LeaveLast(_) => Some(
                "leave-last splits each user apart, so that train has events of other users that are later than \
                 those in test: what is measured on it is better than what comes in use; split at a time instead",
            ),
            _ => None,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Time(first, Some(second)) if second <= first => Err(Error::invalid(format!(
                "split at {first} and {second}: the second time must be after the first"
            ))),
            Self::LeaveLast(0) => Err(Error::invalid("split leave-last:0 leaves nothing out")),
            Self::UserHash(weights) => {
                let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
                match sum {
                    0 => Err(Error::invalid("split by user with weights that are all 0")),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Adds the part of each interaction of a user, whose timestamps these are, oldest first.
    pub(super) fn parts_of(
        &self,
        user: &str,
        times: impl ExactSizeIterator<Item = i64>,
        out: &mut Vec<SplitPart>,
    ) {
        let count = times.len() as u64;
        match self {
            Self::Time(first, second) => out.extend(times.map(|at| match second {
                _ if at < *first => SplitPart::Train,
                Some(second) if at < *second => SplitPart::Valid,
                _ => SplitPart::Test,
            })),
            Self::LeaveLast(last) => {
                let left = count.saturating_sub(*last);
                out.extend((0..count).map(|nth| match nth < left {
                    true => SplitPart::Train,
                    false => SplitPart::Test,
                }));
            }
            Self::UserHash(weights) => {
                let part = part_of_user(user, *weights);
                out.extend((0..count).map(|_| part));
            }
        }
    }
}

fn part_of_user(user: &str, [train, valid, test]: [u32; 3]) -> SplitPart {
    let [train, valid, test] = [train, valid, test].map(u64::from);
    let hash = xxh3_64_with_seed(user.as_bytes(), SPLIT_SEED) % (train + valid + test).max(1);
    if hash < train {
        SplitPart::Train
    } else if hash < train + valid {
        SplitPart::Valid
    } else {
        SplitPart::Test
    }
}

/// Into which folder of a partitioned export a record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// By user: `shard=s00` and so on, by `xxh3_64(id) mod shards`.
    UserHash(u32),
    /// By the month of the timestamp in UTC: `month=m2024-01`.
    Month,
}

/// Shards that one export has, at most: each has a file that is being written.
const MAX_SHARDS: u32 = 1024;

impl Partition {
    /// Reads `user-hash:N` or `month`.
    ///
    /// # Errors
    /// `InvalidInput`, with the ways to write it.
    pub fn parse(text: &str) -> Result<Self> {
        let shards = text.strip_prefix("user-hash:");
        match (text, shards.and_then(|shards| shards.parse().ok())) {
            ("month", _) => Ok(Self::Month),
            (_, Some(shards)) => Ok(Self::UserHash(shards)),
            _ => Err(Error::invalid(format!(
                "partition {text:?}: write user-hash:16 or month"
            ))),
        }
    }

    /// The name of the column, which the files have, too.
    pub fn column(&self) -> &'static str {
        match self {
            Self::UserHash(_) => "shard",
            Self::Month => "month",
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::UserHash(shards) if *shards == 0 || *shards > MAX_SHARDS => Err(Error::invalid(
                format!("partition into {shards} shards; 1 to {MAX_SHARDS} are possible"),
            )),
            _ => Ok(()),
        }
    }

    /// The number of the partition of an interaction: of the shard, or of the month since the year 0.
    pub(super) fn number(&self, user: &str, timestamp: i64) -> Result<i64> {
        match self {
            Self::UserHash(shards) => {
                let shards = u64::from((*shards).max(1));
                Ok((xxh3_64_with_seed(user.as_bytes(), 0) % shards) as i64)
            }
            Self::Month => {
                let moment = jiff::Timestamp::from_second(timestamp).map_err(|_| {
                    Error::invalid(format!(
                        "user {user:?}: timestamp {timestamp} is of no month from the year -9999 to 9999"
                    ))
                })?;
                let date = jiff::tz::Offset::UTC.to_datetime(moment);
                Ok(i64::from(date.year()) * 12 + i64::from(date.month()) - 1)
            }
        }
    }

    /// The value of the column for a partition: it begins with a letter, so that no reader takes it for a
    /// number.
    pub(super) fn value(&self, number: i64) -> String {
        match self {
            Self::UserHash(shards) => {
                let width = shards.saturating_sub(1).to_string().len().max(2);
                format!("s{number:0width$}")
            }
            Self::Month => format!(
                "m{:04}-{:02}",
                number.div_euclid(12),
                number.rem_euclid(12) + 1
            ),
        }
    }
}

/// Where a record goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct SplitPlace {
    /// The part of a split export.
    pub part: Option<SplitPart>,
    /// The value of the partition column.
    pub partition: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_shards_have_names() {
        let month = |at| Partition::Month.value(Partition::Month.number("a", at).unwrap());
        assert_eq!(month(1_704_067_199), "m2023-12");
        assert_eq!(month(1_704_067_200), "m2024-01");
        assert_eq!(month(-1), "m1969-12");
        assert!(Partition::Month.number("a", i64::MAX).is_err());
        assert_eq!(Partition::UserHash(16).value(3), "s03");
        assert_eq!(Partition::UserHash(1024).value(3), "s0003");
    }

    #[test]
    fn every_row_has_one_part() {
        let parts = |split: Split, times: &[i64]| {
            let mut out = Vec::new();
            split.parts_of("ada", times.iter().copied(), &mut out);
            out
        };
        use SplitPart::{Test, Train, Valid};
        assert_eq!(
            parts(Split::Time(10, Some(20)), &[9, 10, 19, 20]),
            [Train, Valid, Valid, Test]
        );
        assert_eq!(parts(Split::Time(10, None), &[9, 10]), [Train, Test]);
        assert_eq!(parts(Split::LeaveLast(1), &[1, 1]), [Train, Test]);
        assert_eq!(parts(Split::LeaveLast(3), &[1, 1]), [Test, Test]);
        assert_eq!(parts(Split::UserHash([1, 0, 0]), &[1, 2]), [Train, Train]);
        assert_eq!(parts(Split::UserHash([0, 0, 5]), &[1]), [Test]);
        let users = (0..1000).map(|user| part_of_user(&user.to_string(), [80, 10, 10]));
        let train = users.filter(|part| *part == Train).count();
        assert!((760..840).contains(&train), "{train}");
    }
}
