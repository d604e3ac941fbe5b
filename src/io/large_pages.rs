//! Memory in large pages.

use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

/// A large page, as x86-64 and most others have it.
const LARGE_PAGE_BYTES: usize = 2 << 20;

/// Memory that is read at random: in large pages where the system has them, so that a read seldom
/// waits for the address of its page.
pub struct LargePages {
    pages: MmapMut,
    len: usize,
}

impl LargePages {
    /// So many zeros.
    ///
    /// # Errors
    /// When the system has no memory.
    pub fn zeroed(len: usize) -> std::io::Result<Self> {
        // Linux places whole large pages where they can be such.
        let mapped = match len >= LARGE_PAGE_BYTES {
            true => len.next_multiple_of(LARGE_PAGE_BYTES),
            false => len.max(1),
        };
        let pages = MmapMut::map_anon(mapped)?;
        #[cfg(target_os = "linux")]
        if len >= LARGE_PAGE_BYTES {
            // Where it is refused, small pages do.
            pages.advise(memmap2::Advice::HugePage).ok();
        }
        Ok(Self { pages, len })
    }
}

impl Deref for LargePages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.pages.get(..self.len).unwrap_or_default()
    }
}

impl DerefMut for LargePages {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.pages.get_mut(..self.len).unwrap_or_default()
    }
}
