//! Which rows a scan may pass over, by what is known of the values of each span of rows (FORMAT.md section 5.9).

use std::ops::Range;

use super::column_reader::ColumnReader;
use super::reader::{Segment, Selection};
use crate::column::{NumberColumn, Strings};
use crate::model::{DataType, Error, Result, Test, TierQuery, ordered_word};
use crate::segment::format::{Located, SPAN, StatisticsHandle, StreamHandle, ValuesHandle};
use crate::text::TextRoom;

/// The spans that may have rows that are asked for; those behind the last one known may, too.
pub(in crate::segment) struct Kept {
    first: usize,
    kept: Vec<bool>,
}

/// What is known of one span.
pub(super) struct SpanValues {
    pub(in crate::segment) nulls: u64,
    pub(in crate::segment) rows: u64,
    /// The codes that occur, a bit each; all of them where nothing is known.
    pub(in crate::segment) set: u64,
    /// No value lies outside of these.
    pub(in crate::segment) bounds: [u64; 2],
}

impl SpanValues {
    /// Whether this is what is known of rows with these codes, with a set where there `is_set`.
    pub(super) fn is_of_codes(&self, is_set: bool, codes: &[u64]) -> bool {
        let nulls = codes.iter().filter(|code| **code == 0).count() as u64;
        let bit = |code: &u64| {
            let index = code.checked_sub(1);
            index.map_or(0, |index| 1_u64.checked_shl(index as u32).unwrap_or(0))
        };
        let set = codes.iter().fold(0, |set, code| set | bit(code));
        nulls == self.nulls && (!is_set || set == self.set)
    }

    /// Whether this may be known of rows with these numbers.
    pub(super) fn is_of_numbers(&self, data_type: DataType, numbers: &NumberColumn) -> bool {
        let [low, high] = self.bounds;
        let rows = 0..numbers.bits.len();
        let mut found = rows.clone().filter_map(|row| numbers.get(row));
        let nulls = rows.len() - found.clone().count();
        nulls as u64 == self.nulls
            && found.all(|word| (low..=high).contains(&ordered_word(data_type, word)))
    }
}

impl Kept {
    /// Whether the rows from `row` on are kept, and up to where the same goes for all of them; at most up to `end`.
    pub(in crate::segment) fn stretch(&self, row: usize, end: usize) -> (bool, usize) {
        let known = (row / SPAN).checked_sub(self.first);
        let mut spans = known
            .and_then(|at| self.kept.get(at..))
            .unwrap_or_default()
            .iter();
        let Some(is_kept) = spans.next() else {
            return (true, end);
        };
        let alike = spans.take_while(|kept| *kept == is_kept).count();
        (*is_kept, end.min((row / SPAN + 1 + alike) * SPAN))
    }
}

impl Segment {
    /// The spans of these rows that may have rows that match a query.
    ///
    /// # Errors
    /// `Corruption` when statistics that it needs are damaged.
    pub(super) fn kept_spans(&self, rows: Range<usize>, query: &TierQuery) -> Result<Kept> {
        let spans = rows.start / SPAN..rows.end.div_ceil(SPAN);
        let mut kept = Vec::new();
        if !query.event_types.is_empty() || !query.hints.is_empty() {
            kept.resize(spans.len(), true);
        }
        if let Some((_, wanted)) = self.wanted_types(&query.event_types)? {
            let set = set_of(wanted.into_iter().skip(1));
            match self.event_type {
                Some(field) => self.narrow(&spans, field, &mut kept, |span| span.set & set != 0)?,
                None => kept.fill(false),
            }
        }
        for hint in &query.hints {
            let set = self.set_of_passing(hint.field, &hint.test)?;
            self.narrow(&spans, hint.field, &mut kept, |span| match &hint.test {
                Test::Null => span.nulls > 0,
                test => {
                    let [low, high] = span.bounds;
                    span.nulls < span.rows && span.set & set != 0 && test.meets(low, high)
                }
            })?;
        }
        Ok(Kept {
            first: spans.start,
            kept,
        })
    }

    /// Lets go of spans of which `may` says that no value of a field passes.
    fn narrow(
        &self,
        spans: &Range<usize>,
        field: usize,
        kept: &mut [bool],
        may: impl Fn(&SpanValues) -> bool,
    ) -> Result<()> {
        let values = match (self.columns.get(field), self.statistics.get(field)) {
            (Some(ColumnReader::Missing), _) => {
                let rows = SPAN as u64;
                let span = SpanValues {
                    nulls: rows,
                    rows,
                    set: 0,
                    bounds: [1, 0],
                };
                let all = may(&span);
                kept.iter_mut().for_each(|kept| *kept &= all);
                return Ok(());
            }
            (_, Some(Some(statistics))) => self.span_values(statistics, spans)?,
            _ => return Ok(()),
        };
        for (kept, span) in kept.iter_mut().zip(values) {
            *kept &= may(&span);
        }
        Ok(())
    }

    /// What is known of the spans of a column.
    pub(super) fn span_values(
        &self,
        statistics: &StatisticsHandle,
        spans: &Range<usize>,
    ) -> Result<Vec<SpanValues>> {
        let nulls = self.read_statistic(&statistics.nulls, spans)?;
        let rows = |span: usize| SPAN.min(self.rows().saturating_sub(span * SPAN)) as u64;
        let mut values: Vec<SpanValues> = spans
            .clone()
            .zip(nulls)
            .map(|(span, nulls)| SpanValues {
                nulls,
                rows: rows(span),
                set: u64::MAX,
                bounds: [0, u64::MAX],
            })
            .collect();
        match &statistics.values {
            ValuesHandle::Unknown => {}
            ValuesHandle::Sets(sets) => {
                let sets = self.read_statistic(sets, spans)?;
                for (span, set) in values.iter_mut().zip(sets) {
                    span.set = set;
                }
            }
            ValuesHandle::Bounds(bounds) => {
                let [low, high] = &**bounds;
                let (low, high) = (
                    self.read_statistic(low, spans)?,
                    self.read_statistic(high, spans)?,
                );
                for (span, (low, high)) in values.iter_mut().zip(low.into_iter().zip(high)) {
                    span.bounds = [low, high];
                }
            }
        }
        let is_possible = |span: &SpanValues| {
            let [low, high] = span.bounds;
            span.nulls <= span.rows && low <= high && (span.set != 0 || span.nulls == span.rows)
        };
        match values.iter().all(is_possible) {
            true => Ok(values),
            false => Err(Error::corrupt(format!(
                "{}: statistics that no rows can have; run `annals verify`",
                self.name()
            ))),
        }
    }

    fn read_statistic(&self, stream: &StreamHandle, spans: &Range<usize>) -> Result<Vec<u64>> {
        let located = Located::open(stream, &self.pages)?;
        let mut values = Vec::new();
        self.read(&located, &Selection::Range(spans.clone()), &mut values)?;
        Ok(values)
    }

    /// The entries of a field's dictionary that pass, a bit each; all where it has no sets.
    fn set_of_passing(&self, field: usize, test: &Test) -> Result<u64> {
        let statistics = self.statistics.get(field).and_then(Option::as_ref);
        let values = statistics.map(|statistics| &statistics.values);
        match (self.columns.get(field), values) {
            (Some(ColumnReader::Strings { dictionary, .. }), Some(ValuesHandle::Sets(_))) => {
                let mut room = TextRoom::default();
                let entries = 0..dictionary.len();
                let passes = entries
                    .map(|index| Ok(test.takes_text(dictionary.bytes_at(index, &mut room)?)));
                Ok(set_of(passes.collect::<Result<Vec<_>>>()?.into_iter()))
            }
            _ => Ok(u64::MAX),
        }
    }
}

/// A bit for each flag; all where there are more than bits.
fn set_of(flags: impl ExactSizeIterator<Item = bool>) -> u64 {
    match flags.len() <= u64::BITS as usize {
        true => (0..)
            .zip(flags)
            .fold(0, |set, (bit, flag)| set | u64::from(flag) << bit),
        false => u64::MAX,
    }
}
