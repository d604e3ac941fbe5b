//! Which rows of its partition a row's window has.

use std::ops::Range;

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{WindowFrame, WindowFrameBound, WindowFrameUnits};
use datafusion::physical_expr::PhysicalSortExpr;

/// The frame of a window over rows in the order of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Whether bounds are differences of what rows are ordered by, and not numbers of rows.
    by_value: bool,
    /// How far before (negative) or behind the row it begins; `None` where the partition does.
    start: Option<i128>,
    /// Likewise the last.
    end: Option<i128>,
}

/// Where the window of each row begins and ends, in rows.
#[derive(Default)]
pub(super) struct Windows {
    pub(super) starts: Vec<usize>,
    pub(super) ends: Vec<usize>,
}

impl Frame {
    /// `None` for a frame that has to be left to DataFusion: groups, and differences of anything but rising
    /// whole numbers that are not null.
    pub(super) fn of(
        frame: &WindowFrame,
        order_by: &[PhysicalSortExpr],
        input: &Schema,
    ) -> Option<Self> {
        let by_value = match frame.units {
            WindowFrameUnits::Rows => false,
            WindowFrameUnits::Range => true,
            WindowFrameUnits::Groups => return None,
        };
        let start = match &frame.start_bound {
            WindowFrameBound::Preceding(rows) if rows.is_null() => None,
            bound => Some(distance(bound)?),
        };
        let end = match &frame.end_bound {
            WindowFrameBound::Following(rows) if rows.is_null() => None,
            bound => Some(distance(bound)?),
        };
        let frame = Self {
            by_value,
            start,
            end,
        };
        if frame.is_by_value() {
            let [by] = order_by else {
                return None;
            };
            let is_whole = by.expr.data_type(input).ok()? == DataType::Int64;
            if !is_whole || by.options.descending || by.expr.nullable(input).ok()? {
                return None;
            }
        }
        Some(frame)
    }

    /// Whether each window begins where the partition does.
    pub(super) fn begins_with_partition(self) -> bool {
        self.start.is_none()
    }

    /// Whether bounds are differences of what rows are ordered by.
    pub(super) fn is_by_value(self) -> bool {
        self.by_value && (self.start, self.end) != (None, None)
    }

    /// Adds the windows of one partition's rows; `order` has what all rows are ordered by.
    pub(super) fn add(self, partition: Range<usize>, order: &[i64], windows: &mut Windows) {
        let clamp = |row: i128| {
            let row = row.clamp(partition.start as i128, partition.end as i128);
            row as usize
        };
        let (mut first, mut behind) = (partition.start, partition.start);
        for row in partition.clone() {
            let value = order.get(row).copied().unwrap_or_default();
            // The order rises, so that both only move on.
            let start = match self.start {
                None => partition.start,
                Some(distance) if self.by_value => {
                    let least = i128::from(value) + distance;
                    while first < partition.end && at(order, first) < least {
                        first += 1;
                    }
                    first
                }
                Some(distance) => clamp(row as i128 + distance),
            };
            let end = match self.end {
                None => partition.end,
                Some(distance) if self.by_value => {
                    let most = i128::from(value) + distance;
                    while behind < partition.end && at(order, behind) <= most {
                        behind += 1;
                    }
                    behind
                }
                Some(distance) => clamp(row as i128 + distance + 1),
            };
            windows.starts.push(start);
            windows.ends.push(end.max(start));
        }
    }
}

fn at(order: &[i64], row: usize) -> i128 {
    order.get(row).copied().unwrap_or_default().into()
}

/// How far a bound is from the row.
fn distance(bound: &WindowFrameBound) -> Option<i128> {
    let number = |value: &ScalarValue| match value {
        ScalarValue::UInt64(Some(rows)) => Some(i128::from(*rows)),
        ScalarValue::Int64(Some(value)) => Some(i128::from(*value)),
        _ => None,
    };
    match bound {
        WindowFrameBound::CurrentRow => Some(0),
        WindowFrameBound::Preceding(value) => number(value).map(|value| -value),
        WindowFrameBound::Following(value) => number(value),
    }
}
