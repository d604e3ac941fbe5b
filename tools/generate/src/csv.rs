use std::io::{self, Write};

use crate::generator::{Generator, Row};
use crate::names::push_location;
use crate::shape::Shape;
use crate::{HEADER, IMPRESSION_ITEMS};

/// Text is handed on once it is this long, in bytes.
const BUFFER: usize = 256 * 1024;
/// More than any row takes, in bytes.
const ROW: usize = 1024;

impl Generator {
    /// Writes [`HEADER`] and the rows that are left as CSV, in the form that bulk import takes:
    /// empty cells for null, `|` between the items of an impression, lines ended by a line feed.
    /// Returns the number of rows. Calls `progress` with the rows written so far about every 4000 rows
    /// and at the end.
    ///
    /// # Errors
    /// Those of `out`. The rows that were handed to it are gone from the stream.
    pub fn write_csv(
        &mut self,
        out: &mut impl Write,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<u64> {
        let mut text = String::with_capacity(BUFFER + ROW);
        text.push_str(HEADER);
        text.push('\n');
        let mut row = Row {
            impression: Vec::with_capacity(IMPRESSION_ITEMS),
            ..Row::default()
        };
        let shape = self.shape();
        let mut rows = 0;
        while self.next(&mut row) {
            push_row(&mut text, &row, shape);
            rows += 1;
            if text.len() >= BUFFER {
                out.write_all(text.as_bytes())?;
                text.clear();
                progress(rows);
            }
        }
        out.write_all(text.as_bytes())?;
        out.flush()?;
        progress(rows);
        Ok(rows)
    }
}

fn push_row(out: &mut String, row: &Row, shape: Shape) {
    shape.push_user_id(out, row.user);
    out.push(',');
    shape.push_item_id(out, row.item);
    out.push(',');
    out.push_str(itoa::Buffer::new().format(row.timestamp));
    out.push(',');
    out.push_str(row.event_type.name());
    out.push(',');
    if let Some(value) = row.event_value {
        out.push_str(ryu::Buffer::new().format(value));
    }
    out.push(',');
    push_location(out, row.location);
    out.push(',');
    if let Some(device) = row.device {
        out.push_str(device.name());
    }
    out.push(',');
    for (at, &item) in row.impression.iter().enumerate() {
        if at > 0 {
            out.push('|');
        }
        shape.push_item_id(out, item);
    }
    out.push('\n');
}
