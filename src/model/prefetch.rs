//! Asking for memory before it is needed.

const LINE_BYTES: usize = 64;

/// Asks for the cache lines of `items` without waiting for them. A lookup knows where all that it will
/// read lies before it reads any of it: asked for together, the lines come side by side.
#[inline(always)]
pub(crate) fn prefetch<T>(items: &[T]) {
    let (start, bytes) = (items.as_ptr().cast::<u8>(), size_of_val(items));
    let mut at = 0;
    while at < bytes {
        prefetch_line_at(start.wrapping_add(at));
        at += LINE_BYTES;
    }
    // What begins inside a line ends in one more.
    prefetch_line_at(start.wrapping_add(bytes.saturating_sub(1)));
}

/// Asks for the cache line in which `items` begin.
#[inline(always)]
pub(crate) fn prefetch_line<T>(items: &[T]) {
    prefetch_line_at(items.as_ptr());
}

/// Asks for the cache line of an address, whether or not anything lies there.
#[inline(always)]
pub(crate) fn prefetch_line_at<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        #[expect(unsafe_code, reason = "the standard library has no safe prefetch")]
        // SAFETY: a prefetch reads nothing that the program could see, and may be given any
        // address.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(address.cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
