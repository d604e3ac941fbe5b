//! Records without quotes, 64 bytes at a time.

/// The fields of one record.
#[derive(Clone, Copy)]
pub(super) struct Fields<'t, 'e> {
    text: &'t str,
    start: usize,
    /// Where each field ends in `text`.
    ends: &'e [usize],
}

impl<'t> Fields<'t, '_> {
    /// Bytes of the record, its line end included.
    pub(super) fn bytes(&self) -> usize {
        self.ends.last().map_or(0, |end| end + 1 - self.start)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &'t str> {
        let text = self.text;
        let mut start = self.start;
        self.ends.iter().map(move |end| {
            let field = text.get(start..*end).unwrap_or_default();
            start = end + 1;
            field
        })
    }
}

/// Splits `text`, in which quotes mean nothing, into records of so many `columns` and hands each to
/// `each` with its line, counted from 0. Blank lines are skipped. The delimiter is at most a comma.
///
/// Gives the number of lines that end in the text; `None` when a record has another number of fields
/// or `each` gives it.
pub(super) fn split<'t, const DELIMITER: u8>(
    text: &'t str,
    columns: usize,
    each: impl FnMut(u64, Fields<'t, '_>) -> Option<()>,
) -> Option<u64> {
    let bytes = text.as_bytes();
    let mut splitter = Splitter::<DELIMITER, _> {
        text,
        ends: vec![0; columns],
        fields: 0,
        record: 0,
        lines: 0,
        each,
    };
    let (groups, rest) = bytes.as_chunks::<64>();
    for (group, base) in groups.iter().zip((0..).step_by(64)) {
        let mut low = low_bytes(group);
        while low != 0 {
            splitter.look_at(base + low.trailing_zeros() as usize)?;
            low &= low - 1;
        }
    }
    (bytes.len() - rest.len()..bytes.len()).try_for_each(|at| splitter.look_at(at))?;
    splitter.end_text()?;
    Some(splitter.lines)
}

struct Splitter<'t, const DELIMITER: u8, F> {
    text: &'t str,
    /// Where the fields of the record so far end; those beyond `fields` are of an earlier one.
    ends: Vec<usize>,
    fields: usize,
    /// Where the record begins.
    record: usize,
    lines: u64,
    each: F,
}

impl<'t, const DELIMITER: u8, F> Splitter<'t, DELIMITER, F>
where
    F: FnMut(u64, Fields<'t, '_>) -> Option<()>,
{
    #[inline(always)]
    fn look_at(&mut self, position: usize) -> Option<()> {
        match self.text.as_bytes().get(position) {
            Some(byte) if *byte == DELIMITER => self.end_field(position),
            Some(b'\n') => {
                self.end_record(position)?;
                self.lines += 1;
                Some(())
            }
            Some(b'\r') => {
                self.end_record(position)?;
                // Before a newline, it is the newline that ends the line.
                let half = self.text.as_bytes().get(position + 1) == Some(&b'\n');
                self.lines += u64::from(!half);
                Some(())
            }
            _ => Some(()),
        }
    }

    #[inline(always)]
    fn end_field(&mut self, position: usize) -> Option<()> {
        *self.ends.get_mut(self.fields)? = position;
        self.fields += 1;
        Some(())
    }

    fn end_record(&mut self, position: usize) -> Option<()> {
        let start = std::mem::replace(&mut self.record, position + 1);
        if self.fields == 0 && start == position {
            return Some(());
        }
        self.end_field(position)?;
        if std::mem::take(&mut self.fields) != self.ends.len() {
            return None;
        }
        let fields = Fields {
            text: self.text,
            start,
            ends: &self.ends,
        };
        (self.each)(self.lines, fields)
    }

    /// Ends a record whose line end is missing.
    fn end_text(&mut self) -> Option<()> {
        let len = self.text.len();
        if self.record < len {
            self.end_record(len)?;
        }
        Some(())
    }
}

/// A bit for each byte that is at most a comma, the first in the lowest: few others are but line
/// ends.
#[inline(always)]
fn low_bytes(group: &[u8; 64]) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    // Brings the highest bit of each byte into the topmost byte, in order.
    const GATHER: u64 = 0x0002_0408_1020_4081;
    let words = group.as_chunks::<8>().0;
    words.iter().rev().fold(0, |bits, word| {
        let word = u64::from_le_bytes(*word);
        let not_low = (word & (ONES * 0x7f)) + ONES * (0x7f - b',' as u64);
        let low = !(not_low | word) & (ONES * 0x80);
        bits << 8 | low.wrapping_mul(GATHER) >> 56
    })
}

#[cfg(test)]
mod tests;
