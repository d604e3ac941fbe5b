//! What the planner is told of sizes.

use annals::columns::FieldId;
use annals::{Schema, Store};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};

use crate::pushdown::Wanted;

/// Figures about stores, for estimates. None of them is exact: rows that were deleted are counted until they
/// are purged, and a user in several segments several times.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Estimates {
    rows: u64,
    users: u64,
    span: Option<(i64, i64)>,
}

impl Estimates {
    /// Cost: the footers of the segments, which are in memory.
    pub(crate) fn of(stores: &[&Store]) -> Self {
        let mut all = Self::default();
        for store in stores {
            for segment in store.segments() {
                let [first, last] = segment.timestamps;
                all.add(segment.rows, segment.users, Some((first, last)));
            }
            for generation in store.generations() {
                all.add(generation.rows, 0, generation.timestamps);
            }
        }
        all
    }

    fn add(&mut self, rows: u64, users: u64, span: Option<(i64, i64)>) {
        self.rows += rows;
        self.users += users;
        self.span = match (self.span, span) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (known, new) => known.or(new),
        };
    }

    /// The statistics of a scan of `fields`.
    pub(crate) fn statistics(
        &self,
        schema: &Schema,
        out: &SchemaRef,
        fields: &[FieldId],
        wanted: &Wanted,
    ) -> Statistics {
        let mut statistics = Statistics::new_unknown(out);
        statistics.num_rows = Precision::Inexact(self.rows_of(wanted) as usize);
        for (field, column) in fields.iter().zip(&mut statistics.column_statistics) {
            if schema
                .fields()
                .get(*field)
                .is_some_and(|field| !field.is_nullable())
            {
                column.null_count = Precision::Exact(0);
            }
            if *field == schema.timestamp() {
                self.add_span(column);
            }
            if *field == schema.user() && self.users > 0 {
                let users = wanted
                    .users
                    .points()
                    .map_or(self.users, |points| points as u64);
                column.distinct_count = Precision::Inexact(users as usize);
            }
        }
        statistics
    }

    /// The rows asked for: as many of each user, and as many in each second.
    fn rows_of(&self, wanted: &Wanted) -> u64 {
        let of_users = match wanted.users.points() {
            Some(points) => self.rows as f64 / self.users.max(1) as f64 * points as f64,
            None => self.rows as f64,
        };
        let part = self.span.map_or(1.0, |(first, last)| {
            let since = wanted.time.since.max(first) as f64;
            let until = wanted.time.until.map_or(last, |until| until.min(last)) as f64;
            let whole = last as f64 - first as f64;
            if whole > 0.0 {
                ((until - since) / whole).clamp(0.0, 1.0)
            } else {
                1.0
            }
        });
        (of_users * part).ceil() as u64
    }

    fn add_span(&self, column: &mut ColumnStatistics) {
        if let Some((first, last)) = self.span {
            column.min_value = Precision::Inexact(ScalarValue::Int64(Some(first)));
            column.max_value = Precision::Inexact(ScalarValue::Int64(Some(last)));
        }
    }

    /// One of `parts` partitions of about as many rows.
    pub(crate) fn part(mut whole: Statistics, parts: usize) -> Statistics {
        let rows = whole.num_rows.get_value().copied().unwrap_or_default();
        whole.num_rows = Precision::Inexact(rows.div_ceil(parts.max(1)));
        whole
    }
}
