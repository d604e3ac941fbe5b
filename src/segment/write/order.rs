//! The order that rows are to take, in two steps: first into parts, then to their places in them.
//!
//! The first step reads a column front to back and writes it in a few streams, the second moves within
//! a part, which a processor's cache holds. Taken in one step, nearly each value would be a cache miss.

use crate::column::Paged;

/// Rows in parts, each of neighbouring users. In a part they stand in the order of arrival.
pub struct RowParts {
    /// The part of each row, in the order of arrival.
    of_rows: Vec<u8>,
    /// Where the rows of each part begin.
    starts: [u32; RowParts::SLOTS],
}

impl RowParts {
    /// Slots for parts, so that any byte has one.
    pub(crate) const SLOTS: usize = 1 << u8::BITS;

    /// So many parts at most are used: as many streams as a processor writes well, and with ten
    /// million rows parts of some 300 kB a column.
    pub(crate) const MOST: usize = 1 << Self::MOST_BITS;
    pub(crate) const MOST_BITS: u32 = 7;

    pub(crate) fn new(of_rows: Vec<u8>, starts: [u32; Self::SLOTS]) -> Self {
        Self { of_rows, starts }
    }

    /// Values in the order of arrival, put into parts.
    pub(crate) fn apply<T: Copy + Default>(&self, values: impl Iterator<Item = T>) -> Vec<T> {
        let mut out = vec![T::default(); self.of_rows.len()];
        let mut next = self.starts;
        let mut parts = self.of_rows.iter();
        values.for_each(|value| {
            let Some(part) = parts.next() else { return };
            let at = &mut next[usize::from(*part)];
            if let Some(slot) = out.get_mut(*at as usize) {
                *slot = value;
            }
            *at += 1;
        });
        out
    }

    /// Lists in the order of arrival, put into parts: where each ends, and their items.
    fn apply_to_lists<T: Copy + Default>(
        &self,
        ends: Paged<u32>,
        items: Paged<T>,
    ) -> (Vec<u32>, Vec<T>) {
        let mut next = self.item_starts(&ends);
        let mut parted = vec![T::default(); items.len()];
        let mut items = items.into_values();
        let (mut before, mut parts) = (0, self.of_rows.iter());
        let ends = ends.into_values().map(|end| {
            let len = end - std::mem::replace(&mut before, end);
            let part = parts.next().copied().unwrap_or(0);
            let at = &mut next[usize::from(part)];
            let start = *at as usize;
            *at += len;
            if len > 0 {
                let slots = parted.get_mut(start..*at as usize).unwrap_or_default();
                slots
                    .iter_mut()
                    .zip(&mut items)
                    .for_each(|(slot, item)| *slot = item);
            }
            *at
        });
        let ends = self.apply(ends);
        (ends, parted)
    }

    /// Where the items of each part begin.
    fn item_starts(&self, ends: &Paged<u32>) -> [u32; Self::SLOTS] {
        let mut starts = [0; Self::SLOTS];
        let (mut before, mut parts) = (0, self.of_rows.iter());
        ends.pages().flatten().for_each(|end| {
            let part = parts.next().copied().unwrap_or(0);
            starts[usize::from(part)] += end - std::mem::replace(&mut before, *end);
        });
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        starts
    }
}

/// The order that rows are to take.
pub enum RowOrder {
    /// That in which they came.
    Kept {
        /// How many there are.
        rows: usize,
    },
    /// Another.
    Sorted {
        /// The first step.
        parts: Box<RowParts>,
        /// Which of the rows in parts comes at each place.
        places: Vec<u32>,
    },
}

impl RowOrder {
    /// How many rows there are.
    pub(in crate::segment) fn len(&self) -> usize {
        match self {
            Self::Kept { rows } => *rows,
            Self::Sorted { places, .. } => places.len(),
        }
    }

    /// What `of` makes of each value, in order. The pages are let go on the way.
    pub(in crate::segment) fn apply<T: Copy + Default, U>(
        &self,
        pages: Paged<T>,
        of: impl Fn(T) -> U,
    ) -> Vec<U> {
        match self {
            Self::Kept { rows } => {
                let mut out = Vec::with_capacity(*rows);
                pages
                    .into_pages()
                    .for_each(|page| out.extend(page.into_iter().map(&of)));
                out
            }
            Self::Sorted { parts, places } => {
                let parted = parts.apply(pages.into_values());
                let value = |at: &u32| parted.get(*at as usize).copied().unwrap_or_default();
                places.iter().map(|at| of(value(at))).collect()
            }
        }
    }

    /// Gives each list in order.
    pub(super) fn for_each_list<T: Copy + Default>(
        &self,
        ends: Paged<u32>,
        items: Paged<T>,
        mut each: impl FnMut(&[T]),
    ) {
        match self {
            Self::Kept { .. } => {
                let mut items = Pieces::new(items);
                let mut before = 0;
                ends.into_values().for_each(|end| {
                    let len = end.wrapping_sub(std::mem::replace(&mut before, end));
                    each(items.take(len as usize));
                });
            }
            Self::Sorted { parts, places } => {
                let (ends, items) = parts.apply_to_lists(ends, items);
                let end = |at: usize| ends.get(at).copied().unwrap_or(0) as usize;
                for at in places {
                    let at = *at as usize;
                    let start = at.checked_sub(1).map_or(0, end);
                    each(items.get(start..end(at)).unwrap_or_default());
                }
            }
        }
    }
}

/// Values in pages, piece by piece; each page is let go as the next is begun.
struct Pieces<T, P> {
    pages: P,
    page: Vec<T>,
    /// How many values of the page were taken.
    taken: usize,
    /// A piece that lies in several pages.
    joined: Vec<T>,
}

impl<T: Copy + Default> Pieces<T, ()> {
    fn new(values: Paged<T>) -> Pieces<T, impl Iterator<Item = Vec<T>>> {
        Pieces {
            pages: values.into_pages(),
            page: Vec::new(),
            taken: 0,
            joined: Vec::new(),
        }
    }
}

impl<T: Copy, P: Iterator<Item = Vec<T>>> Pieces<T, P> {
    /// The next `len` values, or what is left of them.
    fn take(&mut self, len: usize) -> &[T] {
        if len <= self.page.len() - self.taken {
            let start = self.taken;
            self.taken += len;
            return self.page.get(start..self.taken).unwrap_or_default();
        }
        self.joined.clear();
        while self.joined.len() < len {
            if self.taken == self.page.len() {
                let Some(page) = self.pages.next() else { break };
                (self.page, self.taken) = (page, 0);
            }
            let missing = len - self.joined.len();
            let rest = self.page.get(self.taken..).unwrap_or_default();
            let piece = rest.get(..missing).unwrap_or(rest);
            self.joined.extend_from_slice(piece);
            self.taken += piece.len();
        }
        &self.joined
    }
}
