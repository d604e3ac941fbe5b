//! Codes in place of other codes.

use super::format::StreamHandle;
use super::input::CodesInput;
use super::output::Output;
use crate::codec::Word;
use crate::types::Result;

/// Writes the new code of each code, from memory no wider than they are.
pub(super) fn write_mapped(
    codes: CodesInput<'_>,
    new: &[u64],
    out: &mut Output,
) -> Result<StreamHandle> {
    codes.check_below(new.len())?;
    fn narrowed<T: Word>(new: &[u64]) -> Vec<T> {
        new.iter().map(|code| T::of(*code)).collect()
    }
    match new.iter().max().copied().unwrap_or(0) {
        most if most <= u8::MAX.into() => out.stream(&codes.mapped::<u8>(&narrowed(new))),
        most if most <= u16::MAX.into() => out.stream(&codes.mapped::<u16>(&narrowed(new))),
        most if most <= u32::MAX.into() => out.stream(&codes.mapped::<u32>(&narrowed(new))),
        _ => out.stream(&codes.mapped::<u64>(new)),
    }
}
