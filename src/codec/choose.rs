//! Every encoding is estimated; the smallest wins.

use super::classes::Classes;
use super::delta::Delta;
use super::packed::Packed;
use super::runs::Runs;
use super::sparse::Sparse;
use super::stream::{Descriptor, Encoding};
use super::widths::{Histogram, Widths};
use super::word::Word;
use crate::model::Result;

/// An encoding with what it would take.
struct Plan {
    encoding: Encoding,
    params: [u64; 6],
    bytes: usize,
}

/// Appends `values` in the encoding that takes the fewest bytes and says which. Cost: a few
/// passes over the values.
///
/// # Errors
/// `InvalidInput` when one stream would pass 4 GiB.
pub fn encode<T: Word>(values: &[T], out: &mut Vec<u8>) -> Result<Descriptor> {
    let plan = plans(values).into_iter().min_by_key(|plan| plan.bytes);
    encode_plan(values, plan.unwrap_or_else(|| constant(0)), out)
}

/// The same in an encoding that may not be the smallest; `None` where it cannot hold the values.
#[cfg(test)]
pub(super) fn encode_as<T: Word>(
    encoding: Encoding,
    values: &[T],
    out: &mut Vec<u8>,
) -> Option<Descriptor> {
    let (min, max) = bounds(values)?;
    let plan = match encoding {
        Encoding::Constant => (min == max).then(|| constant(min)),
        Encoding::Packed => return encode_packed(values, out).ok(),
        Encoding::Runs => Some(plan_runs(values, Packed::for_range(min, max))),
        Encoding::Classes => plan_classes(values, min),
        Encoding::Sparse => plan_sparse(values),
        Encoding::Delta => plan_delta(values, max),
    };
    encode_plan(values, plan?, out).ok()
}

fn encode_plan<T: Word>(values: &[T], plan: Plan, out: &mut Vec<u8>) -> Result<Descriptor> {
    let Plan {
        encoding, params, ..
    } = plan;
    let [a, b, c, d, e, _] = params;
    out.reserve(plan.bytes);
    match encoding {
        Encoding::Constant => {}
        Encoding::Packed => Packed::checked(a, b)?.encode(values.iter().copied(), out),
        Encoding::Runs => runs(values, Packed::checked(b, c)?).encode(values, out)?,
        Encoding::Classes => encode_classes(values, Widths::checked([a, b, c, d])?, e, out)?,
        Encoding::Sparse => Sparse {
            modal: a,
            rest: Packed::checked(b, c)?,
        }
        .encode(values, out)?,
        Encoding::Delta => Delta::new(Widths::checked([a, b, c, d])?, e)?.encode(values, out)?,
    }
    Ok(Descriptor {
        encoding,
        count: values.len(),
        params,
    })
}

/// Appends `values` bit-packed, so that any one is read in constant time.
///
/// # Errors
/// None today; as [`encode`].
pub fn encode_packed<T: Word>(values: &[T], out: &mut Vec<u8>) -> Result<Descriptor> {
    let (min, max) = bounds(values).unwrap_or_default();
    let packed = Packed::for_range(min, max);
    packed.encode(values.iter().copied(), out);
    Ok(Descriptor {
        encoding: Encoding::Packed,
        count: values.len(),
        params: [packed.base, u64::from(packed.width), 0, 0, 0, 0],
    })
}

fn plans<T: Word>(values: &[T]) -> Vec<Plan> {
    let Some((min, max)) = bounds(values) else {
        return Vec::new();
    };
    if min == max {
        return vec![constant(min)];
    }
    let count = values.len();
    let packed = Packed::for_range(min, max);
    let mut plans = vec![
        Plan {
            encoding: Encoding::Packed,
            params: [packed.base, u64::from(packed.width), 0, 0, 0, 0],
            bytes: packed.bytes(count),
        },
        plan_runs(values, packed),
    ];
    // An encoding is not looked at where the least that it could take is too much.
    if can_win(&plans, Sparse::least_bytes(count)) {
        plans.extend(plan_sparse(values));
    }
    if can_win(&plans, Classes::bytes(count, 0, 0)) {
        plans.extend(plan_classes(values, min));
    }
    if can_win(&plans, Delta::least_bytes(count, max)) {
        plans.extend(plan_delta(values, max));
    }
    plans
}

fn can_win(plans: &[Plan], least_bytes: usize) -> bool {
    plans.iter().all(|plan| least_bytes < plan.bytes)
}

fn plan_classes<T: Word>(values: &[T], min: u64) -> Option<Plan> {
    let above = values.iter().map(|value| value.wide() - min);
    let (widths, bits) = Histogram::of(above).best()?;
    let [a, b, c, d] = widths.0.map(u64::from);
    Some(Plan {
        encoding: Encoding::Classes,
        params: [a, b, c, d, min, 0],
        bytes: Classes::bytes(values.len(), 0, bits),
    })
}

fn plan_delta<T: Word>(values: &[T], max: u64) -> Option<Plan> {
    let (widths, width, bytes) = Delta::plan(values, max)?;
    let [a, b, c, d] = widths.0.map(u64::from);
    Some(Plan {
        encoding: Encoding::Delta,
        params: [a, b, c, d, u64::from(width), 0],
        bytes,
    })
}

fn bounds<T: Word>(values: &[T]) -> Option<(u64, u64)> {
    let first = values.first()?.wide();
    Some(values.iter().fold((first, first), |(min, max), value| {
        let value = value.wide();
        (min.min(value), max.max(value))
    }))
}

fn constant(value: u64) -> Plan {
    Plan {
        encoding: Encoding::Constant,
        params: [value, 0, 0, 0, 0, 0],
        bytes: 0,
    }
}

fn runs<T: Word>(values: &[T], packed: Packed) -> Runs {
    Runs {
        runs: Runs::count(values),
        values: packed,
    }
}

fn plan_runs<T: Word>(values: &[T], packed: Packed) -> Plan {
    let runs = runs(values, packed);
    Plan {
        encoding: Encoding::Runs,
        params: [
            runs.runs as u64,
            packed.base,
            u64::from(packed.width),
            0,
            0,
            0,
        ],
        bytes: runs.bytes(values.len()),
    }
}

/// A majority value, if there is one, makes a sparse stream worth a look.
fn plan_sparse<T: Word>(values: &[T]) -> Option<Plan> {
    let modal = majority(values)?;
    let (mut min, mut max, mut others) = (u64::MAX, 0, 0);
    for value in values {
        let value = value.wide();
        let other = value != modal;
        others += usize::from(other);
        min = min.min(if other { value } else { u64::MAX });
        max = max.max(if other { value } else { 0 });
    }
    if others == 0 {
        return None;
    }
    let rest = Packed::for_range(min, max);
    let sparse = Sparse { modal, rest };
    Some(Plan {
        encoding: Encoding::Sparse,
        params: [modal, rest.base, u64::from(rest.width), 0, 0, 0],
        bytes: sparse.bytes(values.len(), others),
    })
}

/// The value that more than half have (Boyer and Moore's vote), if any can. No branch depends on the
/// values.
fn majority<T: Word>(values: &[T]) -> Option<u64> {
    let (mut candidate, mut votes) = (values.first()?.wide(), 0i64);
    for value in values {
        let value = value.wide();
        candidate = if votes == 0 { value } else { candidate };
        votes += if value == candidate { 1 } else { -1 };
    }
    Some(candidate)
}

fn encode_classes<T: Word>(
    values: &[T],
    widths: Widths,
    base: u64,
    out: &mut Vec<u8>,
) -> Result<()> {
    Classes::new(widths, 0).encode(
        values.len(),
        |range, _head, block| {
            let values = values.get(range).unwrap_or_default();
            for (slot, value) in block.iter_mut().zip(values) {
                *slot = value.wide() - base;
            }
        },
        out,
    )
}
