//! The order of rows that come from several places.

use std::cmp::Reverse;
use std::ops::Range;

use super::part::HistoryPart;
use crate::model::TierQuery;

/// Rows of one part that follow each other in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) part: usize,
    /// The first row and how many there are, as they lie in the part: oldest first.
    first: usize,
    len: usize,
    /// Rows that stand before it in the order.
    pub(super) before: usize,
}

impl Stretch {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The rows before it and its own.
    pub(super) fn end(&self) -> usize {
        self.before + self.len
    }

    /// Its rows, oldest first.
    pub(super) fn rows(&self) -> Range<usize> {
        self.first..self.first + self.len
    }

    /// Its row at a position below its length, in the order.
    pub(super) fn row(&self, nth: usize, newest: bool) -> usize {
        match newest {
            true => self.first + self.len - 1 - nth,
            false => self.first + nth,
        }
    }
}

/// The stretch that holds a position of the order.
pub(super) fn place_of(order: &[Stretch], position: usize) -> Option<&Stretch> {
    order.get(order.partition_point(|stretch| stretch.end() <= position))
}

/// The next row of a part to be taken, and how many rows are left with it.
pub(super) struct Head {
    rank: Rank,
    left: usize,
}

/// Timestamp and sequence number, and the part, newest data first: what orders rows.
type Rank = (i64, u64, Reverse<usize>);

/// Merges the rows of all parts, each of which is in order, up to the limit. The parts come newest
/// data first, which decides between rows of one time and commit.
///
/// Parts overlap little in time, so rows are taken by runs: as many of one part as come before
/// the next row of any other.
pub(super) fn merge(
    parts: &[HistoryPart],
    query: &TierQuery,
    heads: &mut Vec<Head>,
    order: &mut Vec<Stretch>,
) {
    let newest = query.newest;
    if let [part] = parts {
        let stretch = all_of(part, query);
        return order.extend((stretch.len > 0).then_some(stretch));
    }
    let rank = |index: usize, left: usize| -> Rank {
        let key = parts.get(index).map(|part| part.key_of(left, newest));
        let (at, sequence) = key.unwrap_or_default();
        (at, sequence, Reverse(index))
    };
    let before = |a: Rank, b: Rank| if newest { a > b } else { a < b };
    heads.clear();
    heads.extend(parts.iter().enumerate().map(|(index, part)| {
        let left = part.columns.rows();
        Head {
            rank: rank(index, left),
            left,
        }
    }));
    let mut before_it = 0;
    while before_it < query.limit {
        let (mut first, mut second): (Option<Rank>, Option<Rank>) = (None, None);
        for head in heads.iter().filter(|head| head.left > 0) {
            if first.is_none_or(|first| before(head.rank, first)) {
                second = first.replace(head.rank);
            } else if second.is_none_or(|second| before(head.rank, second)) {
                second = Some(head.rank);
            }
        }
        let Some((_, _, Reverse(index))) = first else {
            return;
        };
        let (Some(part), Some(head)) = (parts.get(index), heads.get_mut(index)) else {
            return;
        };
        let wanted = head.left.min(query.limit - before_it);
        let run = match second {
            Some(second) => run_before(wanted, |taken| {
                before(rank(index, head.left - taken), second)
            }),
            None => wanted,
        };
        order.push(Stretch {
            part: index,
            first: match newest {
                true => head.left - run,
                false => part.columns.rows() - head.left,
            },
            len: run,
            before: before_it,
        });
        before_it += run;
        head.left -= run;
        head.rank = rank(index, head.left);
    }
}

/// The rows of the only part that there is, up to the limit.
fn all_of(part: &HistoryPart, query: &TierQuery) -> Stretch {
    let rows = part.columns.rows();
    let len = rows.min(query.limit);
    Stretch {
        part: 0,
        first: if query.newest { rows - len } else { 0 },
        len,
        before: 0,
    }
}

/// How many of the first `wanted` rows come before another part's; the first does. Cost: one look
/// when all do, else two for each doubling.
fn run_before(wanted: usize, is_before: impl Fn(usize) -> bool) -> usize {
    if wanted <= 1 || is_before(wanted - 1) {
        return wanted;
    }
    let (mut inside, mut outside) = (0, wanted - 1);
    while outside - inside > 1 {
        let middle = inside.midpoint(outside);
        match is_before(middle) {
            true => inside = middle,
            false => outside = middle,
        }
    }
    outside
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::column::Columns;
    use crate::model::{Limits, Schema};

    /// Parts of rows (timestamp, sequence), each in order.
    fn parts() -> impl Strategy<Value = Vec<Vec<(i64, u64)>>> {
        let rows = proptest::collection::vec((0_i64..30, 0_u64..3), 0..40);
        proptest::collection::vec(rows, 0..5).prop_map(|mut parts| {
            parts.iter_mut().for_each(|rows| rows.sort_unstable());
            parts
        })
    }

    proptest! {
        #[test]
        fn rows_come_as_a_sort_gives_them(
            given in parts(), limit in 0_usize..120, newest in any::<bool>(),
        ) {
            let schema = Schema::parse(annals_generate::SCHEMA, &Limits::unlimited()).unwrap();
            let columns = |rows: &Vec<(i64, u64)>| {
                let mut columns = Columns::for_schema(&schema);
                columns.timestamps = rows.iter().map(|row| row.0).collect();
                columns.sequences = rows.iter().map(|row| row.1).collect();
                HistoryPart::new(columns)
            };
            let query = TierQuery { limit, newest, ..TierQuery::everything(&schema) };
            let filled: Vec<HistoryPart> = given.iter().map(columns).collect();
            let mut order = Vec::new();
            merge(&filled, &query, &mut Vec::new(), &mut order);
            let rows = order.iter().flat_map(|stretch| {
                (0..stretch.len()).map(|nth| (stretch.part as u32, stretch.row(nth, newest) as u32))
            });
            let rows: Vec<_> = rows.collect();
            for (position, (part, row)) in rows.iter().enumerate() {
                let stretch = place_of(&order, position).unwrap();
                prop_assert_eq!(stretch.part as u32, *part);
                prop_assert_eq!(stretch.row(position - stretch.before, newest) as u32, *row);
            }
            prop_assert_eq!(place_of(&order, rows.len()), None);
            prop_assert_eq!(order.is_empty(), rows.is_empty());

            // Of equal keys those of an older part, which stands further back, come first.
            let mut want: Vec<_> = (0_u32..)
                .zip(&given)
                .flat_map(|(part, rows)| (0_u32..).zip(rows).map(move |(row, key)| (*key, Reverse(part), row)))
                .collect();
            want.sort_unstable();
            if newest {
                want.reverse();
            }
            let want: Vec<_> = want.iter().take(limit).map(|(_, part, row)| (part.0, *row)).collect();
            prop_assert_eq!(rows, want);
        }
    }
}
