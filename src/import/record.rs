//! One CSV record, as bytes and as text.

/// One record: the bytes of its fields, unquoted.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    bytes: &'a [u8],
    /// Where each field begins and ends in `bytes`.
    bounds: &'a [(usize, usize)],
}

impl<'a> Record<'a> {
    pub(super) fn new(bytes: &'a [u8], bounds: &'a [(usize, usize)]) -> Self {
        Self { bytes, bounds }
    }

    pub(super) fn len(&self) -> usize {
        self.bounds.len()
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &'a [u8]> {
        let bytes = self.bytes;
        self.bounds
            .iter()
            .map(move |(from, to)| bytes.get(*from..*to).unwrap_or_default())
    }

    /// The fields as text, or the position of the first that is not UTF-8.
    pub(super) fn text(&self) -> std::result::Result<RecordText<'a>, usize> {
        let bounds = self.bounds;
        if let Ok(text) = std::str::from_utf8(self.bytes) {
            // Fields may lie side by side, so a character that spans two must be looked for.
            let split = |(from, to): &(usize, usize)| text.get(*from..*to).is_none();
            return match bounds.iter().position(split) {
                None => Ok(RecordText { text, bounds }),
                Some(field) => Err(field),
            };
        }
        let broken = |field: &[u8]| std::str::from_utf8(field).is_err();
        Err(self.fields().position(broken).unwrap_or(0))
    }
}

/// A record whose fields are all UTF-8.
#[derive(Clone, Copy)]
pub(super) struct RecordText<'a> {
    text: &'a str,
    bounds: &'a [(usize, usize)],
}

impl<'a> RecordText<'a> {
    pub(super) fn fields(&self) -> impl Iterator<Item = &'a str> {
        let text = self.text;
        self.bounds
            .iter()
            .map(move |(from, to)| text.get(*from..*to).unwrap_or_default())
    }
}
