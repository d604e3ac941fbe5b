//! What must not be used, nor dropped, in a process that was forked.

use pyo3::prelude::*;

use crate::errors;

/// A value of the process that made it. In a process that was forked from it the value's threads are not
/// there and its files are the parent's: it is neither used nor dropped there.
pub struct Held<T> {
    value: Option<T>,
    process: u32,
}

impl<T> Held<T> {
    pub fn new(value: T) -> Self {
        Self {
            value: Some(value),
            process: std::process::id(),
        }
    }

    /// The value.
    ///
    /// # Errors
    /// `ForkedError` in another process.
    pub fn get(&self) -> PyResult<&T> {
        match &self.value {
            Some(value) if self.is_at_home() => Ok(value),
            _ => Err(errors::forked()),
        }
    }

    /// The value, to change it; `None` in another process.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        if self.is_at_home() {
            self.value.as_mut()
        } else {
            None
        }
    }

    fn is_at_home(&self) -> bool {
        self.process == std::process::id()
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if !self.is_at_home() {
            #[expect(
                clippy::mem_forget,
                reason = "dropping would wait for threads that were not forked, and remove the parent's files"
            )]
            std::mem::forget(self.value.take());
        }
    }
}
