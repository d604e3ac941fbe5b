//! What tells stores apart.

use std::fmt;

/// The identity of a store: 16 random bytes that its files carry, so that a file of another store is
/// told from one of its own. Copies of a store keep it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StoreId(pub(crate) [u8; StoreId::BYTES]);

impl StoreId {
    pub(crate) const BYTES: usize = 16;
}

impl fmt::Display for StoreId {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
