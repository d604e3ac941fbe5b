//! Asking for memory before it is needed.

const LINE_BYTES: usize = 64;

/// Asks for the cache lines of `items`, none of which is larger than a line, without waiting for
/// them. A lookup knows where all that it will read lies before it reads any of it: asked for
/// together, the lines come side by side.
#[inline(always)]
pub(crate) fn prefetch<T>(items: &[T]) {
    let per_line = LINE_BYTES / size_of::<T>().clamp(1, LINE_BYTES);
    let mut rest = items;
    prefetch_line(rest);
    while rest.len() > per_line {
        rest = rest.get(per_line..).unwrap_or_default();
        prefetch_line(rest);
    }
    // Items that begin inside a line end in one more.
    if let Some(last) = items.last_chunk::<1>() {
        prefetch_line(last);
    }
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
