//! What a segment is written from: rows in order, or rows with the order that they are to take.
//!
//! A column that is not in order is put there as it is encoded, and let go: two forms of a column
//! are in memory only while a thread works on it.

use std::sync::Arc;

use super::order::RowOrder;
use crate::codec::Word;
use crate::column::{
    Codes, Column, Columns, ListColumn, NarrowColumn, NarrowLists, NarrowNumbers, NarrowRows,
    NumberColumn, Paged, Strings, Timestamps, no_such_code, with_pages,
};
use crate::model::{Error, Result};

/// The dictionary of a column, as the columns carry it.
pub(super) type SharedStrings = Arc<dyn Strings>;

/// Rows on their way into a segment.
pub struct SegmentInput<'a> {
    pub(in crate::segment) rows: usize,
    pub(super) users: UsersInput<'a>,
    pub(in crate::segment) timestamps: TimestampsInput<'a>,
    /// Empty where all rows are of one commit that has no number yet.
    pub(in crate::segment) sequences: &'a [u64],
    pub(in crate::segment) fields: Vec<FieldInput<'a>>,
    pub(in crate::segment) dictionaries: &'a [Option<SharedStrings>],
}

/// The users of the rows.
pub(in crate::segment) enum UsersInput<'a> {
    /// A code a row.
    Codes(&'a [u32], Option<&'a Arc<dyn Strings>>),
    /// The codes of the users in order, and where the rows of each end.
    Ends(&'a OrderedUsers, Option<&'a Arc<dyn Strings>>),
}

impl UsersInput<'_> {
    /// How many rows they have.
    fn len(&self) -> usize {
        match self {
            Self::Codes(codes, _) => codes.len(),
            Self::Ends(users, _) => users.ends.last().map_or(0, |end| *end as usize),
        }
    }
}

/// Users in the order of their ids.
#[derive(Default)]
pub struct OrderedUsers {
    /// Their codes.
    pub codes: Vec<u32>,
    /// Where the rows of each end.
    pub ends: Vec<u32>,
}

impl SegmentInput<'_> {
    /// Checks once that every column has all rows: what is missing would be written as nulls and zeros.
    ///
    /// # Errors
    /// `Internal` when one has not.
    pub(in crate::segment) fn check(&self) -> Result<()> {
        let whole = self.users.len() == self.rows
            && self.timestamps.len() == self.rows
            && [0, self.rows].contains(&self.sequences.len())
            && self.fields.iter().all(|field| field.has_rows(self.rows));
        match whole {
            true => Ok(()),
            false => Err(Error::internal(
                "columns of different lengths for a segment",
            )),
        }
    }
}

impl<'a> From<&'a Columns> for SegmentInput<'a> {
    /// Rows that are sorted by user id, timestamp and arrival.
    fn from(columns: &'a Columns) -> Self {
        Self {
            rows: columns.rows(),
            users: UsersInput::Codes(&columns.users, columns.user_ids.as_ref()),
            timestamps: TimestampsInput::Sorted(&columns.timestamps),
            sequences: &columns.sequences,
            fields: columns.fields.iter().map(FieldInput::of_sorted).collect(),
            dictionaries: &columns.dictionaries,
        }
    }
}

/// Rows in narrow columns with the order they are to take: by user id, timestamp and arrival.
pub struct Ordered {
    pub(crate) rows: NarrowRows,
    pub(crate) order: RowOrder,
    pub(crate) users: OrderedUsers,
    /// In that order; empty where all rows are of one commit that has no number yet.
    pub(crate) sequences: Vec<u64>,
}

impl Ordered {
    /// What a segment of them is written from; the columns are taken out.
    pub fn input(&mut self) -> SegmentInput<'_> {
        let rows = self.rows.len();
        let order = &self.order;
        let fields = std::mem::take(&mut self.rows.fields).into_iter();
        let timestamps = std::mem::take(&mut self.rows.timestamps);
        SegmentInput {
            rows,
            users: UsersInput::Ends(&self.users, self.rows.user_ids.as_ref()),
            timestamps: TimestampsInput::Ordered(timestamps, order),
            sequences: &self.sequences,
            fields: fields
                .map(|column| FieldInput::of_ordered(column, order))
                .collect(),
            dictionaries: &self.rows.dictionaries,
        }
    }
}

/// The column of one field.
pub(in crate::segment) enum FieldInput<'a> {
    Absent,
    Strings(CodesInput<'a>),
    Numbers(NumbersInput<'a>),
    Lists(ListsInput<'a>),
}

impl<'a> FieldInput<'a> {
    fn of_sorted(column: &'a Column) -> Self {
        match column {
            Column::Absent => Self::Absent,
            Column::Strings(codes) => Self::Strings(CodesInput::Sorted(codes)),
            Column::Numbers(numbers) => Self::Numbers(NumbersInput::Sorted(numbers)),
            Column::Lists(lists) => Self::Lists(ListsInput::Sorted(lists)),
        }
    }

    fn of_ordered(column: NarrowColumn, order: &'a RowOrder) -> Self {
        match column {
            NarrowColumn::Absent => Self::Absent,
            NarrowColumn::Strings(codes) => Self::Strings(CodesInput::Ordered(codes, order)),
            NarrowColumn::Numbers(numbers) => Self::Numbers(NumbersInput::Ordered(numbers, order)),
            NarrowColumn::Lists(lists) => Self::Lists(ListsInput::Ordered(lists, order)),
        }
    }

    /// Whether it has a value or a null for each row.
    fn has_rows(&self, rows: usize) -> bool {
        match self {
            Self::Absent => true,
            Self::Strings(codes) => codes.len() == rows,
            Self::Numbers(numbers) => numbers.has_rows(rows),
            Self::Lists(lists) => lists.has_rows(rows),
        }
    }

    /// About how much there is to do.
    pub(in crate::segment) fn size(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::Strings(codes) => codes.len(),
            Self::Numbers(NumbersInput::Sorted(numbers)) => numbers.bits.len(),
            Self::Numbers(NumbersInput::Ordered(_, order)) => order.len(),
            Self::Lists(ListsInput::Sorted(lists)) => lists.ends.len() + lists.items.len(),
            Self::Lists(ListsInput::Ordered(lists, order)) => order.len() + lists.items.len(),
        }
    }

    /// Counts the codes of strings, items of lists included, by code.
    pub(in crate::segment) fn count(&self, counts: &mut [u64]) -> Result<()> {
        match self {
            Self::Strings(codes) => codes.count(counts),
            Self::Lists(ListsInput::Sorted(lists)) => count(counts, &lists.items),
            Self::Lists(ListsInput::Ordered(lists, _)) => count_pages(counts, &lists.items),
            _ => Ok(()),
        }
    }
}

/// Codes of strings.
pub(in crate::segment) enum CodesInput<'a> {
    Sorted(&'a [u32]),
    Ordered(Codes, &'a RowOrder),
}

impl CodesInput<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Sorted(codes) => codes.len(),
            Self::Ordered(codes, _) => codes.len(),
        }
    }

    /// Counts the codes, by code.
    ///
    /// # Errors
    /// `Internal` when one is beyond the counts.
    pub(in crate::segment) fn count(&self, counts: &mut [u64]) -> Result<()> {
        match self {
            Self::Sorted(codes) => count(counts, codes),
            Self::Ordered(codes, _) => count_pages(counts, codes),
        }
    }

    /// Checks once, before they are looked up one by one, that all codes are below `end`.
    ///
    /// # Errors
    /// `Internal` when one is not.
    pub(super) fn check_below(&self, end: usize) -> Result<()> {
        let most = match self {
            Self::Sorted(codes) => codes.iter().max().map(|code| code.wide()),
            Self::Ordered(codes, _) => with_pages!(codes, pages => {
                pages.pages().flatten().max().map(|code| code.wide())
            }),
        };
        match most {
            Some(code) if code >= end as u64 => Err(outside(code, end)),
            _ => Ok(()),
        }
    }

    /// The new code of each, in order. All codes must have one (see [`CodesInput::check_below`]).
    pub(in crate::segment) fn mapped<T: Word>(self, new: &[T]) -> Vec<T> {
        let code = |code: usize| new.get(code).copied().unwrap_or_default();
        match self {
            Self::Sorted(codes) => codes.iter().map(|old| code(*old as usize)).collect(),
            Self::Ordered(codes, order) => with_pages!(codes, pages => {
                order.apply(pages, |old| code(old as usize))
            }),
        }
    }
}

fn count_pages(counts: &mut [u64], codes: &Codes) -> Result<()> {
    with_pages!(codes, pages => pages.pages().try_for_each(|page| count(counts, page)))
}

/// Counts codes. Neighbours are counted apart: an addition to the same place waits for the one before.
fn count<T: Word>(counts: &mut [u64], codes: &[T]) -> Result<()> {
    let len = counts.len();
    for code in codes {
        let code = code.wide();
        let slot = counts.get_mut(code as usize);
        *slot.ok_or_else(|| outside(code, len))? += 1;
    }
    Ok(())
}

fn outside(code: u64, len: usize) -> Error {
    no_such_code(code as u32, len.saturating_sub(1))
}

/// Numbers.
pub(in crate::segment) enum NumbersInput<'a> {
    Sorted(&'a NumberColumn),
    Ordered(NarrowNumbers, &'a RowOrder),
}

impl NumbersInput<'_> {
    fn has_rows(&self, rows: usize) -> bool {
        match self {
            Self::Sorted(NumberColumn { bits, valid }) => {
                bits.len() == rows && [0, rows].contains(&valid.len())
            }
            Self::Ordered(NarrowNumbers::Distinct(_, codes), _) => codes.len() == rows,
            Self::Ordered(NarrowNumbers::Many(bits, valid), _) => {
                bits.len() == rows && valid.len() == rows
            }
        }
    }
}

/// Bits that are not codes yet, in order.
pub(super) fn numbers_in_order(
    bits: Paged<u64>,
    valid: Paged<bool>,
    order: &RowOrder,
) -> NumberColumn {
    let all = valid.pages().flatten().all(|valid| *valid);
    NumberColumn {
        bits: order.apply(bits, |bits| bits),
        valid: match all {
            true => Vec::new(),
            false => order.apply(valid, |valid| valid),
        },
    }
}

/// Timestamps.
pub(in crate::segment) enum TimestampsInput<'a> {
    Sorted(&'a [i64]),
    Ordered(Timestamps, &'a RowOrder),
}

impl TimestampsInput<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Sorted(timestamps) => timestamps.len(),
            Self::Ordered(timestamps, _) => timestamps.len(),
        }
    }

    /// All of them, in any order.
    pub(in crate::segment) fn iter(&self) -> Box<dyn Iterator<Item = i64> + '_> {
        match self {
            Self::Sorted(timestamps) => Box::new(timestamps.iter().copied()),
            Self::Ordered(timestamps, _) => timestamps.iter(),
        }
    }

    /// The least and the greatest.
    pub(in crate::segment) fn bounds(&self) -> Option<[i64; 2]> {
        match self {
            Self::Sorted(timestamps) => bounds(timestamps.iter().copied()),
            Self::Ordered(Timestamps::Near { first, distances }, _) => {
                let bounds = bounds(distances.pages().flatten().copied())?;
                Some(bounds.map(|distance| first.wrapping_add(distance.into())))
            }
            Self::Ordered(Timestamps::Far(timestamps), _) => {
                bounds(timestamps.pages().flatten().copied())
            }
        }
    }

    /// What `code` makes of each, in order.
    pub(in crate::segment) fn mapped<T: Word>(self, code: impl Fn(i64) -> T) -> Vec<T> {
        match self {
            Self::Sorted(timestamps) => timestamps.iter().map(|at| code(*at)).collect(),
            Self::Ordered(Timestamps::Near { first, distances }, order) => order
                .apply(distances, |distance| {
                    code(first.wrapping_add(distance.into()))
                }),
            Self::Ordered(Timestamps::Far(timestamps), order) => order.apply(timestamps, code),
        }
    }
}

/// Whether the ends rise, up to this one.
fn reach<'a>(mut ends: impl Iterator<Item = &'a u32>, last: usize) -> bool {
    let mut before = 0;
    let rise = ends.all(|end| std::mem::replace(&mut before, *end) <= *end);
    rise && before as usize == last
}

/// Lists of item codes.
pub(in crate::segment) enum ListsInput<'a> {
    Sorted(&'a ListColumn),
    Ordered(NarrowLists, &'a RowOrder),
}

impl ListsInput<'_> {
    /// Whether there is a list or a null for each row, list behind list.
    fn has_rows(&self, rows: usize) -> bool {
        match self {
            Self::Sorted(ListColumn { ends, items }) => {
                ends.len() == rows && reach(ends.iter(), items.len())
            }
            Self::Ordered(NarrowLists { ends, items }, _) => {
                ends.len() == rows && reach(ends.pages().flatten(), items.len())
            }
        }
    }

    /// Gives each list, its items mapped, in order; an empty one is null.
    pub(in crate::segment) fn for_each<T: Word>(self, new: &[T], mut each: impl FnMut(&[T])) {
        let code = |code: usize| new.get(code).copied().unwrap_or_default();
        let mut list = Vec::new();
        match self {
            Self::Sorted(lists) => {
                for row in 0..lists.ends.len() {
                    list.clear();
                    list.extend(lists.get(row).iter().map(|item| code(*item as usize)));
                    each(&list);
                }
            }
            Self::Ordered(NarrowLists { ends, items }, order) => with_pages!(items, items => {
                order.for_each_list(ends, items, |items| {
                    list.clear();
                    list.extend(items.iter().map(|item| code(*item as usize)));
                    each(&list);
                });
            }),
        }
    }
}

/// The least and the greatest; `None` of none.
pub(in crate::segment) fn bounds<T: Copy + Ord>(
    mut values: impl Iterator<Item = T>,
) -> Option<[T; 2]> {
    let first = values.next()?;
    Some(values.fold([first; 2], |[min, max], value| {
        [min.min(value), max.max(value)]
    }))
}
