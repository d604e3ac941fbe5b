//! Rows in the order of their partitions, with the results of window functions.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::{concat, partition};
use datafusion::arrow::datatypes::{Int64Type, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::window::WindowExpr;
use datafusion::physical_plan::metrics::BaselineMetrics;
use futures::StreamExt;

use super::function::Function;
use crate::failure::internal;

/// What is computed.
pub(super) struct Computed {
    pub(super) partition_by: Vec<Arc<dyn PhysicalExpr>>,
    /// What frames are bounded by, where any is by values.
    pub(super) order_by: Option<Arc<dyn PhysicalExpr>>,
    pub(super) functions: Vec<(Arc<dyn WindowExpr>, Function)>,
    /// Of the input, and of a column for each function behind it.
    pub(super) schema: SchemaRef,
}

/// Reads batches, and gives each row once its partition is complete. Rows of one partition alone are held.
pub(super) struct Rows {
    pub(super) computed: Arc<Computed>,
    pub(super) input: SendableRecordBatchStream,
    pub(super) held: Held,
    pub(super) ready: VecDeque<RecordBatch>,
    pub(super) metrics: BaselineMetrics,
}

/// Rows of the last partition, which may go on.
pub(super) struct Held {
    pieces: Vec<Piece>,
    /// Of the partition.
    key: Vec<ScalarValue>,
    memory: MemoryReservation,
}

/// Rows of a batch, and what was evaluated for them.
struct Piece {
    batch: RecordBatch,
    order: Option<ArrayRef>,
    /// For each function.
    args: Vec<Vec<ArrayRef>>,
}

impl Held {
    pub(super) fn new(memory: MemoryReservation) -> Self {
        Self {
            pieces: Vec::new(),
            key: Vec::new(),
            memory,
        }
    }

    fn take(&mut self) -> Vec<Piece> {
        self.memory.free();
        std::mem::take(&mut self.pieces)
    }

    /// # Errors
    /// `ResourcesExhausted` where the partition takes more memory than queries may.
    fn put(&mut self, piece: Piece) -> Result<()> {
        self.memory.try_grow(piece.batch.get_array_memory_size())?;
        self.pieces.push(piece);
        Ok(())
    }
}

impl Piece {
    fn slice(&self, rows: &Range<usize>) -> Self {
        let cut = |array: &ArrayRef| array.slice(rows.start, rows.len());
        Self {
            batch: self.batch.slice(rows.start, rows.len()),
            order: self.order.as_ref().map(cut),
            args: self
                .args
                .iter()
                .map(|args| args.iter().map(cut).collect())
                .collect(),
        }
    }
}

impl Rows {
    /// The next batch; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                self.metrics.record_output(batch.num_rows());
                return Ok(Some(batch));
            }
            let next = self.input.next().await.transpose()?;
            let time = self.metrics.elapsed_compute().clone();
            let _timer = time.timer();
            match next {
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) => self.add(batch)?,
                None if self.held.pieces.is_empty() => return Ok(None),
                None => {
                    let pieces = self.held.take();
                    let rows = pieces.iter().map(|piece| piece.batch.num_rows()).sum();
                    self.give(&pieces, &[0..rows])?;
                }
            }
        }
    }

    fn add(&mut self, batch: RecordBatch) -> Result<()> {
        let computed = self.computed.clone();
        let rows = batch.num_rows();
        let array = |expr: &Arc<dyn PhysicalExpr>| expr.evaluate(&batch)?.into_array(rows);
        let keys: Vec<ArrayRef> = computed
            .partition_by
            .iter()
            .map(array)
            .collect::<Result<_>>()?;
        let args = computed.functions.iter();
        let args = args.map(|(expr, _)| expr.evaluate_args(&batch));
        let piece = Piece {
            order: computed.order_by.as_ref().map(array).transpose()?,
            args: args.collect::<Result<_>>()?,
            batch: batch.clone(),
        };
        let ranges = partition(&keys)?.ranges();
        let last = ranges.last().cloned().unwrap_or(0..rows);
        let key = |row: usize| -> Result<Vec<ScalarValue>> {
            let values = keys.iter();
            let values = values.map(|array| ScalarValue::try_from_array(array, row));
            values.collect()
        };
        let goes_on = !self.held.pieces.is_empty() && key(0)? == self.held.key;
        if goes_on && last.start == 0 {
            return self.held.put(piece);
        }
        // All but the last partition are complete.
        let mut pieces = self.held.take();
        let before: usize = pieces.iter().map(|piece| piece.batch.num_rows()).sum();
        let mut partitions = Vec::with_capacity(ranges.len());
        if before > 0 {
            partitions.push(0..before);
        }
        for (at, range) in ranges.iter().enumerate() {
            if range.start == last.start {
                break;
            }
            match partitions.last_mut() {
                Some(held) if at == 0 && goes_on => held.end = before + range.end,
                _ => partitions.push(before + range.start..before + range.end),
            }
        }
        if last.start > 0 {
            pieces.push(piece.slice(&(0..last.start)));
        }
        self.give(&pieces, &partitions)?;
        self.held.key = key(last.start)?;
        self.held.put(piece.slice(&last))
    }

    /// Makes what is given ready: rows of whole partitions.
    fn give(&mut self, pieces: &[Piece], partitions: &[Range<usize>]) -> Result<()> {
        if pieces.is_empty() {
            return Ok(());
        }
        let orders: Vec<&ArrayRef> = pieces.iter().flat_map(|piece| &piece.order).collect();
        let order = match orders.is_empty() {
            true => None,
            false => Some(joined(&orders)?),
        };
        let order: &[i64] = match &order {
            Some(values) => values
                .as_primitive_opt::<Int64Type>()
                .ok_or_else(|| internal("an order of another type than planned"))?
                .values(),
            None => &[],
        };
        let mut results = Vec::with_capacity(self.computed.functions.len());
        for (at, (_, function)) in self.computed.functions.iter().enumerate() {
            let of = |piece: &Piece| piece.args.get(at).map_or(0, Vec::len);
            let args = (0..pieces.first().map_or(0, of)).map(|arg| {
                let each = pieces.iter();
                let each = each.filter_map(|piece| piece.args.get(at)?.get(arg));
                joined(&each.collect::<Vec<_>>())
            });
            let args: Vec<ArrayRef> = args.collect::<Result<_>>()?;
            results.push(function.evaluate(&args, partitions, order)?);
        }
        let mut start = 0;
        for piece in pieces {
            let rows = piece.batch.num_rows();
            let columns = piece.batch.columns().iter().cloned();
            let results = results.iter().map(|array| array.slice(start, rows));
            let columns = columns.chain(results).collect();
            let batch = RecordBatch::try_new(self.computed.schema.clone(), columns)?;
            self.ready.push_back(batch);
            start += rows;
        }
        Ok(())
    }
}

fn joined(arrays: &[&ArrayRef]) -> Result<ArrayRef> {
    match arrays {
        [one] => Ok((*one).clone()),
        all => {
            let all: Vec<&dyn Array> = all.iter().map(|array| &***array).collect();
            Ok(concat(&all)?)
        }
    }
}
