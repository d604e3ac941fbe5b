//! Asking for memory before it is needed.

/// Asks for the cache lines of `bytes`, without waiting for them. A lookup knows where all that it
/// will read lies before it reads any of it: asked for together, the lines come side by side.
#[inline(always)]
pub fn prefetch(bytes: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    {
        const LINE_BYTES: usize = 64;
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let lines = bytes.iter().step_by(LINE_BYTES).chain(bytes.last());
        for byte in lines {
            let line = std::ptr::from_ref(byte).cast();
            #[expect(unsafe_code, reason = "the standard library has no safe prefetch")]
            // SAFETY: a prefetch reads nothing that the program could see, and may be given any
            // address; this one is that of a borrowed byte.
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(line);
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = bytes;
}
