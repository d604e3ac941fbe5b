//! Codes in the order in which their strings are copied.

/// Codes to be taken from the front or from the back.
pub(crate) trait CodeOrder: Copy {
    /// How many there are.
    fn len(self) -> usize;

    /// The codes in groups, and those that fill none aside.
    fn groups<const COUNT: usize>(self) -> impl Iterator<Item = [u32; COUNT]>;

    /// The first so many, or all where there are fewer, and those behind them.
    fn split(self, count: usize) -> (Self, Self);

    /// They as they lie in memory.
    fn as_slice(&self) -> &[u32];

    /// The first one.
    fn first(self) -> Option<u32> {
        self.groups().next().map(|[first]| first)
    }
}

/// The first code first.
#[derive(Clone, Copy)]
pub(crate) struct Forwards<'a>(pub(crate) &'a [u32]);

/// The last code first.
#[derive(Clone, Copy)]
pub(crate) struct Backwards<'a>(pub(crate) &'a [u32]);

impl CodeOrder for Forwards<'_> {
    #[inline(always)]
    fn len(self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn groups<const COUNT: usize>(self) -> impl Iterator<Item = [u32; COUNT]> {
        self.0.as_chunks().0.iter().copied()
    }

    #[inline(always)]
    fn split(self, count: usize) -> (Self, Self) {
        let (first, rest) = self.0.split_at_checked(count).unwrap_or((self.0, &[]));
        (Self(first), Self(rest))
    }

    #[inline(always)]
    fn as_slice(&self) -> &[u32] {
        self.0
    }
}

impl CodeOrder for Backwards<'_> {
    #[inline(always)]
    fn len(self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn groups<const COUNT: usize>(self) -> impl Iterator<Item = [u32; COUNT]> {
        let groups = self.0.as_rchunks().1.iter().rev();
        groups.map(
            #[inline(always)]
            |group| {
                let mut turned = *group;
                turned.reverse();
                turned
            },
        )
    }

    #[inline(always)]
    fn split(self, count: usize) -> (Self, Self) {
        let rest = self.0.len().saturating_sub(count);
        let (rest, first) = self.0.split_at_checked(rest).unwrap_or((&[], self.0));
        (Self(first), Self(rest))
    }

    #[inline(always)]
    fn as_slice(&self) -> &[u32] {
        self.0
    }
}
