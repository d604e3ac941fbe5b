//! What is known of the strings of a dictionary, by code.

use std::sync::Arc;

use crate::column::Strings;
use crate::model::{Error, Result};
use crate::text::TextRoom;

/// A value for each string of one dictionary, made when it is first asked for.
pub(super) struct PerCode<T> {
    strings: Option<Arc<dyn Strings>>,
    known: Vec<Option<T>>,
}

impl<T> Default for PerCode<T> {
    fn default() -> Self {
        Self {
            strings: None,
            known: Vec::new(),
        }
    }
}

impl<T: Copy> PerCode<T> {
    /// Turns to a dictionary; what is known of another one is forgotten. To be called for each batch,
    /// since dictionaries grow.
    pub(super) fn turn_to(&mut self, strings: &Arc<dyn Strings>) {
        let same = self
            .strings
            .as_ref()
            .is_some_and(|known| std::ptr::addr_eq(Arc::as_ptr(known), Arc::as_ptr(strings)));
        if !same {
            self.known.clear();
            self.strings = Some(strings.clone());
        }
        if self.known.len() <= strings.len() {
            self.known.resize(strings.len() + 1, None);
        }
    }

    /// The value of the string with a code, which is not 0.
    ///
    /// # Errors
    /// Those of `make`, and of a string that is damaged.
    #[inline]
    pub(super) fn get(&mut self, code: u32, make: impl FnOnce(&str) -> Result<T>) -> Result<T> {
        if let Some(Some(known)) = self.known.get(code as usize) {
            return Ok(*known);
        }
        let strings = self.strings.as_ref();
        let strings = strings.ok_or_else(|| Error::internal("codes without a dictionary"))?;
        let made = make(strings.read(code, &mut TextRoom::default())?)?;
        if let Some(slot) = self.known.get_mut(code as usize) {
            *slot = Some(made);
        }
        Ok(made)
    }
}
