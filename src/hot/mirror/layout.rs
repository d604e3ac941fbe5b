//! Where a row's cells lie in its words.

use std::sync::Arc;

use super::strings::SharedDictionary;
use crate::model::{Cell, DataType, Error, Field, FieldId, Result, Role, Row, Schema, items_of};

const FLAGS: usize = u32::BITS as usize;

/// Where the cell of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hot) enum CellPlace {
    /// Not among the words: the user, the timestamp.
    Apart,
    /// A string's code; 0 is null.
    Code(usize),
    /// A number of at most 32 bits, and the flag that says it is not null.
    Narrow(usize, usize),
    /// A number of 64 bits, lower half first, and its flag.
    Wide(usize, usize),
    /// One more than where the list begins among the user's lists; 0 is null.
    List(usize),
}

/// The words of a row: flags of the numbers, then the cells in the order of the schema.
pub(in crate::hot) struct Layout {
    places: Vec<CellPlace>,
    stride: usize,
    item: Option<usize>,
    event_type: Option<usize>,
}

impl Layout {
    pub(in crate::hot) fn new(schema: &Schema) -> Self {
        let is_number = |field: &&Field| {
            field.data_type() != DataType::String && field.role() != Role::Timestamp
        };
        let numbers = schema.fields().iter().filter(is_number).count();
        let mut stride = numbers.div_ceil(FLAGS);
        let mut flag = 0;
        let mut places = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let place = match (field.role(), field.data_type()) {
                (Role::User | Role::Timestamp, _) => CellPlace::Apart,
                (Role::Impression, _) => CellPlace::List(stride),
                (_, DataType::String) => CellPlace::Code(stride),
                (_, DataType::Float | DataType::Boolean) => CellPlace::Narrow(stride, flag),
                (_, DataType::Int | DataType::Long | DataType::Double) => {
                    CellPlace::Wide(stride, flag)
                }
            };
            let (words, flags) = match place {
                CellPlace::Apart => (0, 0),
                CellPlace::Code(_) | CellPlace::List(_) => (1, 0),
                CellPlace::Narrow(..) => (1, 1),
                CellPlace::Wide(..) => (2, 1),
            };
            stride += words;
            flag += flags;
            places.push(place);
        }
        let word_of = |id: FieldId| match places.get(id) {
            Some(CellPlace::Code(word)) => Some(*word),
            _ => None,
        };
        Self {
            item: word_of(schema.item()),
            event_type: schema.position_of(Role::EventType).and_then(word_of),
            places,
            stride,
        }
    }

    /// One place for each schema field.
    pub(in crate::hot) fn places(&self) -> &[CellPlace] {
        &self.places
    }

    /// The word of the item's code.
    pub(in crate::hot) fn item(&self) -> Option<usize> {
        self.item
    }

    /// The word of the event type's code.
    pub(in crate::hot) fn event_type(&self) -> Option<usize> {
        self.event_type
    }
}

/// A row as words, before it is known where its list will lie.
#[derive(Default)]
pub(in crate::hot) struct Words {
    pub(in crate::hot) words: Vec<u32>,
    /// The word that takes the list's place, where there is a list.
    pub(super) list_word: Option<usize>,
    pub(in crate::hot) list: Vec<u32>,
}

impl Words {
    /// Takes a row's cells, giving its strings codes of `dictionaries`, one for each field.
    ///
    /// # Errors
    /// `InvalidInput` when a dictionary is full; `Internal` when cells do not fit their fields.
    pub(in crate::hot) fn fill(
        &mut self,
        layout: &Layout,
        dictionaries: &[Option<Arc<SharedDictionary>>],
        given: &Row<'_>,
    ) -> Result<()> {
        self.words.clear();
        self.words.resize(layout.stride, 0);
        self.list.clear();
        self.list_word = None;
        if given.cells.len() != layout.places.len() || dictionaries.len() != layout.places.len() {
            return Err(unfit());
        }
        let places = layout.places.iter().zip(dictionaries);
        for ((place, dictionary), cell) in places.zip(given.cells) {
            match (*place, *cell, dictionary) {
                (CellPlace::Code(word), Cell::Text(text), Some(strings)) => {
                    self.set(word, strings.intern(text)?);
                }
                (CellPlace::List(word), Cell::Text(joined), Some(strings)) => {
                    for item in items_of(joined) {
                        self.list.push(strings.intern(item)?);
                    }
                    self.list_word = Some(word);
                }
                (CellPlace::Narrow(word, flag), Cell::Bits(bits), _) => {
                    self.set(word, bits as u32);
                    self.flag(flag);
                }
                (CellPlace::Wide(word, flag), Cell::Bits(bits), _) => {
                    self.set(word, bits as u32);
                    self.set(word + 1, (bits >> 32) as u32);
                    self.flag(flag);
                }
                (CellPlace::Apart, ..) | (_, Cell::Null, _) => {}
                _ => return Err(unfit()),
            }
        }
        Ok(())
    }

    fn set(&mut self, word: usize, value: u32) {
        if let Some(slot) = self.words.get_mut(word) {
            *slot = value;
        }
    }

    fn flag(&mut self, flag: usize) {
        if let Some(slot) = self.words.get_mut(flag_word(flag)) {
            *slot |= 1 << (flag % FLAGS);
        }
    }
}

fn unfit() -> Error {
    Error::internal("a row whose cells do not fit the schema was taken for checked")
}

/// The word of a row that holds a flag.
pub(super) fn flag_word(flag: usize) -> usize {
    flag / FLAGS
}

/// Whether a flag is set in its word.
#[inline]
pub(in crate::hot) fn is_set(word: u32, flag: usize) -> bool {
    word >> (flag % FLAGS) & 1 == 1
}
