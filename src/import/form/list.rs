//! The items of an impression, however they are written, to items joined by bars.

use crate::model::{Error, Result, shown};

/// What separates the items of an impression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListSeparator {
    /// `a|b`, as the contract has it.
    Bar,
    /// `a,b`; space around items is dropped.
    Comma,
    /// `a b`, with one or more spaces.
    Space,
    /// `["a", "b"]`; numbers are taken as they are written.
    Json,
}

impl ListSeparator {
    /// Hands each item to `each`.
    ///
    /// # Errors
    /// `InvalidInput` for what is no list, and for an item with a bar; what `each` gives.
    pub(super) fn items(self, text: &str, mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let mut checked = |item: &str| check_bars(item).and_then(|()| each(item));
        match self {
            Self::Bar => text.split('|').try_for_each(checked),
            Self::Comma => text.split(',').map(str::trim).try_for_each(checked),
            Self::Space => text.split_ascii_whitespace().try_for_each(checked),
            Self::Json => {
                let items: Vec<Scalar> = serde_json::from_str(text).map_err(|_| no_list(text))?;
                items.iter().try_for_each(|item| checked(&item.0))
            }
        }
    }
}

/// A string, or a number by its text.
struct Scalar(String);

impl<'de> serde::Deserialize<'de> for Scalar {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        let raw: &serde_json::value::RawValue = serde::Deserialize::deserialize(deserializer)?;
        scalar(raw.get())
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("neither string nor number"))
    }
}

/// The text of a JSON string, number or boolean; `None` of anything else.
pub(super) fn scalar(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        b'[' | b'{' | b'n' => None,
        _ => Some(json.to_owned()),
    }
}

/// Refuses an item that could not be told from two.
pub(in crate::import) fn check_bars(item: &str) -> Result<()> {
    if item.contains('|') {
        return Err(Error::invalid(format!(
            "the item {} holds a bar, which separates items in a store; leave it out of the id",
            shown(item)
        )));
    }
    Ok(())
}

fn no_list(text: &str) -> Error {
    Error::invalid(format!(
        "value {}: must be a list of item ids in JSON, such as [\"a\", \"b\"]; write one, or say how \
         items are separated (--list-separator)",
        shown(text)
    ))
}

/// Adds an item to those that stand behind `start`.
pub(super) fn push_item(text: &mut String, start: usize, item: &str) {
    if text.len() > start {
        text.push('|');
    }
    text.push_str(item);
}
