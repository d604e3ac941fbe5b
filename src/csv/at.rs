//! What the next byte of a CSV file means.

use super::dialect::Dialect;

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
    pub(crate) fn behind(self, byte: u8, dialect: Dialect) -> Option<Self> {
        let is_quote = byte == b'"' && dialect.quotes;
        let is_end = byte == dialect.delimiter || matches!(byte, b'\n' | b'\r');
        Some(match self {
            Self::Quoted if is_quote => Self::Quote,
            Self::Quoted => Self::Quoted,
            Self::FieldStart | Self::Quote if is_quote => Self::Quoted,
            _ if is_end => Self::FieldStart,
            Self::Quote => return None,
            Self::FieldStart | Self::Unquoted => Self::Unquoted,
        })
    }
}
