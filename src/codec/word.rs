//! The integers that streams decode into.

/// An integer that a stream's values can be decoded into.
pub trait Word: Copy + Default + Ord + Send {
    /// The lower bits of `value` that fit.
    fn of(value: u64) -> Self;
    /// The value, widened.
    fn wide(self) -> u64;
}

impl Word for u8 {
    #[inline]
    fn of(value: u64) -> Self {
        value as u8
    }
    #[inline]
    fn wide(self) -> u64 {
        u64::from(self)
    }
}

impl Word for u16 {
    #[inline]
    fn of(value: u64) -> Self {
        value as u16
    }
    #[inline]
    fn wide(self) -> u64 {
        u64::from(self)
    }
}

impl Word for u32 {
    #[inline]
    fn of(value: u64) -> Self {
        value as u32
    }
    #[inline]
    fn wide(self) -> u64 {
        u64::from(self)
    }
}

impl Word for u64 {
    #[inline]
    fn of(value: u64) -> Self {
        value
    }
    #[inline]
    fn wide(self) -> u64 {
        self
    }
}

impl Word for i64 {
    #[inline]
    fn of(value: u64) -> Self {
        value as i64
    }
    #[inline]
    fn wide(self) -> u64 {
        self as u64
    }
}

/// Adds `base` to each value; what does not fit the word is lost.
#[inline(always)]
pub fn add_to_each<T: Word>(base: u64, values: &mut [T]) {
    for value in values {
        *value = T::of(value.wide().wrapping_add(base));
    }
}
