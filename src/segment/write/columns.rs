//! How each kind of column becomes codes: strings and numbers ranked by frequency.

use super::input::{CodesInput, FieldInput, ListsInput, SegmentInput, SharedStrings};
use super::item_order::{ItemOrder, by_frequency};
use super::mapped::write_mapped;
use super::numbers::write_numbers;
use super::parallel::run_side_by_side;
use crate::codec::{ListEncoder, Word};
use crate::column::{Dictionary, Strings, no_such_code};
use crate::model::{DataType, Error, Result};
use crate::segment::format::{ColumnFooter, OfStrings, Output, Statistics, StringsHandle};

/// New codes for old ones, by falling frequency, and the dictionary in that order.
struct Ranks {
    /// By old code; 0 where the old code does not occur (and for null).
    new_codes: Vec<u32>,
    dictionary: Dictionary,
}

impl Ranks {
    /// Ranks the codes that `counts` (by code; 0 is null and left out) says occur.
    fn of(counts: &[u64], strings: &dyn Strings) -> Result<Self> {
        Self::in_order(&by_frequency(counts, |_| true), counts.len(), strings)
    }

    /// Ranks codes, of which there are so many, in this order.
    fn in_order(order: &[u32], codes: usize, strings: &dyn Strings) -> Result<Self> {
        let mut new_codes = vec![0; codes];
        let mut dictionary = Dictionary::default();
        for code in order {
            let new = dictionary.push(strings.get(*code)?)?;
            let slot = new_codes.get_mut(*code as usize);
            *slot.ok_or_else(|| no_such_code(*code, codes.saturating_sub(1)))? = new;
        }
        Ok(Self {
            new_codes,
            dictionary,
        })
    }

    /// The new codes in a width that holds them.
    fn codes<T: Word>(&self) -> Vec<T> {
        let new_codes = self.new_codes.iter();
        new_codes.map(|code| T::of((*code).into())).collect()
    }
}

/// The ranks of the items, which their column and the impressions share.
pub(super) struct ItemRanks {
    ranks: Ranks,
    pub(in crate::segment) order: ItemOrder,
}

impl ItemRanks {
    /// Counts the items of the rows, field by field on `threads` threads, and ranks them: in the order
    /// of the segment before where that costs no more than a little.
    pub(in crate::segment) fn of(
        input: &SegmentInput<'_>,
        item: usize,
        threads: usize,
        before: Option<&ItemOrder>,
    ) -> Result<Self> {
        let strings = input.dictionaries.get(item).and_then(Option::as_ref);
        let strings = strings
            .ok_or_else(|| Error::internal("a segment without the dictionary of its items"))?;
        let fields = input.fields.iter().enumerate();
        let fields =
            fields.filter(|(id, field)| *id == item || matches!(field, FieldInput::Lists(_)));
        let jobs = fields.map(|(_, field)| {
            (field.size(), move || {
                let mut counts = vec![0; strings.len() + 1];
                field.count(&mut counts)?;
                Ok(counts)
            })
        });
        let mut sums = vec![0; strings.len() + 1];
        for counts in run_side_by_side(threads, jobs.collect()) {
            for (sum, count) in sums.iter_mut().zip(counts?) {
                *sum += count;
            }
        }
        let order = ItemOrder::of(&sums, strings, before);
        Ok(Self {
            ranks: Ranks::in_order(&order.codes, sums.len(), &**strings)?,
            order,
        })
    }
}

/// Writes the column of any field, and gives its statistics, where it has any.
pub(super) fn encode_column(
    field: FieldInput<'_>,
    data_type: DataType,
    dictionary: Option<&SharedStrings>,
    items: &ItemRanks,
    is_item: bool,
    out: &mut Output,
) -> Result<(ColumnFooter, Option<Statistics>)> {
    let (column, statistics) = match field {
        FieldInput::Strings(codes) if is_item => write_strings(codes, &items.ranks, true, out)?,
        FieldInput::Strings(codes) => {
            let strings = dictionary
                .ok_or_else(|| Error::internal("a string column without its dictionary"))?;
            let mut counts = vec![0; strings.len() + 1];
            codes.count(&mut counts)?;
            write_strings(codes, &Ranks::of(&counts, &**strings)?, false, out)?
        }
        FieldInput::Numbers(numbers) => write_numbers(data_type, numbers, out)?,
        FieldInput::Absent => return Ok((ColumnFooter::Absent, None)),
        FieldInput::Lists(lists) if items.ranks.dictionary.len() <= u16::MAX.into() => {
            return Ok((write_lists::<u16>(lists, &items.ranks, out)?, None));
        }
        FieldInput::Lists(lists) => {
            return Ok((write_lists::<u32>(lists, &items.ranks, out)?, None));
        }
    };
    Ok((column, Some(statistics)))
}

fn write_strings(
    codes: CodesInput<'_>,
    ranks: &Ranks,
    hashed: bool,
    out: &mut Output,
) -> Result<(ColumnFooter, Statistics)> {
    let dictionary: StringsHandle = out.strings(&ranks.dictionary, hashed)?;
    let gather = OfStrings(dictionary.count);
    let (codes, statistics) = write_mapped(codes, &ranks.codes(), &gather, out)?;
    Ok((ColumnFooter::Strings { codes, dictionary }, statistics))
}

fn write_lists<T: Word>(
    lists: ListsInput<'_>,
    ranks: &Ranks,
    out: &mut Output,
) -> Result<ColumnFooter> {
    let mut encoder = ListEncoder::<T>::default();
    lists.for_each(&ranks.codes(), |list| encoder.push(list));
    let mut streams: [Vec<u8>; 4] = Default::default();
    let [a, b, c, d] = &mut streams;
    let encoding = encoder.finish([a, b, c, d])?;
    Ok(ColumnFooter::Lists {
        handles: streams.map(|stream| out.region(&stream)),
        encoding,
    })
}
