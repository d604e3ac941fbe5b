//! Asking for memory before it is needed.

const LINE_BYTES: usize = 64;

/// Asks for the cache lines of `bytes`, without waiting for them. A lookup knows where all that it
/// will read lies before it reads any of it: asked for together, the lines come side by side.
#[inline(always)]
pub fn prefetch(bytes: &[u8]) {
    let mut rest = bytes;
    prefetch_line(rest);
    while let Some((_, behind)) = rest.split_first_chunk::<LINE_BYTES>() {
        rest = behind;
        prefetch_line(rest);
    }
    // Bytes that begin inside a line end in one more.
    if let Some(last) = bytes.last_chunk::<1>() {
        prefetch_line(last);
    }
}

/// Asks for the cache line in which `values` begin.
#[inline(always)]
pub fn prefetch_line<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        #[expect(unsafe_code, reason = "the standard library has no safe prefetch")]
        // SAFETY: a prefetch reads nothing that the program could see, and may be given any
        // address; this one is that of a borrowed slice.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}
