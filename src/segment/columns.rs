//! How each kind of column becomes codes: strings and numbers ranked by frequency.

use super::format::{ColumnFooter, StringsHandle};
use super::numbers::write_numbers;
use super::writer::{Output, SharedStrings, codes_of};
use crate::codec::encode_lists;
use crate::types::{Column, Columns, Dictionary, Error, ListColumn, Result, Strings, index_of};

/// New codes for old ones, by falling frequency, and the dictionary in that order.
struct Ranks {
    /// By old code; 0 where the old code does not occur (and for null).
    new_codes: Vec<u32>,
    dictionary: Dictionary,
}

impl Ranks {
    /// Ranks the codes that `counts` (by code; 0 is null and left out) says occur.
    fn of(counts: &[u64], strings: &dyn Strings) -> Result<Self> {
        let mut order: Vec<u32> = (1..counts.len() as u32)
            .filter(|code| counts.get(*code as usize).is_some_and(|count| *count > 0))
            .collect();
        order.sort_by_key(|code| std::cmp::Reverse(counts.get(*code as usize).copied()));
        let mut new_codes = vec![0; counts.len()];
        let mut dictionary = Dictionary::default();
        for code in order {
            let new = dictionary.push(strings.get(code)?)?;
            if let Some(slot) = new_codes.get_mut(code as usize) {
                *slot = new;
            }
        }
        Ok(Self {
            new_codes,
            dictionary,
        })
    }

    fn map(&self, codes: &[u32]) -> Vec<u32> {
        codes
            .iter()
            .map(|code| self.new_codes.get(*code as usize).copied().unwrap_or(0))
            .collect()
    }
}

fn count(counts: &mut [u64], codes: &[u32]) -> Result<()> {
    let len = counts.len();
    for code in codes {
        let slot = counts.get_mut(*code as usize);
        *slot.ok_or_else(|| outside(*code, len))? += 1;
    }
    Ok(())
}

fn outside(code: u32, len: usize) -> Error {
    index_of(code, len.saturating_sub(1))
        .err()
        .unwrap_or_else(|| Error::corrupt("a code outside its dictionary"))
}

/// The ranks of the items, which their column and the impressions share.
pub(super) struct ItemRanks(Ranks);

impl ItemRanks {
    pub(super) fn of(columns: &Columns, item: usize) -> Result<Self> {
        let strings = columns.dictionaries.get(item).and_then(Option::as_ref);
        let strings = strings.ok_or_else(|| Error::invalid("a segment needs its items"))?;
        let mut counts = vec![0; strings.len() + 1];
        for (field, column) in columns.fields.iter().enumerate() {
            match column {
                Column::Strings(codes) if field == item => count(&mut counts, codes)?,
                Column::Lists(lists) => count(&mut counts, &lists.items)?,
                _ => {}
            }
        }
        Ok(Self(Ranks::of(&counts, &**strings)?))
    }

    pub(super) fn write(&self, column: &Column, out: &mut Output) -> Result<ColumnFooter> {
        write_strings(codes_of(column), &self.0, true, out)
    }

    fn lists(&self, lists: &ListColumn) -> ListColumn {
        ListColumn {
            ends: lists.ends.clone(),
            items: self.0.map(&lists.items),
        }
    }
}

/// Writes the column of any field but the item.
pub(super) fn encode_column(
    column: &Column,
    dictionary: Option<&SharedStrings>,
    items: &ItemRanks,
    rows: usize,
    out: &mut Output,
) -> Result<ColumnFooter> {
    match column {
        Column::Absent => Ok(ColumnFooter::Absent),
        Column::Strings(codes) => {
            let strings = dictionary
                .ok_or_else(|| Error::invalid("a string column without its dictionary"))?;
            let mut counts = vec![0; strings.len() + 1];
            count(&mut counts, codes)?;
            write_strings(codes, &Ranks::of(&counts, &**strings)?, false, out)
        }
        Column::Numbers(numbers) => write_numbers(numbers, out),
        Column::Lists(lists) => write_lists(&items.lists(lists), rows, out),
    }
}

fn write_strings(
    codes: &[u32],
    ranks: &Ranks,
    hashed: bool,
    out: &mut Output,
) -> Result<ColumnFooter> {
    let dictionary: StringsHandle = out.strings(&ranks.dictionary, hashed)?;
    Ok(ColumnFooter::Strings {
        codes: out.stream(&ranks.map(codes))?,
        dictionary,
    })
}

fn write_lists(lists: &ListColumn, rows: usize, out: &mut Output) -> Result<ColumnFooter> {
    let mut streams: [Vec<u8>; 4] = Default::default();
    let [a, b, c, d] = &mut streams;
    let encoding = encode_lists(lists, rows, [a, b, c, d])?;
    let [a, b, c, d] = &streams;
    Ok(ColumnFooter::Lists {
        handles: [out.region(a), out.region(b), out.region(c), out.region(d)],
        encoding,
    })
}
