//! One CSV record, as bytes and as text.

/// One record: the bytes of its fields, unquoted.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Field behind field.
    bytes: &'a [u8],
    /// Where each field ends in `bytes`.
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    pub(crate) fn new(bytes: &'a [u8], ends: &'a [usize]) -> Self {
        Self { bytes, ends }
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = &'a [u8]> {
        let bytes = self.bytes;
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let field = bytes.get(from..*end).unwrap_or_default();
            from = *end;
            field
        })
    }

    /// The fields as text, or the position of the first that is not UTF-8.
    pub(crate) fn text(&self) -> std::result::Result<RecordText<'a>, usize> {
        // A character that two fields share makes the whole valid, but not the fields.
        let whole = std::str::from_utf8(self.bytes).ok();
        let whole = whole.filter(|text| self.ends.iter().all(|end| text.is_char_boundary(*end)));
        match whole {
            Some(text) => Ok(RecordText {
                text,
                ends: self.ends,
            }),
            None => {
                let broken = |field: &[u8]| std::str::from_utf8(field).is_err();
                Err(self.fields().position(broken).unwrap_or(0))
            }
        }
    }
}

/// A record whose fields are all UTF-8.
#[derive(Clone, Copy)]
pub(crate) struct RecordText<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> RecordText<'a> {
    pub(crate) fn fields(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let text = self.text;
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let field = text.get(from..*end).unwrap_or_default();
            from = *end;
            field
        })
    }
}
