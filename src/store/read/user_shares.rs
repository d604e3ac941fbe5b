//! Users divided into ranges, and how much lies in each.

use crate::model::{Result, UserRange, shown_user};
use crate::store::engine::{Run, Snapshot};

/// A range of users, and what a scan of it reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserShare {
    /// The users.
    pub users: UserRange,
    /// Rows as they lie in files and memory: those that a deletion hides count, and rows of sessions that became a
    /// user's count where they lie.
    pub rows: u64,
    /// Bytes of these rows, about: of their part of the segment files, and of memory where they are not sealed yet.
    pub bytes: u64,
}

/// Users that are looked at in each place for each range that is asked for, where the ranges are drawn from several.
const SAMPLES: u64 = 8;

/// Users of a generation that are looked at, at least, for each range.
const SAMPLED_USERS: usize = 64;

/// A user, and about how many rows stand for from there to the next that was looked at.
struct Sample {
    user: String,
    rows: u64,
}

impl Snapshot {
    /// Splits the users into at most `parts` ranges of about as many stored rows each, in order:
    /// scans of them, side by side on as many threads, read what one scan would. Each user is in one.
    ///
    /// Cost: a few searches in the user directory of each run, and a look at some users that are not sealed yet.
    ///
    /// # Errors
    /// `Corruption` when a user directory is damaged.
    pub fn user_ranges(&self, parts: usize) -> Result<Vec<UserRange>> {
        let borders = match parts {
            0 | 1 => Vec::new(),
            parts => borders(self.samples(parts)?, parts as u64),
        };
        let from = std::iter::once(None).chain(borders.iter().cloned().map(Some));
        let to = borders.iter().cloned().map(Some).chain([None]);
        Ok(from
            .zip(to)
            .map(|(from, to)| UserRange { from, to })
            .collect())
    }

    /// The same ranges, with the rows and bytes that lie in each.
    ///
    /// Cost: as [`Snapshot::user_ranges`], two searches for each range and segment, and a look at each user that is
    /// not sealed yet.
    ///
    /// # Errors
    /// As [`Snapshot::user_ranges`].
    pub fn user_shares(&self, parts: usize) -> Result<Vec<UserShare>> {
        let mut shares = Vec::new();
        for users in self.user_ranges(parts)? {
            let (mut rows, mut bytes) = (0, 0);
            for live in self.version.segments() {
                let own = live.segment.rows_within(&users)?;
                rows += own;
                bytes += part_of(live.entry.file_bytes, own, live.segment.rows() as u64);
            }
            shares.push(UserShare { users, rows, bytes });
        }
        for generation in &self.version.generations {
            let all = generation.rows();
            let memory = generation.memory_bytes() as u64;
            generation.each_user(&mut |user, rows| {
                let shown = shown_user(user);
                let at = shares.partition_point(|share| {
                    let to = share.users.to.as_deref();
                    to.is_some_and(|to| to <= shown)
                });
                if let Some(share) = shares.get_mut(at) {
                    share.rows += rows;
                    share.bytes += part_of(memory, rows, all);
                }
            });
        }
        Ok(shares)
    }

    /// Users of every run and generation, in no order.
    fn samples(&self, parts: usize) -> Result<Vec<Sample>> {
        let mut samples = Vec::new();
        let generations = self.version.generations.iter();
        let generations: Vec<_> = generations.filter(|hot| hot.rows() > 0).collect();
        let several = self.version.runs.len() + generations.len() > 1;
        let count = parts as u64 * if several { SAMPLES } else { 1 };
        for run in &self.version.runs {
            sample_run(run, count, &mut samples)?;
        }
        for generation in generations {
            let least = SAMPLED_USERS.saturating_mul(parts);
            let sampled = generation.some_users(least);
            let known: u64 = sampled.iter().map(|(_, rows)| rows).sum();
            samples.extend(sampled.into_iter().map(|(user, rows)| Sample {
                rows: part_of(generation.rows(), rows, known),
                user: shown_user(&user).to_owned(),
            }));
        }
        Ok(samples)
    }
}

/// The users of so many rows of a run, which lie equally far from each other.
fn sample_run(run: &Run, count: u64, samples: &mut Vec<Sample>) -> Result<()> {
    let rows = run.rows();
    let row_of = |nth: u64| part_of(rows, nth, count);
    for nth in 0..count {
        let (row, next) = (row_of(nth), row_of(nth + 1));
        if row == next {
            continue;
        }
        if let Some(user) = run.user_at(row)? {
            samples.push(Sample {
                user: shown_user(&user).to_owned(),
                rows: next - row,
            });
        }
    }
    Ok(())
}

/// The first users of all ranges but the first, each once, in order.
fn borders(mut samples: Vec<Sample>, parts: u64) -> Vec<String> {
    samples.sort_by(|a, b| a.user.cmp(&b.user));
    let all: u64 = samples.iter().map(|sample| sample.rows).sum();
    let first = samples.first().map(|sample| sample.user.clone());
    let (mut borders, mut before, mut part) = (Vec::new(), 0, 1);
    for sample in samples {
        if part < parts && before >= part_of(all, part, parts) {
            while part < parts && before >= part_of(all, part, parts) {
                part += 1;
            }
            borders.push(sample.user);
        }
        before += sample.rows;
    }
    borders.dedup();
    // Nobody is before the first user.
    if borders.first() == first.as_ref() && first.is_some() {
        borders.remove(0);
    }
    borders
}

/// That part of `whole` which `some` is of `all`.
fn part_of(whole: u64, some: u64, all: u64) -> u64 {
    let part = u128::from(whole) * u128::from(some) / u128::from(all.max(1));
    u64::try_from(part).unwrap_or(u64::MAX)
}
