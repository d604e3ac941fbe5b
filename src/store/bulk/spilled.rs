//! Runs of an import that wait in temporary files, and in which order they are merged.

use std::ops::Range;

use crate::model::Result;
use crate::store::merge::{RunWriter, Unpublished};

/// A sorted part of an import in temporary files, which are removed when it is dropped.
pub(super) struct SpilledRun {
    /// In the order of the users.
    files: Unpublished,
    size: SpilledSize,
}

/// What counts when it is chosen which runs are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SpilledSize {
    rows: u64,
    /// Bytes of memory that a merge takes for it, beside rows on their way.
    merge_bytes: usize,
}

/// Runs that are merged at once, at least: with fewer, rows would be rewritten too often.
const LEAST_FAN_IN: usize = 8;

/// Runs that are merged at once, at most: each user is compared with the next one of every run.
const MOST_FAN_IN: usize = 64;

/// Bytes that are read at a time of each column of a run, about, and kept until more is read.
const READ_BYTES: usize = 1 << 16;

/// A code of the merge for each string of a run.
const CODE_BYTES: usize = 4;

impl SpilledRun {
    /// The run that was written to temporary files.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn finish(writer: RunWriter<'_>) -> Result<Self> {
        let (footers, files) = writer.finish_temporary()?;
        let mut size = SpilledSize {
            rows: 0,
            merge_bytes: 0,
        };
        for footer in footers {
            let bytes = footer.strings() * CODE_BYTES + footer.columns.len() * READ_BYTES;
            size.rows += footer.rows as u64;
            // One segment of a run is read at a time.
            size.merge_bytes = size.merge_bytes.max(bytes);
        }
        Ok(Self { files, size })
    }

    /// The paths of its segments, in the order of the users.
    pub(super) fn segments(&self) -> &[String] {
        self.files.paths()
    }
}

/// The neighbouring runs that are to be merged into one before the rest; `None` where so many bytes are enough to
/// merge all of them at once.
///
/// A row is rewritten as few times as the bytes allow: runs of few rows are merged first, and no more of them than it
/// takes so that each later merge is of as many runs as it may be (as in a Huffman code, but that runs stay in their
/// order).
pub(super) fn next_group(runs: &[SpilledRun], most_bytes: usize) -> Option<Range<usize>> {
    let sizes: Vec<SpilledSize> = runs.iter().map(|run| run.size).collect();
    group(&sizes, most_bytes)
}

fn group(sizes: &[SpilledSize], most_bytes: usize) -> Option<Range<usize>> {
    let fan_in = fan_in(sizes, most_bytes);
    if sizes.len() <= fan_in {
        return None;
    }
    let count = 2 + (sizes.len() - 2) % (fan_in - 1);
    let rows = |runs: &[SpilledSize]| runs.iter().map(|run| run.rows).sum::<u64>();
    let groups = sizes.windows(count).enumerate();
    let (first, _) = groups.min_by_key(|(_, runs)| rows(runs))?;
    Some(first..first + count)
}

/// How many runs can be merged at once, whichever they are.
fn fan_in(sizes: &[SpilledSize], most_bytes: usize) -> usize {
    let mut bytes: Vec<usize> = sizes.iter().map(|run| run.merge_bytes).collect();
    bytes.sort_unstable_by(|a, b| b.cmp(a));
    let mut left = most_bytes;
    let fitting = bytes.into_iter().take_while(|bytes| {
        let rest = left.checked_sub(*bytes);
        left = rest.unwrap_or(0);
        rest.is_some()
    });
    fitting.count().clamp(LEAST_FAN_IN, MOST_FAN_IN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How many rows are written again before the last merge of runs, and of how many runs that is.
    fn rewritten(mut sizes: Vec<SpilledSize>, most_bytes: usize) -> (u64, usize) {
        let mut rows = 0;
        while let Some(group) = group(&sizes, most_bytes) {
            let merged = SpilledSize {
                rows: sizes[group.clone()].iter().map(|run| run.rows).sum(),
                merge_bytes: sizes[group.clone()]
                    .iter()
                    .map(|run| run.merge_bytes)
                    .max()
                    .unwrap(),
            };
            rows += merged.rows;
            sizes.splice(group, [merged]);
        }
        (rows, sizes.len())
    }

    fn alike(runs: usize) -> Vec<SpilledSize> {
        let size = SpilledSize {
            rows: 10,
            merge_bytes: 6 << 20,
        };
        vec![size; runs]
    }

    #[test]
    fn no_more_rows_are_rewritten_than_the_bytes_ask_for() {
        assert_eq!(rewritten(alike(49), 358 << 20), (0, 49));
        // Fourteen at once: two groups of fourteen and one of ten leave fourteen runs.
        assert_eq!(rewritten(alike(49), 85 << 20), (380, 14));
        assert_eq!(rewritten(alike(15), 85 << 20), (20, 14));
        assert_eq!(rewritten(alike(14), 85 << 20), (0, 14));
        // Far too few bytes for eight.
        assert_eq!(rewritten(alike(64), 1), (640, 8));
        assert_eq!(rewritten(alike(8), 1), (0, 8));
        assert_eq!(rewritten(alike(65), usize::MAX), (20, 64));
        assert_eq!(rewritten(Vec::new(), 0), (0, 0));
    }

    #[test]
    fn runs_of_few_rows_are_merged_first() {
        let mut sizes = alike(10);
        sizes[4].rows = 1;
        sizes[5].rows = 2;
        sizes[6].rows = 3;
        assert_eq!(group(&sizes, 1), Some(4..7));
    }

    proptest! {
        #[test]
        fn groups_fit_and_lead_to_an_end(
            sizes in proptest::collection::vec((0_u64..100, 0_usize..100), 0..200),
            most_bytes in 0_usize..2000,
        ) {
            let sizes: Vec<_> = sizes
                .into_iter()
                .map(|(rows, merge_bytes)| SpilledSize { rows, merge_bytes })
                .collect();
            let fits = |sizes: &[SpilledSize]| {
                let bytes: usize = sizes.iter().map(|run| run.merge_bytes).sum();
                sizes.len() <= LEAST_FAN_IN || sizes.len() <= MOST_FAN_IN && bytes <= most_bytes
            };
            match group(&sizes, most_bytes) {
                None => prop_assert!(fits(&sizes)),
                Some(group) => {
                    prop_assert!(group.len() >= 2 && group.end <= sizes.len());
                    prop_assert!(fits(&sizes[group]));
                }
            }
            let (_, runs) = rewritten(sizes.clone(), most_bytes);
            prop_assert!(runs == sizes.len() || runs <= MOST_FAN_IN);
        }
    }
}
