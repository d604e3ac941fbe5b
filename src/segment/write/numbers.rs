//! Writes numbers as codes: of a table of the distinct ones, or of steps from the lowest.

use std::cmp::Reverse;

use super::input::{CodesInput, NumbersInput, numbers_in_order};
use super::mapped::write_mapped;
use crate::column::{DistinctNumbers, NarrowNumbers, NumberColumn, no_such_code};
use crate::model::{DataType, Result};
use crate::segment::format::{ColumnFooter, Gather, NumberTable, OfNumbers, Output, Statistics};

/// Writes a column of numbers of a type. Code 0 is null.
pub(super) fn write_numbers(
    data_type: DataType,
    numbers: NumbersInput<'_>,
    out: &mut Output,
) -> Result<(ColumnFooter, Statistics)> {
    match numbers {
        NumbersInput::Sorted(numbers) => write_bits(data_type, numbers, out),
        NumbersInput::Ordered(NarrowNumbers::Many(bits, valid), order) => {
            write_bits(data_type, &numbers_in_order(bits, valid, order), out)
        }
        NumbersInput::Ordered(NarrowNumbers::Distinct(distinct, codes), order) => write_codes(
            data_type,
            &distinct,
            CodesInput::Ordered(codes, order),
            order.len(),
            out,
        ),
    }
}

/// Writes numbers that are not codes yet.
fn write_bits(
    data_type: DataType,
    numbers: &NumberColumn,
    out: &mut Output,
) -> Result<(ColumnFooter, Statistics)> {
    let rows = 0..numbers.bits.len();
    let values = || rows.clone().filter_map(|row| numbers.get(row));
    let min = values().min().unwrap_or(0);
    let range = values().max().unwrap_or(0) - min;
    let mut distinct = DistinctNumbers::default();
    let mut codes = Vec::new();
    // Distances that do not all fit 64 bits beside null need a table, however long.
    let most = match range {
        u64::MAX => usize::MAX,
        _ => DistinctNumbers::MAX,
    };
    if distinct.codes_of(numbers, most, &mut codes) {
        let codes = CodesInput::Sorted(&codes);
        return write_codes(data_type, &distinct, codes, rows.len(), out);
    }
    drop(codes);
    let step = common_divisor(values().map(|bits| bits - min));
    let codes: Vec<u64> = rows
        .clone()
        .map(|row| numbers.get(row).map_or(0, |bits| (bits - min) / step + 1))
        .collect();
    let column = ColumnFooter::Numbers {
        table: NumberTable::Linear { min, step },
        codes: out.stream(&codes)?,
    };
    Ok((column, linear(data_type, min, step).gather(&codes)))
}

/// What each code of steps from the lowest stands for.
fn linear(data_type: DataType, min: u64, step: u64) -> OfNumbers<impl Fn(u64) -> u64> {
    OfNumbers(data_type, move |code: u64| {
        min.wrapping_add(code.wrapping_sub(1).wrapping_mul(step))
    })
}

/// Writes numbers that have codes: with a table of them, the most frequent first, where that makes the
/// codes narrower than distances from the lowest, or where those and null do not all fit 64 bits.
fn write_codes(
    data_type: DataType,
    distinct: &DistinctNumbers,
    codes: CodesInput<'_>,
    rows: usize,
    out: &mut Output,
) -> Result<(ColumnFooter, Statistics)> {
    let values = distinct.values();
    let min = values.iter().min().copied().unwrap_or(0);
    let range = values.iter().max().copied().unwrap_or(0) - min;
    let range_bits = u64::BITS - range.leading_zeros();
    let code_bits = usize::BITS - values.len().leading_zeros();
    let saved = rows as u64 * u64::from(range_bits.saturating_sub(code_bits));
    let mut new_codes = vec![0; values.len() + 1];
    if range < u64::MAX && saved <= values.len() as u64 * 64 {
        let step = common_divisor(values.iter().map(|bits| bits - min));
        let above = new_codes.iter_mut().skip(1);
        above
            .zip(values)
            .for_each(|(code, bits)| *code = (bits - min) / step + 1);
        let gather = linear(data_type, min, step);
        let (codes, statistics) = write_mapped(codes, &new_codes, &gather, out)?;
        let table = NumberTable::Linear { min, step };
        return Ok((ColumnFooter::Numbers { codes, table }, statistics));
    }
    let mut counts = vec![0; values.len() + 1];
    codes.count(&mut counts)?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|index| (Reverse(counts.get(index + 1)), values.get(*index)));
    let mut words = Vec::with_capacity(order.len());
    for (rank, index) in (1..).zip(order) {
        let place = values.get(index).zip(new_codes.get_mut(index + 1));
        let (bits, code) = place.ok_or_else(|| no_such_code(index as u32 + 1, values.len()))?;
        words.push(*bits);
        *code = rank;
    }
    let table: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let table = NumberTable::Distinct(out.region(&table));
    let word = |code: u64| {
        let index = code.wrapping_sub(1) as usize;
        words.get(index).copied().unwrap_or_default()
    };
    let gather = OfNumbers(data_type, word);
    let (codes, statistics) = write_mapped(codes, &new_codes, &gather, out)?;
    Ok((ColumnFooter::Numbers { codes, table }, statistics))
}

/// The greatest number that divides all `distances`; 1 when there is none above.
pub(super) fn common_divisor(distances: impl Iterator<Item = u64>) -> u64 {
    let mut divisor = 0;
    for distance in distances {
        let (mut a, mut b) = (divisor, distance);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        divisor = a;
        if divisor == 1 {
            break;
        }
    }
    divisor.max(1)
}
