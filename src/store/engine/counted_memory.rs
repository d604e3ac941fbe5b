//! Memory that is counted among that of others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that something takes, as it says from time to time, among those that all of its kind take.
pub(in crate::store) struct CountedMemory {
    all: Arc<AtomicUsize>,
    own: usize,
}

impl CountedMemory {
    pub(in crate::store) fn new(all: Arc<AtomicUsize>) -> Self {
        Self { all, own: 0 }
    }

    pub(in crate::store) fn set(&mut self, bytes: usize) {
        self.all.fetch_add(bytes, Ordering::Relaxed);
        let before = std::mem::replace(&mut self.own, bytes);
        self.all.fetch_sub(before, Ordering::Relaxed);
    }
}

impl Drop for CountedMemory {
    fn drop(&mut self) {
        self.set(0);
    }
}
