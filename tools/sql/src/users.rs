//! Sets of users, as ranges of their ids.

use std::cmp::Ordering;

use annals::query::UserRange;

/// The least character that ids are made of: none holds U+0000.
const LEAST: char = '\u{1}';

/// Users, as ranges that are sorted by id and do not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserSet(Vec<UserRange>);

impl UserSet {
    pub(crate) fn all() -> Self {
        Self(vec![UserRange::default()])
    }

    pub(crate) fn of(range: UserRange) -> Self {
        Self(vec![range])
    }

    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// One user.
    pub(crate) fn one(id: &str) -> Self {
        // No user's id holds U+0000, or is empty.
        if id.is_empty() || id.contains('\0') {
            return Self::none();
        }
        Self(vec![UserRange::default().from(id).to(after(id))])
    }

    /// The users whose ids are at least `id`, or those above it.
    pub(crate) fn from(id: &str, inclusive: bool) -> Self {
        let from = Some(bound(id, inclusive));
        Self(vec![UserRange::new(from, None)])
    }

    /// The users whose ids are less than `id`, or up to it.
    pub(crate) fn upto(id: &str, inclusive: bool) -> Self {
        let to = Some(bound(id, !inclusive));
        Self(vec![UserRange::new(None, to)])
    }

    pub(crate) fn is_all(&self) -> bool {
        matches!(self.0.as_slice(), [range] if *range == UserRange::default())
    }

    pub(crate) fn ranges(&self) -> &[UserRange] {
        &self.0
    }

    /// How many single users it is, where it is nothing else.
    pub(crate) fn points(&self) -> Option<usize> {
        let all = self.0.iter().all(|range| point(range).is_some());
        all.then_some(self.0.len())
    }

    /// Without the single users of whom `keep` says no; ranges of several stay.
    pub(crate) fn with_points(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|range| point(range).is_none_or(&keep));
        Self(kept.cloned().collect())
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let from = a.from.as_ref().max(b.from.as_ref());
            let to = least_end(a.to.as_ref(), b.to.as_ref());
            if !is_empty(from, to) {
                both.push(UserRange::new(from.cloned(), to.cloned()));
            }
            match compare_ends(a.to.as_ref(), b.to.as_ref()) {
                Ordering::Less => left.next(),
                _ => right.next(),
            };
        }
        Self(both)
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        let mut ranges: Vec<UserRange> = self.0.iter().chain(&other.0).cloned().collect();
        ranges.sort_by(|a, b| a.from.cmp(&b.from));
        let mut merged: Vec<UserRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last) if meets(last, &range) => {
                    if compare_ends(last.to.as_ref(), range.to.as_ref()) == Ordering::Less {
                        last.to = range.to;
                    }
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }
}

/// The user of a range that holds no other.
fn point(range: &UserRange) -> Option<&str> {
    let (from, to) = (range.from.as_deref()?, range.to.as_deref()?);
    (to.strip_prefix(from) == Some("\u{1}")).then_some(from)
}

/// The least id above `id`.
fn after(id: &str) -> String {
    let mut after = String::with_capacity(id.len() + 1);
    after.push_str(id);
    after.push(LEAST);
    after
}

/// The bound below which exactly the ids less than `id` stand, or those up to it.
fn bound(id: &str, inclusive: bool) -> String {
    match id.split_once('\0') {
        // Nothing stands between what comes before U+0000 and the whole.
        Some((before, _)) => after(before),
        None if inclusive => id.to_owned(),
        None => after(id),
    }
}

/// Compares ends of ranges, of which none is the greatest.
fn compare_ends(a: Option<&String>, b: Option<&String>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.cmp(b),
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Greater,
        (_, None) => Ordering::Less,
    }
}

fn least_end<'a>(a: Option<&'a String>, b: Option<&'a String>) -> Option<&'a String> {
    match compare_ends(a, b) {
        Ordering::Less => a,
        _ => b,
    }
}

fn is_empty(from: Option<&String>, to: Option<&String>) -> bool {
    matches!((from, to), (Some(from), Some(to)) if from >= to)
}

/// Whether `next`, which begins no earlier, leaves no gap behind `last`.
fn meets(last: &UserRange, next: &UserRange) -> bool {
    match (&last.to, &next.from) {
        (Some(end), Some(begin)) => begin <= end,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [&str; 9] = [
        "a",
        "a\u{1}",
        "a\u{1}\u{1}",
        "aa",
        "ab",
        "b",
        "ba",
        "c",
        "é",
    ];

    fn members(set: &UserSet) -> Vec<&'static str> {
        let inside = |id: &&str| set.ranges().iter().any(|range| range.contains(id));
        IDS.into_iter().filter(inside).collect()
    }

    /// The sets that a comparison with `id` gives, with what the comparison says.
    fn comparisons(id: &str) -> Vec<(UserSet, Vec<&'static str>)> {
        let holding = |rule: &dyn Fn(&str) -> bool| {
            let ids = IDS.into_iter().filter(|other| rule(other));
            ids.collect::<Vec<_>>()
        };
        vec![
            (UserSet::one(id), holding(&|other| other == id)),
            (UserSet::from(id, true), holding(&|other| other >= id)),
            (UserSet::from(id, false), holding(&|other| other > id)),
            (UserSet::upto(id, true), holding(&|other| other <= id)),
            (UserSet::upto(id, false), holding(&|other| other < id)),
        ]
    }

    #[test]
    fn sets_hold_what_the_comparisons_say() {
        let bounds = IDS.into_iter().chain(["", "a\0", "a\0z", "zz"]);
        let sets: Vec<_> = bounds.flat_map(comparisons).collect();
        for (set, ids) in &sets {
            assert_eq!(members(set), *ids, "{set:?}");
        }
        for (a, of_a) in &sets {
            for (b, of_b) in &sets {
                let both: Vec<_> = of_a
                    .iter()
                    .filter(|id| of_b.contains(id))
                    .copied()
                    .collect();
                assert_eq!(members(&a.intersection(b)), both, "{a:?} and {b:?}");
                let any = |id: &&str| of_a.contains(id) || of_b.contains(id);
                let either: Vec<_> = IDS.into_iter().filter(any).collect();
                let union = a.union(b);
                assert_eq!(members(&union), either, "{a:?} or {b:?}");
                let apart = union.ranges().windows(2).all(|pair| match pair {
                    [a, b] => a.to.is_some() && a.to < b.from,
                    _ => false,
                });
                assert!(apart, "{union:?}");
            }
        }
    }

    #[test]
    fn single_users_are_counted() {
        assert_eq!(
            UserSet::one("a").union(&UserSet::one("b")).points(),
            Some(2)
        );
        assert_eq!(UserSet::from("a", true).points(), None);
        assert_eq!(UserSet::all().points(), None);
        assert!(UserSet::all().is_all());
        assert_eq!(UserSet::none().points(), Some(0));
        let some = UserSet::one("a").union(&UserSet::from("c", true));
        assert_eq!(some.with_points(|_| false), UserSet::from("c", true));
        assert_eq!(some.with_points(|id| id == "a"), some);
    }
}
