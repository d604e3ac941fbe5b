//! Strings as dictionary arrays, whose values are shared with the segment where they can be.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use bytes::Bytes;

use super::memory::{Memory, Use};
use super::unfit::unfit;
use crate::column::Strings;
use crate::model::Result;

/// The dictionaries of the last batch, by field.
#[derive(Default)]
pub(super) struct Dictionaries(HashMap<usize, SharedValues>);

/// A dictionary's values, and whose they are.
struct SharedValues {
    strings: Arc<dyn Strings>,
    len: usize,
    values: ArrayRef,
}

impl Dictionaries {
    /// The array of the first field, whose codes are those of the dictionary of the second.
    pub(super) fn array(
        &mut self,
        [field, of]: [usize; 2],
        codes: &[u32],
        strings: &Arc<dyn Strings>,
        memory: &mut Memory,
    ) -> Result<ArrayRef> {
        let values = self.values(of, strings)?;
        // From 0; null where the code is 0.
        let keys = codes.iter().map(|code| (*code).max(1) as i32 - 1);
        let keys = ScalarBuffer::from(memory.collect(field, Use::Values, keys));
        let nulls = memory.null_codes(field, codes);
        let keys = Int32Array::try_new(keys, nulls).map_err(unfit)?;
        match DictionaryArray::try_new(keys, values) {
            Ok(array) => Ok(Arc::new(array)),
            // Codes come from a file, where the dictionary does: it says which is beyond it.
            Err(error) => {
                let beyond = codes.iter().find(|code| **code as usize > strings.len());
                beyond.map_or(Ok(""), |code| strings.get(*code))?;
                Err(unfit(error))
            }
        }
    }

    /// The values of a dictionary, made once for all batches that share it.
    fn values(&mut self, field: usize, strings: &Arc<dyn Strings>) -> Result<ArrayRef> {
        if let Some(known) = self.0.get(&field)
            && std::ptr::addr_eq(Arc::as_ptr(&known.strings), Arc::as_ptr(strings))
            && known.len == strings.len()
        {
            return Ok(known.values.clone());
        }
        let len = strings.len();
        let (offsets, text) = strings.buffers()?;
        let offsets = ScalarBuffer::<i32>::new(aligned(offsets), 0, len + 1);
        let values = StringArray::try_new(OffsetBuffer::new(offsets), Buffer::from(text), None);
        let values: ArrayRef = Arc::new(values.map_err(unfit)?);
        let strings = strings.clone();
        let known = SharedValues {
            strings,
            len,
            values: values.clone(),
        };
        self.0.insert(field, known);
        Ok(values)
    }
}

/// Bytes as a buffer of 32-bit offsets: shared where they are aligned, else copied.
fn aligned(bytes: Bytes) -> Buffer {
    if bytes.as_ptr().cast::<i32>().is_aligned() {
        Buffer::from(bytes)
    } else {
        Buffer::from(bytes.to_vec())
    }
}
