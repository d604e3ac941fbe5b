//! One validated row, borrowed, as it walks from a parser or a batch into a tier.

/// One cell of a row.
///
/// Numbers are carried as bits, so that every layer below treats them alike: int and long as
/// two's complement with the sign bit turned (so that their order is that of the unsigned bits),
/// float and double as their IEEE bits, boolean as 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// A string; an impression list is its item ids joined by bars.
    Text(&'a str),
    /// A number or a boolean.
    Bits(u64),
}

impl Cell<'_> {
    const SIGN: u64 = 1 << 63;

    /// The cell of an integer.
    pub fn of_i64(value: i64) -> Self {
        Self::Bits(value as u64 ^ Self::SIGN)
    }

    /// The integer that an int or long cell's bits stand for.
    pub fn i64_of_bits(bits: u64) -> i64 {
        (bits ^ Self::SIGN) as i64
    }
}

/// The bits that stand for a float.
pub fn bits_of_f32(value: f32) -> u64 {
    u64::from(value.to_bits())
}

/// The float that bits stand for; bits beyond the lower 32 do not occur.
pub fn f32_of_bits(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

/// The items of an impression, which are joined by bars. Items are short, so a loop finds a bar
/// sooner than a search that has to be set up.
pub(crate) fn items_of(joined: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(joined);
    std::iter::from_fn(move || {
        let text = rest?;
        let bar = text.bytes().position(|byte| byte == b'|');
        rest = bar.and_then(|bar| text.get(bar + 1..));
        text.get(..bar.unwrap_or(text.len()))
    })
}

/// A validated row. `cells` holds one cell for each schema field, by position; those of the user
/// and the timestamp are null, since they stand apart.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// `USER_ID`.
    pub user: &'a str,
    /// `TIMESTAMP`.
    pub timestamp: i64,
    /// The other fields.
    pub cells: &'a [Cell<'a>],
}

/// Memory for the cells of one row after another.
#[derive(Debug, Default)]
pub struct CellBuffer(Vec<Cell<'static>>);

impl CellBuffer {
    /// An empty vector of cells with the memory of the last one.
    pub fn take<'a>(&mut self) -> Vec<Cell<'a>> {
        std::mem::take(&mut self.0)
    }

    /// Takes a vector's memory back.
    pub fn put_back(&mut self, mut cells: Vec<Cell<'_>>) {
        cells.clear();
        // An empty vector of one lifetime becomes one of another; collecting reuses its memory.
        self.0 = cells.into_iter().map(|_| Cell::Null).collect();
    }
}
