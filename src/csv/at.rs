//! What the next byte of a CSV file means.

/// Where a byte stands; what it means depends on what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Where a field begins, and so a record.
    FieldStart,
    /// In a field that began without a quote; quotes are plain text there.
    Unquoted,
    /// Inside of quotes.
    Quoted,
    /// Behind a quote inside of quotes: their end, or the first of two that stand for one.
    Quote,
}

impl At {
    /// Where the byte behind `byte` stands; `None` when `byte` may not stand here: it follows a
    /// closing quote and ends neither field nor record.
    #[inline(always)]
    pub(crate) fn behind(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Quoted, b'"') => Self::Quote,
            (Self::Quoted, _) => Self::Quoted,
            (Self::FieldStart | Self::Quote, b'"') => Self::Quoted,
            (_, b',' | b'\n' | b'\r') => Self::FieldStart,
            (Self::Quote, _) => return None,
            (Self::FieldStart | Self::Unquoted, _) => Self::Unquoted,
        })
    }
}
