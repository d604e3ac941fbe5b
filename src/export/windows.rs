//! What of a user's interactions is the history of one of them, and the check that it tells nothing of
//! what came later.

use std::ops::Range;

use super::layout::{Examples, SameSecond};
use crate::model::{Error, Result};

/// Interactions of one user, oldest first, in the order of a scan.
#[derive(Clone, Copy)]
pub(super) struct Timeline<'a> {
    pub(super) user: &'a str,
    pub(super) times: &'a [i64],
    /// The commit of each; empty where not needed.
    pub(super) sequences: &'a [u64],
}

impl Timeline<'_> {
    /// How many are before a second: a binary search, since all of a user's interactions may be of one.
    fn before(&self, second: i64) -> usize {
        self.times.partition_point(|at| *at < second)
    }
}

/// The histories of the interactions of one user.
#[derive(Default)]
pub(super) struct Windows {
    /// Positions in the timeline, history behind history.
    pub(super) members: Vec<u32>,
    /// Each target, and where its history lies in `members`.
    pub(super) targets: Vec<(u32, Range<usize>)>,
    known: LeastCommits,
}

impl Windows {
    /// Forgets the targets of an earlier timeline.
    pub(super) fn begin<'a>(&'a mut self, timeline: Timeline<'a>, examples: &Examples) {
        self.clear();
        if examples.as_known {
            self.known.build(timeline.sequences);
        }
    }

    pub(super) fn clear(&mut self) {
        self.members.clear();
        self.targets.clear();
    }

    /// Adds the history of the target at a position, where it is long enough. Cost: the history, and with
    /// `as_known` the logarithm of the timeline for each of its members.
    pub(super) fn add(&mut self, timeline: Timeline<'_>, target: usize, examples: &Examples) {
        let most = usize::try_from(examples.history).unwrap_or(usize::MAX);
        let start = self.members.len();
        let second = timeline.times.get(target).copied().unwrap_or(i64::MIN);
        let (end, skipped) = match examples.same_second {
            SameSecond::LeaveOut => (timeline.before(second), None),
            SameSecond::Arrived => (target, None),
            SameSecond::All => (timeline.before(second.saturating_add(1)), Some(target)),
        };
        if !examples.as_known && skipped.is_none() {
            // The newest before it follow each other.
            let first = end.saturating_sub(most);
            self.members.extend(first as u32..end as u32);
            self.close(start, target, examples);
            return;
        }
        let mut before = end;
        while self.members.len() - start < most {
            let found = match examples.as_known {
                false => before.checked_sub(1),
                true => {
                    let upto = timeline.sequences.get(target).copied().unwrap_or(0);
                    self.known.last_before(before, upto)
                }
            };
            let Some(found) = found else { break };
            before = found;
            if Some(found) != skipped {
                self.members.push(found as u32);
            }
        }
        if let Some(added) = self.members.get_mut(start..) {
            added.reverse();
        }
        self.close(start, target, examples);
    }

    /// Ends the history that begins at `start`.
    fn close(&mut self, start: usize, target: usize, examples: &Examples) {
        if ((self.members.len() - start) as u64) < examples.min_history {
            self.members.truncate(start);
            return;
        }
        let range = start..self.members.len();
        self.targets.push((target as u32, range));
    }

    /// Checks each history against the timeline itself, whatever made it.
    ///
    /// # Errors
    /// `InvalidInput` for a history that holds what came at or after its target: at all times, what is of
    /// a later second, of the same one but behind the target, or the target; unless events of the same
    /// second were asked for, also what is of the same second; where they have to be known, what arrived
    /// with a later commit.
    pub(super) fn guard(&self, timeline: Timeline<'_>, examples: &Examples) -> Result<()> {
        for (target, members) in &self.targets {
            let time = timeline.times.get(*target as usize).copied();
            let time = time.ok_or_else(out_of_timeline)?;
            for member in self
                .members
                .get(members.clone())
                .ok_or_else(out_of_timeline)?
            {
                let at = timeline.times.get(*member as usize).copied();
                let at = at.ok_or_else(out_of_timeline)?;
                let is_before = match examples.same_second {
                    SameSecond::LeaveOut => at < time,
                    SameSecond::Arrived | SameSecond::All => {
                        at < time || at == time && member < target
                    }
                };
                if !is_before {
                    return Err(leak(timeline.user, time, at, "is not before it"));
                }
                if examples.as_known {
                    let sequence = |row: u32| timeline.sequences.get(row as usize).copied();
                    let (own, other) = (sequence(*target), sequence(*member));
                    let (own, other) = own.zip(other).ok_or_else(out_of_timeline)?;
                    if other > own {
                        let what = format!("arrived after it (commit {other}, its own is {own})");
                        return Err(leak(timeline.user, time, at, &what));
                    }
                }
            }
        }
        Ok(())
    }
}

#[cold]
fn leak(user: &str, time: i64, at: i64, what: &str) -> Error {
    Error::invalid(format!(
        "leak: user {user:?}: the history of the interaction at {time} holds one at {at}, which {what}; nothing is \
         written: leave events of the same second out, or take those alone that arrived before (same_second, \
         --same-second leave-out|arrived)"
    ))
}

fn out_of_timeline() -> Error {
    Error::internal("a history beyond its user's interactions")
}

/// Finds the last interaction before a position that had arrived with some commit or earlier: a tree of
/// the least commit of each range.
#[derive(Default)]
struct LeastCommits {
    /// The leaves begin at `size`; the least of two siblings is at their parent.
    least: Vec<u64>,
    size: usize,
}

impl LeastCommits {
    fn build(&mut self, sequences: &[u64]) {
        self.size = sequences.len().next_power_of_two().max(1);
        self.least.clear();
        self.least.resize(self.size, u64::MAX);
        self.least.extend_from_slice(sequences);
        self.least.resize(self.size * 2, u64::MAX);
        for node in (1..self.size).rev() {
            let least = self.at(node * 2).min(self.at(node * 2 + 1));
            if let Some(slot) = self.least.get_mut(node) {
                *slot = least;
            }
        }
    }

    fn at(&self, node: usize) -> u64 {
        self.least.get(node).copied().unwrap_or(u64::MAX)
    }

    /// The last position before `end` whose commit is `upto` or lower.
    fn last_before(&self, end: usize, upto: u64) -> Option<usize> {
        // Up from the leaf at `end`, until a left sibling has one; then down to its last.
        let mut node = self.size + end;
        if end >= self.size {
            if self.at(1) > upto {
                return None;
            }
            node = 1;
        } else {
            loop {
                if node <= 1 {
                    return None;
                }
                if node % 2 == 1 && self.at(node - 1) <= upto {
                    node -= 1;
                    break;
                }
                node /= 2;
            }
        }
        while node < self.size {
            node = match self.at(node * 2 + 1) <= upto {
                true => node * 2 + 1,
                false => node * 2,
            };
        }
        Some(node - self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(times: &[i64], sequences: &[u64], examples: &Examples) -> (Windows, Result<()>) {
        let timeline = Timeline {
            user: "ada",
            times,
            sequences,
        };
        let mut windows = Windows::default();
        windows.begin(timeline, examples);
        for target in 0..times.len() {
            windows.add(timeline, target, examples);
        }
        let guarded = windows.guard(timeline, examples);
        (windows, guarded)
    }

    fn histories(windows: &Windows) -> Vec<Vec<u32>> {
        let targets = windows.targets.iter();
        targets
            .map(|(_, range)| windows.members[range.clone()].to_vec())
            .collect()
    }

    #[test]
    fn the_same_second_is_treated_as_asked() {
        let times = [30, 60, 60, 60];
        let with = |same_second| Examples {
            same_second,
            ..Examples::default()
        };
        let (made, guarded) = windows(&times, &[], &with(SameSecond::LeaveOut));
        assert_eq!(histories(&made), [vec![], vec![0], vec![0], vec![0]]);
        guarded.unwrap();
        let (made, guarded) = windows(&times, &[], &with(SameSecond::Arrived));
        assert_eq!(
            histories(&made),
            [vec![], vec![0], vec![0, 1], vec![0, 1, 2]]
        );
        guarded.unwrap();
        let (made, guarded) = windows(&times, &[], &with(SameSecond::All));
        assert_eq!(histories(&made)[2], [0, 1, 3]);
        let error = guarded.unwrap_err();
        assert!(error.message().starts_with("leak: user \"ada\""), "{error}");
    }

    #[test]
    fn what_arrived_later_is_not_known() {
        let examples = Examples {
            as_known: true,
            history: 2,
            ..Examples::default()
        };
        let sequences = [5, 1, 9, 2, 4, 9];
        let (made, guarded) = windows(&[1, 2, 3, 4, 5, 6], &sequences, &examples);
        guarded.unwrap();
        assert_eq!(
            histories(&made),
            [vec![], vec![], vec![0, 1], vec![1], vec![1, 3], vec![3, 4]]
        );
    }

    /// The guard looks at the histories themselves: one that a fault put in is found.
    #[test]
    fn the_guard_finds_what_a_fault_put_in() {
        let examples = Examples {
            as_known: true,
            ..Examples::default()
        };
        let timeline = Timeline {
            user: "ada",
            times: &[1, 2, 3],
            sequences: &[1, 7, 3],
        };
        let mut faulty = Windows {
            members: vec![0, 1],
            targets: vec![(2, 0..2)],
            ..Windows::default()
        };
        let error = faulty.guard(timeline, &examples).unwrap_err();
        assert!(
            error.message().contains("arrived after it (commit 7"),
            "{error}"
        );
        faulty.members = vec![2];
        faulty.targets = vec![(1, 0..1)];
        let error = faulty.guard(timeline, &examples).unwrap_err();
        assert!(error.message().contains("is not before it"), "{error}");
    }

    #[test]
    fn the_last_known_is_found_as_a_search_finds_it() {
        let mut state = 7u64;
        for len in 0..40usize {
            let sequences: Vec<u64> = (0..len)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    state >> 60
                })
                .collect();
            let mut known = LeastCommits::default();
            known.build(&sequences);
            for end in 0..=len {
                for upto in 0..16 {
                    let want = (0..end).rev().find(|at| sequences[*at] <= upto);
                    assert_eq!(known.last_before(end, upto), want);
                }
            }
        }
    }
}
