//! A merge into the segments of a run.

use std::sync::Arc;

use super::memory::MemoryBudget;
use super::merge::Merge;
use super::run_writer::RunWriter;
use crate::column::{Columns, RowSizes};
use crate::io::FileBytes;
use crate::model::Result;
use crate::segment::Segment;
use crate::store::engine::{CountedMemory, Engine};

/// Rows that are copied from one run to the next at a time, unless they are wide.
const COPY_ROWS: usize = 1 << 14;

/// Copies a merge into the segments of a run, cutting where the rows need what the budget allows,
/// or are as many as a segment takes.
pub(in crate::store) fn copy_run(
    engine: &Engine,
    mut merge: Merge,
    writer: &mut RunWriter<'_>,
    budget: MemoryBudget,
) -> Result<()> {
    let mut batch = Columns::for_schema(&engine.schema);
    let rows = (budget.pending_bytes() / merge.row_bytes().max(1)).clamp(1, COPY_ROWS);
    let mut memory = CountedMemory::new(engine.work_memory.clone());
    loop {
        writer.proceed()?;
        batch.clear();
        merge.next(rows, &mut batch)?;
        if batch.rows() == 0 {
            return Ok(());
        }
        writer.add(&batch)?;
        let needed = writer.needed_bytes(merge.dictionary_bytes());
        memory.set(needed + merge.input_bytes());
        let allowed = budget.beside(merge.input_bytes(), merge.strings());
        let text_bytes = merge.text_bytes();
        let sizes = writer.sizes();
        let sizes = RowSizes {
            text_bytes: sizes.text_bytes.max(text_bytes),
            ..sizes
        };
        if needed >= allowed || sizes.reaches(engine.most) {
            if merge.pending_rows() > 0 {
                // The rest of the user: dictionaries change between users only.
                batch.clear();
                merge.next(merge.pending_rows(), &mut batch)?;
                writer.add(&batch)?;
            }
            reopen(engine, &mut merge, 0)?;
            writer.cut()?;
            // Dictionaries of which a segment of so few rows has little use take the place of rows.
            let is_little_used = sizes.rows < merge.strings();
            let much_text = text_bytes >= engine.most.text_bytes / 2;
            if much_text || is_little_used && merge.dictionary_bytes() >= budget.bytes() / 8 {
                merge.begin_dictionaries()?;
            }
        }
        reopen(engine, &mut merge, budget.bytes() / 8)?;
    }
}

/// Lets go what was read of the sources, where that is more than `most` bytes.
fn reopen(engine: &Engine, merge: &mut Merge, most: usize) -> Result<()> {
    if merge.loaded_bytes() > most {
        for source in merge.sources_mut() {
            source.reopen(&mut |segment| engine.open_run(segment.name()))?;
        }
    }
    Ok(())
}

impl Engine {
    /// Opens a file that no edit has published.
    pub(in crate::store) fn open_run(&self, path: &str) -> Result<Arc<Segment>> {
        let file = FileBytes::framed(self.storage.open(path)?)?;
        Ok(Arc::new(Segment::open(path, file, &self.schema)?))
    }
}
