//! What rows are sorted by, encoded: users, timestamps and sequence numbers.

use super::input::{TimestampsInput, UsersInput, bounds};
use super::numbers::common_divisor;
use crate::codec::{BLOCK, Word};
use crate::column::Dictionary;
use crate::model::{Error, HashedKey, Result};
use crate::segment::format::{Footer, Output, StreamHandle, StringsHandle};

/// The users, and what their directory is made of.
pub(in crate::segment) struct Users {
    /// The first and the last.
    pub(in crate::segment) bounds: [String; 2],
    pub(in crate::segment) ids: StringsHandle,
    pub(in crate::segment) starts: StreamHandle,
    /// Of each user's id.
    pub(in crate::segment) hashes: Vec<u64>,
    /// Of each user, then the number of rows.
    pub(super) first_rows: Vec<u64>,
}

impl Users {
    pub(in crate::segment) fn of(
        input: &UsersInput<'_>,
        rows: usize,
        out: &mut Output,
    ) -> Result<Self> {
        let mut starts = vec![0u64];
        let mut dictionary = Dictionary::default();
        let mut sorted: Vec<&str> = Vec::new();
        let (UsersInput::Codes(_, ids) | UsersInput::Ends(_, ids)) = input;
        let ids = ids.ok_or_else(incomplete)?;
        let mut add = |code: u32, end: u64| {
            let user = ids.get(code)?;
            sorted.push(user);
            starts.push(end);
            dictionary.push(user).map(drop)
        };
        match input {
            UsersInput::Codes(codes, _) => {
                let mut end = 0;
                for run in codes.chunk_by(|a, b| a == b) {
                    end += run.len() as u64;
                    add(run.first().copied().unwrap_or(0), end)?;
                }
            }
            UsersInput::Ends(users, _) => {
                let mut before = 0;
                for (code, end) in users.codes.iter().zip(&users.ends) {
                    // A user whose rows were refused has none.
                    if before < *end {
                        add(*code, (*end).into())?;
                    }
                    before = *end;
                }
            }
        }
        let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
            return Err(incomplete());
        };
        if rows > Footer::MAX_ROWS {
            return Err(Error::invalid("more than 2^31 rows in one segment"));
        }
        if !sorted.is_sorted_by(|a, b| a < b) {
            return Err(Error::internal(
                "rows for a segment that are not sorted by user",
            ));
        }
        let hashes = sorted.iter().map(|user| HashedKey::of(user).hash);
        Ok(Self {
            bounds: [(*first).to_owned(), (*last).to_owned()],
            ids: out.strings(&dictionary, false)?,
            starts: out.stream(&starts)?,
            hashes: hashes.collect(),
            first_rows: starts,
        })
    }
}

/// Timestamps as codes: the distance from the first, in steps of the common divisor.
pub(in crate::segment) struct Timestamps {
    pub(in crate::segment) bounds: [i64; 2],
    pub(in crate::segment) step: u64,
    pub(in crate::segment) codes: StreamHandle,
    pub(in crate::segment) zone_min: StreamHandle,
    pub(in crate::segment) zone_max: StreamHandle,
}

impl Timestamps {
    pub(in crate::segment) fn of(input: TimestampsInput<'_>, out: &mut Output) -> Result<Self> {
        let [min, max] = input.bounds().ok_or_else(incomplete)?;
        let step = common_divisor(input.iter().map(|at| at.wrapping_sub(min) as u64));
        let code = |at: i64| match at.wrapping_sub(min) as u64 {
            code if step == 1 => code,
            distance => distance / step,
        };
        if u32::try_from(code(max)).is_ok() {
            let codes = input.mapped(|at| code(at) as u32);
            return Self::of_codes([min, max], step, &codes, out);
        }
        Self::of_codes([min, max], step, &input.mapped(code), out)
    }

    fn of_codes<T: Word>(
        bounds: [i64; 2],
        step: u64,
        codes: &[T],
        out: &mut Output,
    ) -> Result<Self> {
        let edge = |best: fn(&[T]) -> Option<T>| -> Vec<u64> {
            let blocks = codes.chunks(BLOCK).filter_map(best);
            blocks.map(Word::wide).collect()
        };
        Ok(Self {
            bounds,
            step,
            zone_min: out.packed(&edge(|block| block.iter().min().copied()))?,
            zone_max: out.packed(&edge(|block| block.iter().max().copied()))?,
            codes: out.stream(codes)?,
        })
    }
}

/// Sequence numbers as codes: the distance from the base.
pub(in crate::segment) struct Sequences {
    pub(in crate::segment) bounds: [u64; 2],
    pub(in crate::segment) codes: StreamHandle,
}

impl Sequences {
    pub(in crate::segment) fn of(
        sequences: &[u64],
        rows: usize,
        base: u64,
        out: &mut Output,
    ) -> Result<Self> {
        if sequences.is_empty() {
            return Ok(Self {
                bounds: [0, 0],
                codes: out.zeros(rows),
            });
        }
        let sequences = sequences.iter();
        let below = || Error::internal("a row of a commit before the first of its segment");
        let codes: Vec<u64> = sequences
            .map(|sequence| sequence.checked_sub(base).ok_or_else(below))
            .collect::<Result<_>>()?;
        Ok(Self {
            bounds: bounds(codes.iter().copied()).unwrap_or_default(),
            codes: out.stream(&codes)?,
        })
    }
}

pub(in crate::segment) fn incomplete() -> Error {
    Error::internal("a segment of no rows, or of rows without users")
}
