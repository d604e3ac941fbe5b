//! How much memory an import or a compaction may take, and what its steps need.

use crate::column::SortedRows;

/// Bytes of memory that one import or compaction may ask for: two thirds of what it may take, since
/// an allocator keeps much of what is let go in pieces.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct MemoryBudget {
    bytes: usize,
}

/// Bytes that a user takes while a segment is written, the id aside: where it stands in the memory of
/// the directory, and in the id's copies.
const USER_BYTES: usize = 64;

/// Bytes of rows on their way, at most: far below what a dictionary and 32-bit ends reach.
const MOST_PENDING_BYTES: usize = 256 << 20;

/// What rows may take, dictionaries included, whatever the budget: so many bytes for each distinct string, up
/// to so many in all. With less, most of each run and segment would be its dictionaries, and the number of them would
/// cost more memory than it saves, and time.
const STRING_BYTES: usize = 512;
const LEAST_BYTES: usize = 32 << 20;

impl MemoryBudget {
    pub(in crate::store) fn new(bytes: u64) -> Self {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Self {
            bytes: bytes / 3 * 2,
        }
    }

    /// All of them.
    pub(in crate::store) fn bytes(self) -> usize {
        self.bytes
    }

    /// What rows may take on their way, before they are in narrow columns: a part, and never so much
    /// that 32 bits could not count them.
    pub(in crate::store) fn pending_bytes(self) -> usize {
        (self.bytes / 16).min(MOST_PENDING_BYTES)
    }

    /// What a merge of an import's runs may take for each of them, however many they are.
    pub(in crate::store) fn merge_bytes(self) -> usize {
        self.bytes / 2
    }

    /// What the dictionaries of a merge may take where those of its sources are translated whole: writing
    /// a segment takes 5/2 of it.
    pub(in crate::store) fn whole_dictionary_bytes(self) -> usize {
        self.bytes / 6
    }

    /// What rows that wait to be written may take beside so many bytes: what is left, and a quarter at
    /// least. However much the other bytes and the dictionaries are, a segment has many rows, or each would cost more
    /// than its rows.
    pub(in crate::store) fn beside(self, others: usize, strings: usize) -> usize {
        let left = self.bytes.saturating_sub(others).max(self.bytes / 4);
        left.max(least_bytes(strings))
    }

    /// What rows that wait to be sorted may take beside batches of so many bytes: half, since their
    /// order, and the columns on their way into it, take nearly as much again. However large batches and
    /// dictionaries are, there is room for some rows, or each batch would become a run.
    pub(in crate::store) fn unsorted_bytes(self, batches: usize, strings: usize) -> usize {
        let left = self.bytes.saturating_sub(batches).max(self.bytes / 2) / 2;
        left.max(least_bytes(strings))
    }
}

/// Has glibc give free pages back to the system, those between pages in use included; other allocators do so
/// by themselves, or not at all. For the rows of 1 GiB it takes 6 to 19 ms, in which threads that ask for memory
/// may have to wait.
#[cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(
        unsafe_code,
        reason = "what was let go in pieces made an import of 100 million rows take up to 1,100 MB of 1,074"
    )
)]
pub(in crate::store) fn give_back_free_pages() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes no pointer, only touches memory that is free, and may be called at any time by any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Bytes that it takes to write rows that are in order: themselves; of each column that a thread works
/// on the codes that the file will have, and its part of the file; and of the dictionaries, beside
/// themselves, the counts and ranks of their strings, and their part of the file.
pub(super) fn needed_bytes(rows: &SortedRows, dictionaries: usize, threads: usize) -> usize {
    let memory = rows.memory_bytes();
    let columns = memory / 4 * (threads + 1).min(4);
    memory + columns + rows.users() * USER_BYTES + dictionaries * 5 / 2
}

fn least_bytes(strings: usize) -> usize {
    (strings * STRING_BYTES).min(LEAST_BYTES)
}
