//! How much there is of what 32 bits count.

/// Rows, and what comes with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowSizes {
    pub(crate) rows: usize,
    /// Items of all impressions.
    pub(crate) list_items: usize,
    /// Bytes of text in the dictionary that has the most.
    pub(crate) text_bytes: usize,
}

impl RowSizes {
    /// What one run or segment takes. The format holds 2^31 rows, columns of 4 GiB, which are 2^28 rows
    /// of the widest numbers and 2^29 items with room to spare, and 2 GiB of text; so what comes in one
    /// piece with the last rows, up to as much again, fits, too.
    pub(crate) const MOST: Self = Self {
        rows: 1 << 28,
        list_items: 1 << 29,
        text_bytes: 1 << 30,
    };

    /// Of these and others together, at most.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            rows: self.rows.saturating_add(other.rows),
            list_items: self.list_items.saturating_add(other.list_items),
            text_bytes: self.text_bytes.saturating_add(other.text_bytes),
        }
    }

    /// Whether there is as much of anything as of `most`.
    pub(crate) fn reaches(self, most: Self) -> bool {
        self.rows >= most.rows
            || self.list_items >= most.list_items
            || self.text_bytes >= most.text_bytes
    }
}
