//! Arrays of columns that do not come from a scan directly.

use std::ops::Range;

use arrow_array::ArrayRef;

use super::memory::Memory;
use super::{ArrowStrings, BatchRows, Texts};
use crate::column::Columns;
use crate::model::{FieldId, Result, Schema};

/// Makes arrays of columns, with memory that is used again where the host has let go of it.
pub(in crate::export) struct Arrays {
    texts: Texts,
    memory: Memory,
}

impl Arrays {
    pub(in crate::export) fn new(strings: ArrowStrings) -> Self {
        Self {
            texts: Texts::new(strings),
            memory: Memory::default(),
        }
    }

    /// The array of some rows of a field; `None` when an offset of theirs would be too high.
    pub(in crate::export) fn of(
        &mut self,
        schema: &Schema,
        columns: &Columns,
        field: FieldId,
        rows: Range<usize>,
    ) -> Result<Option<ArrayRef>> {
        let part = BatchRows {
            schema,
            columns,
            rows,
        };
        part.array(field, &mut self.texts, &mut self.memory)
    }
}
