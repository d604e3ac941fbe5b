//! How values are told apart.

/// What ends a value, and what quotes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Stands between two values. A line feed where a record is one value.
    pub(crate) delimiter: u8,
    /// Whether a value that begins with a quote ends with one; otherwise quotes are plain text.
    pub(crate) quotes: bool,
    /// Whether places count records, not lines: line ends inside of quotes are then not counted.
    pub(crate) counts_records: bool,
}

impl Dialect {
    /// Commas and quotes.
    pub(crate) const CSV: Self = Self {
        delimiter: b',',
        quotes: true,
        counts_records: false,
    };
    /// Each line is one value.
    pub(crate) const LINES: Self = Self {
        delimiter: b'\n',
        quotes: false,
        counts_records: false,
    };

    /// Commas and quotes, in rows that stand for those of a file that is no text.
    #[cfg(feature = "parquet")]
    pub(crate) const ROWS: Self = Self {
        counts_records: true,
        ..Self::CSV
    };

    /// What places count.
    pub(crate) fn unit(self) -> &'static str {
        if self.counts_records { "row" } else { "line" }
    }

    /// What people call the delimiter.
    pub(super) fn delimiter_name(self) -> &'static str {
        match self.delimiter {
            b'\t' => "a tab",
            b';' => "a semicolon",
            b'|' => "a bar",
            _ => "a comma",
        }
    }
}
