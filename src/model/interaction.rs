//! One event as a host hands it over.

use std::borrow::Cow;

use super::{Cell, Row};

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// For fields of type string. Empty is null. In `IMPRESSION`, item ids joined by bars.
    String(String),
    /// For fields of type int, and where it fits also long, float and double.
    Int(i32),
    /// For fields of type long, and where it fits also int, float and double.
    Long(i64),
    /// For fields of type float and double.
    Float(f32),
    /// For fields of type double, and float, where it is rounded to the nearest.
    Double(f64),
    /// For fields of type boolean.
    Boolean(bool),
    /// Item ids, for `IMPRESSION`; empty is null.
    Items(Vec<String>),
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),*) => {$(
        impl From<$from> for Value {
            #[inline]
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}
value_from!(&str => String, String => String, i32 => Int, i64 => Long, f32 => Float, f64 => Double, bool => Boolean);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What one user did to one item, in one moment.
///
/// Fields beyond the three required ones are set by their schema name with [`Interaction::with`];
/// names and values are checked when the interaction is written, against the rules of the
/// interactions dataset contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Interaction {
    pub(crate) user_id: String,
    pub(crate) item_id: String,
    pub(crate) timestamp: i64,
    pub(crate) fields: Vec<(Cow<'static, str>, Value)>,
}

impl Interaction {
    /// Fields that most interactions have at most: memory for them is taken at once.
    const USUAL_FIELDS: usize = 8;

    /// An interaction of `user_id` with `item_id` at `timestamp` (Unix epoch seconds, from 0).
    pub fn new(user_id: impl Into<String>, item_id: impl Into<String>, timestamp: i64) -> Self {
        Self {
            user_id: user_id.into(),
            item_id: item_id.into(),
            timestamp,
            fields: Vec::with_capacity(Self::USUAL_FIELDS),
        }
    }

    /// `USER_ID`.
    pub fn user(&self) -> &str {
        &self.user_id
    }

    /// `TIMESTAMP`, in Unix epoch seconds.
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// Whether any value is a list of items.
    pub(crate) fn has_lists(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|(_, value)| matches!(value, Value::Items(_)))
    }

    /// The row of these cells.
    pub(crate) fn row<'a>(&'a self, cells: &'a [Cell<'a>]) -> Row<'a> {
        Row {
            user: &self.user_id,
            timestamp: self.timestamp,
            cells,
        }
    }

    /// Sets a field by its schema name, once. A field that is not set is null.
    #[must_use]
    #[inline]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Sets `EVENT_TYPE`.
    #[must_use]
    pub fn event_type(self, event_type: impl Into<String>) -> Self {
        self.with("EVENT_TYPE", event_type.into())
    }

    /// Sets `EVENT_VALUE`.
    #[must_use]
    pub fn event_value(self, event_value: f32) -> Self {
        self.with("EVENT_VALUE", event_value)
    }

    /// Sets `IMPRESSION` to the items that were on the screen.
    #[must_use]
    pub fn impression<I: Into<String>>(self, items: impl IntoIterator<Item = I>) -> Self {
        self.with(
            "IMPRESSION",
            Value::Items(items.into_iter().map(Into::into).collect()),
        )
    }
}
