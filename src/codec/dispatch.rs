//! Decoding with the instructions that the processor has.
//!
//! The loops are written once, without intrinsics but for those of kernel.rs. Built for any x86-64
//! they lack shifts by a register without the flags (BMI2), counts of bits and wide vectors, so they
//! are built a second time with these, and which of the two runs is asked at run time. Closures inside of the loops say
//! `#[inline(always)]`, too: one that a compiler keeps apart is built without these instructions.

#[cfg(target_arch = "x86_64")]
use std::sync::LazyLock;

/// Whether the processor has every feature that [`with_features`] is built with.
#[cfg(target_arch = "x86_64")]
static HAS_FEATURES: LazyLock<bool> = LazyLock::new(|| {
    std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("lzcnt")
        && std::arch::is_x86_feature_detected!("popcnt")
});

/// Whether functions with these features may be called.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn has_features() -> bool {
    *HAS_FEATURES && !is_plain()
}

/// Runs `work`, which must be inlined to gain from it.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn dispatch<T>(work: impl FnOnce() -> T) -> T {
    if has_features() {
        #[expect(
            unsafe_code,
            reason = "a function with target features is unsafe to call"
        )]
        // SAFETY: the processor has every feature that the function is built with.
        return unsafe { with_features(work) };
    }
    work()
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(super) fn dispatch<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_features<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[cfg(not(test))]
#[inline(always)]
fn is_plain() -> bool {
    false
}

#[cfg(test)]
thread_local! {
    static IS_PLAIN: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[cfg(test)]
fn is_plain() -> bool {
    IS_PLAIN.get()
}

/// Runs `work` with the instructions that every processor has.
#[cfg(test)]
pub(super) fn plainly<T>(work: impl FnOnce() -> T) -> T {
    struct Plain;
    impl Drop for Plain {
        fn drop(&mut self) {
            IS_PLAIN.set(false);
        }
    }
    IS_PLAIN.set(true);
    let _plain = Plain;
    work()
}
