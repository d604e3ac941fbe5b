//! Codes in place of other codes, and what is known of them.

use super::input::CodesInput;
use crate::codec::Word;
use crate::model::Result;
use crate::segment::format::{Gather, Output, Statistics, StreamHandle};

/// Writes the new code of each code, from memory no wider than they are, and gathers the statistics of the
/// new codes.
pub(super) fn write_mapped(
    codes: CodesInput<'_>,
    new: &[u64],
    gather: &impl Gather,
    out: &mut Output,
) -> Result<(StreamHandle, Statistics)> {
    fn write<T: Word>(
        codes: CodesInput<'_>,
        new: &[u64],
        gather: &impl Gather,
        out: &mut Output,
    ) -> Result<(StreamHandle, Statistics)> {
        let new: Vec<T> = new.iter().map(|code| T::of(*code)).collect();
        let codes = codes.mapped::<T>(&new);
        Ok((out.stream(&codes)?, gather.gather(&codes)))
    }
    codes.check_below(new.len())?;
    match new.iter().max().copied().unwrap_or(0) {
        most if most <= u8::MAX.into() => write::<u8>(codes, new, gather, out),
        most if most <= u16::MAX.into() => write::<u16>(codes, new, gather, out),
        most if most <= u32::MAX.into() => write::<u32>(codes, new, gather, out),
        _ => write::<u64>(codes, new, gather, out),
    }
}
