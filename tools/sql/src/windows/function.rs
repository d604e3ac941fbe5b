//! Window functions over whole partitions.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt64Array};
use datafusion::arrow::compute::kernels::window::shift;
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{DataType, Int64Type, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_expr::window::{
    PlainAggregateWindowExpr, SlidingAggregateWindowExpr, StandardWindowExpr, WindowExpr,
};
use datafusion::physical_plan::windows::WindowUDFExpr;

use super::frame::{Frame, Windows};
use crate::failure::internal;

/// A function that is computed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    RowNumber,
    /// The value so many rows before, or behind where negative; null beyond the partition.
    Shifted(i64),
    /// Values that are not null.
    Count(Frame),
    /// Of whole numbers.
    Sum(Frame),
    /// Of whole numbers, over windows that begin with the partition.
    Least(Frame),
    Greatest(Frame),
}

/// Rows by which values are shifted here at most.
const MOST_SHIFTED: i64 = 64;

impl Function {
    /// `None` for what has to be left to DataFusion.
    pub(super) fn of(expr: &dyn WindowExpr, input: &Schema) -> Option<Self> {
        let any = expr.as_any();
        if let Some(standard) = any.downcast_ref::<StandardWindowExpr>() {
            let function = standard.get_standard_func_expr().as_any();
            return Self::standard(function.downcast_ref()?, input);
        }
        let aggregate = match any.downcast_ref::<PlainAggregateWindowExpr>() {
            Some(plain) => plain.get_aggregate_expr(),
            None => any
                .downcast_ref::<SlidingAggregateWindowExpr>()?
                .get_aggregate_expr(),
        };
        if has_filter(expr, aggregate) {
            return None;
        }
        let frame = Frame::of(expr.get_window_frame(), expr.order_by(), input)?;
        Self::aggregate(aggregate, frame, input)
    }

    fn aggregate(aggregate: &AggregateFunctionExpr, frame: Frame, input: &Schema) -> Option<Self> {
        let expressions = aggregate.expressions();
        let [value] = expressions.as_slice() else {
            return None;
        };
        if aggregate.is_distinct() || !aggregate.order_bys().is_empty() {
            return None;
        }
        let is_whole = value.data_type(input).ok()? == DataType::Int64
            && *aggregate.field().data_type() == DataType::Int64;
        match aggregate.fun().name() {
            "count" => Some(Self::Count(frame)),
            "sum" if is_whole => Some(Self::Sum(frame)),
            "min" if is_whole && frame.begins_with_partition() => Some(Self::Least(frame)),
            "max" if is_whole && frame.begins_with_partition() => Some(Self::Greatest(frame)),
            _ => None,
        }
    }

    fn standard(function: &WindowUDFExpr, input: &Schema) -> Option<Self> {
        let back = match function.fun().name() {
            "row_number" => return Some(Self::RowNumber),
            "lag" => 1,
            "lead" => -1,
            _ => return None,
        };
        let (value, rows) = match function.args() {
            [value] => (value, 1),
            [value, rows] => match rows.downcast_ref::<Literal>()?.value() {
                ScalarValue::Int64(Some(rows)) => (value, *rows),
                _ => return None,
            },
            _ => return None,
        };
        if !(0..=MOST_SHIFTED).contains(&rows) {
            return None;
        }
        let kind = value.data_type(input).ok()?;
        shifts(function, &kind, back * rows).then_some(Self::Shifted(back * rows))
    }

    /// Whether it is told what rows are ordered by.
    pub(super) fn is_by_value(self) -> bool {
        match self {
            Self::RowNumber | Self::Shifted(_) => false,
            Self::Count(frame) | Self::Sum(frame) | Self::Least(frame) | Self::Greatest(frame) => {
                frame.is_by_value()
            }
        }
    }

    /// The results for all rows of the partitions.
    ///
    /// # Errors
    /// Those of Arrow; an internal one for arguments of other types than the planner was told.
    pub(super) fn evaluate(
        self,
        args: &[ArrayRef],
        partitions: &[Range<usize>],
        order: &[i64],
    ) -> Result<ArrayRef> {
        match self {
            Self::RowNumber => {
                let numbers = partitions.iter().flat_map(|rows| 1..=rows.len() as u64);
                Ok(Arc::new(UInt64Array::from_iter_values(numbers)))
            }
            Self::Shifted(rows) => {
                let sources: UInt64Array = partitions
                    .iter()
                    .flat_map(|partition| shifted(partition.clone(), rows))
                    .collect();
                Ok(take(argument(args)?, &sources, None)?)
            }
            Self::Count(frame) => {
                let counts = counts(argument(args)?);
                let windows = windows(frame, partitions, order);
                let each = windows
                    .each()
                    .map(|(start, end)| Ok(before(&counts, end)? - before(&counts, start)?));
                Ok(Arc::new(Int64Array::from(
                    each.collect::<Result<Vec<_>>>()?,
                )))
            }
            Self::Sum(frame) => {
                let values = whole(args)?;
                let (counts, sums) = (counts(values), sums(values));
                let windows = windows(frame, partitions, order);
                let each = windows.each().map(|(start, end)| {
                    let some = before(&counts, end)? > before(&counts, start)?;
                    let sum = before(&sums, end)?.wrapping_sub(before(&sums, start)?);
                    Ok(some.then_some(sum))
                });
                Ok(Arc::new(each.collect::<Result<Int64Array>>()?))
            }
            Self::Least(frame) => extremes(args, frame, partitions, order, i64::min),
            Self::Greatest(frame) => extremes(args, frame, partitions, order, i64::max),
        }
    }
}

/// Whether an aggregate passes over rows: of that DataFusion tells nothing, but one without a filter is shown as its
/// twin is.
fn has_filter(expr: &dyn WindowExpr, aggregate: &AggregateFunctionExpr) -> bool {
    let (aggregate, frame) = (Arc::new(aggregate.clone()), expr.get_window_frame().clone());
    let (partition_by, order_by) = (expr.partition_by(), expr.order_by());
    let twin: Arc<dyn WindowExpr> = match frame.is_ever_expanding() {
        true => Arc::new(PlainAggregateWindowExpr::new(
            aggregate,
            partition_by,
            order_by,
            frame,
            None,
        )),
        false => Arc::new(SlidingAggregateWindowExpr::new(
            aggregate,
            partition_by,
            order_by,
            frame,
            None,
        )),
    };
    format!("{expr:?}") != format!("{twin:?}")
}

/// Whether a function shifts values of a type by so many rows and nothing else: `IGNORE NULLS` and an order that is
/// read backwards are not told of it in any other way.
fn shifts(function: &WindowUDFExpr, kind: &DataType, rows: i64) -> bool {
    use datafusion::physical_expr::window::StandardWindowFunctionExpr;

    let trial = (0..3 * MOST_SHIFTED).map(|row| (row % 3 > 0).then_some(row % 2));
    let trial: ArrayRef = Arc::new(trial.collect::<Int64Array>());
    let trial = cast(&trial, &DataType::Utf8).and_then(|text| cast(&text, kind));
    let (Ok(trial), Ok(mut evaluator)) = (trial, function.create_evaluator()) else {
        return false;
    };
    let expected = shift(&trial, rows);
    let found = evaluator.evaluate_all(std::slice::from_ref(&trial), trial.len());
    matches!((found, expected), (Ok(found), Ok(expected)) if *found == *expected)
}

fn argument(args: &[ArrayRef]) -> Result<&ArrayRef> {
    args.first()
        .ok_or_else(|| internal("a window function without its argument"))
}

fn whole(args: &[ArrayRef]) -> Result<&Int64Array> {
    argument(args)?
        .as_primitive_opt::<Int64Type>()
        .ok_or_else(|| internal("an argument of another type than planned"))
}

fn windows(frame: Frame, partitions: &[Range<usize>], order: &[i64]) -> Windows {
    let mut windows = Windows::default();
    for partition in partitions {
        frame.add(partition.clone(), order, &mut windows);
    }
    windows
}

impl Windows {
    fn each(&self) -> impl Iterator<Item = (usize, usize)> {
        self.starts.iter().copied().zip(self.ends.iter().copied())
    }
}

/// For each row of a partition the row that its value comes from.
fn shifted(partition: Range<usize>, rows: i64) -> impl Iterator<Item = Option<u64>> {
    let of = partition.clone();
    partition.map(move |row| {
        let source = (row as i64).checked_sub(rows)?;
        let source = usize::try_from(source).ok()?;
        of.contains(&source).then_some(source as u64)
    })
}

/// How many values before each row are not null, and behind the last.
fn counts(values: &dyn Array) -> Vec<i64> {
    let mut count = 0;
    let mut counts = Vec::with_capacity(values.len() + 1);
    counts.push(0);
    let nulls = values.logical_nulls();
    for row in 0..values.len() {
        let is_valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        count += i64::from(is_valid);
        counts.push(count);
    }
    counts
}

/// What comes before a row, of counts or sums.
fn before(all: &[i64], row: usize) -> Result<i64> {
    let one = all.get(row).copied();
    one.ok_or_else(|| internal("a window beyond the rows that were counted"))
}

/// Sums of the values before each row, and behind the last; they wrap, as DataFusion's do.
fn sums(values: &Int64Array) -> Vec<i64> {
    let mut sum = 0_i64;
    let mut sums = Vec::with_capacity(values.len() + 1);
    sums.push(0);
    for value in values {
        sum = sum.wrapping_add(value.unwrap_or_default());
        sums.push(sum);
    }
    sums
}

/// The least or greatest of all values from the partition's begin to the window's end.
fn extremes(
    args: &[ArrayRef],
    frame: Frame,
    partitions: &[Range<usize>],
    order: &[i64],
    choose: impl Fn(i64, i64) -> i64,
) -> Result<ArrayRef> {
    let values = whole(args)?;
    let mut so_far: Vec<Option<i64>> = Vec::with_capacity(values.len());
    for partition in partitions {
        let mut best: Option<i64> = None;
        for row in partition.clone() {
            if values.is_valid(row) {
                let value = values.value(row);
                best = Some(best.map_or(value, |best| choose(best, value)));
            }
            so_far.push(best);
        }
    }
    let windows = windows(frame, partitions, order);
    let last = |(start, end): (usize, usize)| match end > start {
        true => so_far.get(end - 1).copied().flatten(),
        false => None,
    };
    Ok(Arc::new(windows.each().map(last).collect::<Int64Array>()))
}
