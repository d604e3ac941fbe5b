//! A digest of interactions that does not depend on how they are stored.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128_with_seed};

use super::per_code::PerCode;
use crate::column::{Column, Columns};
use crate::model::{Error, FieldId, Result, Schema};

/// How many interactions, and a digest of them: of the multiset of their values and origins, without
/// sequence numbers.
///
/// Equal for equal content, whatever the segments, tiers or threads, and whatever the order. It is the
/// sum, modulo 2^128, of a hash of each interaction, so that the digest of two sets is the sum of theirs.
/// It tells a difference but for a chance of about 2^-64; it is no proof against forgery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Content {
    /// Interactions.
    pub rows: u64,
    /// The sum of their hashes.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub digest: u128,
}

impl fmt::Display for Content {
    /// The digest as 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.digest)
    }
}

impl Content {
    /// The content of both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            digest: self.digest.wrapping_add(other.digest),
        }
    }
}

fn to_hex<S: Serializer>(digest: &u128, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_str(&format!("{digest:032x}"))
}

fn from_hex<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<u128, D::Error> {
    let text = String::deserialize(from)?;
    u128::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
}

/// Hashes rows of columns. What a row hashes to depends on the chosen fields' names and types, on its
/// values, and where it is asked for on its origin.
pub(super) struct RowHashes {
    user: FieldId,
    timestamp: FieldId,
    item: FieldId,
    fields: Vec<FieldId>,
    /// The hash of the fields' names and types.
    seed: u64,
    /// Hashes of strings, by field.
    texts: Vec<PerCode<u64>>,
    /// That of the user looked at last.
    last_user: Option<(u32, u64)>,
    words: Vec<u64>,
    list: Vec<u64>,
}

impl RowHashes {
    /// Of the fields whose flag is set.
    pub(super) fn new(schema: &Schema, asked: &[bool]) -> Self {
        let mut fields = Vec::new();
        let mut names = String::new();
        for (id, field) in schema.fields().iter().enumerate() {
            if asked.get(id) == Some(&true) {
                fields.push(id);
                names.push_str(field.name());
                names.push(':');
                names.push_str(field.data_type().name());
                names.push('\n');
            }
        }
        let mut texts = Vec::new();
        texts.resize_with(schema.fields().len(), PerCode::default);
        Self {
            user: schema.user(),
            timestamp: schema.timestamp(),
            item: schema.item(),
            fields,
            seed: xxh3_64(names.as_bytes()),
            texts,
            last_user: None,
            words: Vec::new(),
            list: Vec::new(),
        }
    }

    /// Turns to a batch; to be called before its rows are hashed.
    pub(super) fn turn_to(&mut self, columns: &Columns) {
        self.last_user = None;
        for (texts, strings) in self.texts.iter_mut().zip(&columns.dictionaries) {
            if let Some(strings) = strings {
                texts.turn_to(strings);
            }
        }
    }

    /// The hash of a row; `recorded` is its origin, where that counts.
    pub(super) fn of(
        &mut self,
        columns: &Columns,
        row: usize,
        recorded: Option<bool>,
    ) -> Result<u128> {
        let mut words = std::mem::take(&mut self.words);
        words.clear();
        let mut nulls = 0u64;
        for nth in 0..self.fields.len() {
            let field = self.fields.get(nth).copied().unwrap_or(0);
            let word = self.word(columns, field, row)?;
            nulls = nulls.rotate_left(1) ^ u64::from(word.is_none());
            words.push(word.unwrap_or(0));
        }
        // Of more than 64 fields, two that are null may cancel out; their words are 0 all the same.
        words.push(nulls);
        words.push(recorded.map_or(0, |recorded| 1 + u64::from(recorded)));
        let hash = hash_of(&words, self.seed);
        self.words = words;
        Ok(hash)
    }

    /// What a value adds to the hash of its row; `None` for null.
    fn word(&mut self, columns: &Columns, field: FieldId, row: usize) -> Result<Option<u64>> {
        if field == self.timestamp {
            let at = columns.timestamps.get(row).copied();
            return at.map(|at| Some(at as u64)).ok_or_else(too_short);
        }
        if field == self.user {
            let code = columns.users.get(row).copied().ok_or_else(too_short)?;
            if let Some((known, hash)) = self.last_user
                && known == code
            {
                return Ok(Some(hash));
            }
            let hash = text_hash(columns.ids()?.get(code)?);
            self.last_user = Some((code, hash));
            return Ok(Some(hash));
        }
        let texts = &mut self.texts;
        match columns.fields.get(field) {
            Some(Column::Strings(codes)) => match codes.get(row).copied().ok_or_else(too_short)? {
                0 => Ok(None),
                code => {
                    let texts = texts.get_mut(field).ok_or_else(too_short)?;
                    texts.get(code, |text| Ok(text_hash(text))).map(Some)
                }
            },
            Some(Column::Numbers(numbers)) => Ok(numbers.get(row)),
            Some(Column::Lists(lists)) => {
                let codes = lists.get(row);
                if codes.is_empty() {
                    return Ok(None);
                }
                let texts = texts.get_mut(self.item).ok_or_else(too_short)?;
                self.list.clear();
                for code in codes {
                    self.list
                        .push(texts.get(*code, |text| Ok(text_hash(text)))?);
                }
                Ok(Some(hash_of(&self.list, 0) as u64))
            }
            Some(Column::Absent) | None => Err(too_short()),
        }
    }
}

fn text_hash(text: &str) -> u64 {
    xxh3_64_with_seed(text.as_bytes(), text.len() as u64)
}

/// The hash of words, as little-endian bytes.
fn hash_of(words: &[u64], seed: u64) -> u128 {
    let mut bytes = [0u8; 512];
    let needed = words.len() * 8;
    if let Some(bytes) = bytes.get_mut(..needed) {
        for (slot, word) in bytes.chunks_exact_mut(8).zip(words) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        return xxh3_128_with_seed(bytes, seed);
    }
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    xxh3_128_with_seed(&bytes, seed)
}

fn too_short() -> Error {
    Error::internal("a column that a digest needs was not read")
}
