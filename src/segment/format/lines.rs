//! Where a user's newest timestamps and items lie, before the offsets that say it come from memory.
//!
//! A lookup would wait for memory three times: for the user's slot in the directory, for the offsets of the
//! blocks that hold its rows, and for the blocks. The slot therefore keeps the lowest eight bits of the lines of
//! the processor's cache at which the user's last blocks begin, and samples of the lines say the rest
//! (FORMAT.md section 5.8): blocks can be asked for together with their offsets. Nothing that is read depends
//! on it: a wrong line is asked for in vain.

use std::ops::Range;

use super::handles::StreamHandle;
use super::region::Region;
use crate::codec::{BLOCK, Source};

const LINE_BYTES: usize = 64;

/// Blocks from one sample to the next. Eight bits make up for 127 lines between what samples say and
/// where a block begins: one byte a row.
const STEP: usize = 128;

/// Bytes of a sample: two lines, u32.
const SAMPLE_BYTES: usize = 8;

/// The lowest bits of the lines of a user's last block of timestamps, and of items.
pub(in crate::segment) type Hints = [u8; 2];

/// Of so many lines it is asked for in advance; of more the processor sees by itself what comes next.
const FEW_LINES: i64 = 8;

/// The line at which each block of a stream begins, and that at which the last one ends; none where the
/// encoding needs no offsets.
#[derive(Default)]
pub(in crate::segment) struct BlockLines {
    pub(in crate::segment) timestamps: Vec<u32>,
    pub(in crate::segment) items: Vec<u32>,
}

impl BlockLines {
    /// The hints of a user whose last row this is.
    pub(in crate::segment) fn hints(&self, row: usize) -> Hints {
        let hint = |lines: &Vec<u32>| lines.get(row / BLOCK).map_or(0, |line| *line as u8);
        [hint(&self.timestamps), hint(&self.items)]
    }

    /// The bytes of the samples for so many rows.
    pub(in crate::segment) fn samples(&self, rows: usize) -> Vec<u8> {
        let samples = 0..=rows.div_ceil(STEP * BLOCK);
        let lines = [&self.timestamps, &self.items];
        let lines = samples.flat_map(|nth| lines.map(|lines| sample(lines, nth)));
        lines.flat_map(u32::to_le_bytes).collect()
    }
}

/// The line at which each block of a stream with these bytes begins, and that at which the last one ends.
pub(in crate::segment) fn lines_of(stream: &StreamHandle, bytes: &[u8]) -> Vec<u32> {
    let begin = stream.handle.offset;
    let places = stream.descriptor.block_places(bytes);
    let lines = places.map(|place| (begin + place) / LINE_BYTES);
    lines.map(|line| line as u32).collect()
}

/// The line of sample `nth`. The last one lies behind the blocks, where one would begin if they went on
/// as since the sample before.
fn sample(lines: &[u32], nth: usize) -> u32 {
    if let Some(line) = lines.get(nth * STEP) {
        return *line;
    }
    match lines
        .get(nth.saturating_sub(1) * STEP..)
        .unwrap_or_default()
    {
        [first, since @ .., last] => {
            let blocks = since.len() as u64 + 1;
            let lines = u64::from(last.saturating_sub(*first)) * STEP as u64 / blocks;
            first.saturating_add(lines as u32)
        }
        _ => 0,
    }
}

/// The samples of a segment.
pub(in crate::segment) struct LineSamples(Region);

impl LineSamples {
    pub(in crate::segment) fn new(region: Region) -> Self {
        Self(region)
    }

    /// Whether those of a user with these rows were read before; else the disk is asked for them.
    #[inline]
    pub(in crate::segment) fn are_near(&self, rows: &Range<usize>) -> bool {
        let at = rows.end.saturating_sub(1) / BLOCK / STEP * SAMPLE_BYTES;
        let near = self.0.is_verified(at, 2 * SAMPLE_BYTES);
        if !near {
            self.0.ask(at, 2 * SAMPLE_BYTES);
        }
        near
    }

    /// Where in the file the timestamps and where the items of `rows` lie, about, when the last of these
    /// is its user's last; empty where that is not known.
    #[inline]
    pub(in crate::segment) fn places(
        &self,
        rows: &Range<usize>,
        hints: Hints,
    ) -> [Range<usize>; 2] {
        let block = rows.end.saturating_sub(1) / BLOCK;
        let before = block.saturating_sub(rows.start / BLOCK) as u64;
        let samples = (&self.0).get(block / STEP * SAMPLE_BYTES, 2 * SAMPLE_BYTES);
        let samples = samples.unwrap_or_default().as_chunks::<4>().0;
        let [timestamps, items, next_timestamps, next_items] = samples else {
            return Default::default();
        };
        let [of_timestamps, of_items] = hints;
        let place = |sample: &[u8; 4], next: &[u8; 4], hint: u8| {
            let [line, next] = [sample, next].map(|line| u32::from_le_bytes(*line));
            let per_step = u64::from(next.saturating_sub(line));
            let near = u64::from(line) + per_step * (block % STEP) as u64 / STEP as u64;
            // Of the lines that end like the hint the nearest.
            let off = hint.wrapping_sub(near as u8) as i8;
            let line = near as i64 + i64::from(off);
            let first = line - (per_step * before).div_ceil(STEP as u64) as i64;
            let end = (line + (per_step / STEP as u64) as i64 + 1).min(first + FEW_LINES);
            let byte = |line: i64| (line.max(0) as usize).saturating_mul(LINE_BYTES);
            match per_step {
                0 => 0..0,
                _ => byte(first)..byte(end),
            }
        };
        [
            place(timestamps, next_timestamps, of_timestamps),
            place(items, next_items, of_items),
        ]
    }
}
