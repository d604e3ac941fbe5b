//! Dictionaries that say more or other than what lies on disk.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use crate::column::{Dictionary, Strings, index_of, no_such_code};
use crate::model::{Result, shown_user};
use crate::text::TextRoom;

/// The users of a segment with sessions, which are called by their id.
pub(in crate::store) struct ShownUsers(pub(in crate::store) Arc<dyn Strings>);

impl Strings for ShownUsers {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, code: u32) -> Result<&str> {
        self.0.get(code).map(shown_user)
    }

    fn read<'a>(&'a self, code: u32, room: &'a mut TextRoom) -> Result<&'a str> {
        self.0.read(code, room).map(shown_user)
    }

    fn buffers(&self) -> Result<(Bytes, Bytes)> {
        copied(self)
    }
}

/// A dictionary with strings behind its own.
pub(super) struct Extended {
    base: Arc<dyn Strings>,
    /// How many strings the base had; it may have grown since.
    len: usize,
    more: Vec<String>,
    codes: HashMap<String, u32, Xxh3DefaultBuilder>,
}

impl Extended {
    pub(in crate::store) fn new(base: Arc<dyn Strings>) -> Self {
        Self {
            len: base.len(),
            base,
            more: Vec::new(),
            codes: HashMap::default(),
        }
    }

    /// The code of a string among those behind; it may also stand in the base.
    pub(in crate::store) fn intern(&mut self, text: &str) -> u32 {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        self.more.push(text.to_owned());
        let code = self.len() as u32;
        self.codes.insert(text.to_owned(), code);
        code
    }
}

impl Strings for Extended {
    fn len(&self) -> usize {
        self.len + self.more.len()
    }

    fn get(&self, code: u32) -> Result<&str> {
        let index = index_of(code, self.len());
        match index.map(|index| index.checked_sub(self.len)) {
            Some(None) => self.base.get(code),
            Some(Some(more)) => {
                let text = self.more.get(more).map(String::as_str);
                text.ok_or_else(|| no_such_code(code, self.len()))
            }
            // That of a damaged column is outside of what the column's dictionary has, too.
            None => Err(match self.base.get(code) {
                Err(error) => error,
                Ok(_) => no_such_code(code, self.len()),
            }),
        }
    }

    fn buffers(&self) -> Result<(Bytes, Bytes)> {
        copied(self)
    }
}

fn copied(strings: &dyn Strings) -> Result<(Bytes, Bytes)> {
    let mut copy = Dictionary::default();
    let mut room = TextRoom::default();
    for code in 1..=strings.len() as u32 {
        copy.push(strings.read(code, &mut room)?)?;
    }
    copy.buffers()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dictionary(texts: &[&str]) -> Arc<dyn Strings> {
        let mut dictionary = Dictionary::default();
        for text in texts {
            dictionary.push(text).unwrap();
        }
        Arc::new(dictionary)
    }

    fn texts(strings: &dyn Strings) -> Vec<String> {
        let (offsets, text) = strings.buffers().unwrap();
        let offsets: Vec<usize> = offsets
            .chunks_exact(4)
            .map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()) as usize)
            .collect();
        let laid_out = offsets
            .windows(2)
            .map(|pair| String::from_utf8(text[pair[0]..pair[1]].to_vec()).unwrap());
        let laid_out: Vec<String> = laid_out.collect();
        for (code, text) in (1..).zip(&laid_out) {
            assert_eq!(strings.get(code).unwrap(), text);
        }
        assert!(strings.get(laid_out.len() as u32 + 1).is_err());
        laid_out
    }

    #[test]
    fn a_dictionary_is_extended_behind_its_end() {
        let mut extended = Extended::new(dictionary(&["tea", "cake"]));
        let codes = ["jam", "tea", "jam"].map(|text| extended.intern(text));
        assert_eq!(codes, [3, 4, 3]);
        assert_eq!(texts(&extended), ["tea", "cake", "jam", "tea"]);
    }

    #[test]
    fn sessions_are_shown_by_their_id() {
        let users = ShownUsers(dictionary(&["ann", "ann\0", "bob"]));
        assert_eq!(texts(&users), ["ann", "ann", "bob"]);
    }
}
