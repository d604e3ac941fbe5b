//! What a filter is given with a request, beside the user and the candidates.

use std::borrow::Cow;

use super::number::Held;
use super::parameters::Parameter;
use crate::model::{DataType, Result};

/// Attributes of items, or of users, by their id: what a filter asks of the datasets Items and
/// Users, which a store does not hold. [`AttributeTable`](super::AttributeTable) is one over CSV
/// files; a host with its own catalog writes one in a few lines.
pub trait Attributes {
    /// The field with this name, without regard to ASCII case; `None` where there is none.
    fn field(&self, name: &str) -> Option<AttributeField>;

    /// The value of the field with this id, for one item or user. [`Attribute::Null`] where it has
    /// none, and where nothing is known about the item or user.
    ///
    /// # Errors
    /// Any; it ends the filter and is given to its caller.
    fn value(&self, id: &str, field: usize) -> Result<Attribute<'_>>;
}

/// A field of [`Attributes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttributeField {
    /// What [`Attributes::value`] knows it by.
    pub id: usize,
    /// The type of its values.
    pub data_type: DataType,
    /// Whether a string holds several values joined by bars, each of which can match.
    pub categorical: bool,
}

/// A value of [`Attributes`].
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute<'a> {
    /// No value.
    Null,
    /// A string.
    Text(Cow<'a, str>),
    /// An integer, of 32 or 64 bits.
    Integer(i64),
    /// A 32-bit floating point number.
    Float(f32),
    /// A 64-bit floating point number.
    Double(f64),
    /// A truth value. No filter asks about one.
    Boolean(bool),
}

impl Attribute<'_> {
    pub(super) fn held(&self) -> Option<Held> {
        match self {
            Self::Integer(integer) => Some(Held::Integer(*integer)),
            Self::Float(real) => Some(Held::Float(*real)),
            Self::Double(real) => Some(Held::Double(*real)),
            Self::Null | Self::Text(_) | Self::Boolean(_) => None,
        }
    }
}

/// What comes with one request: parameters, attributes of items and users, the item that the
/// request is about. The default is none of them.
///
/// ```
/// use annals::filter::FilterContext;
///
/// # fn main() -> annals::Result<()> {
/// let context = FilterContext::new()
///     .parameter("GENRE", r#""comedy","drama""#)?
///     .parameter("PRICE", "9.5")?
///     .current_item("tea");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct FilterContext<'a> {
    parameters: Vec<Parameter>,
    pub(super) items: Option<&'a dyn Attributes>,
    pub(super) users: Option<&'a dyn Attributes>,
    pub(super) current_item: Option<&'a str>,
}

impl<'a> FilterContext<'a> {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a parameter its values: strings in quotes with commas between them, all in one string,
    /// or one number. `name` is case-sensitive and without `$`; values given before are replaced.
    ///
    /// # Errors
    /// `InvalidInput` when the values are written otherwise.
    pub fn parameter(mut self, name: &str, values: &str) -> Result<Self> {
        let parameter = Parameter::parse(name, values)?;
        self.parameters.retain(|known| known.name != name);
        self.parameters.push(parameter);
        Ok(self)
    }

    /// Attributes of items: `Items.FIELD` and `CurrentItem.FIELD`.
    #[must_use]
    pub fn items(mut self, items: &'a dyn Attributes) -> Self {
        self.items = Some(items);
        self
    }

    /// Attributes of users: `Users.FIELD` and `CurrentUser.FIELD`.
    #[must_use]
    pub fn users(mut self, users: &'a dyn Attributes) -> Self {
        self.users = Some(users);
        self
    }

    /// The item that the request is about, such as the one whose page is shown.
    #[must_use]
    pub fn current_item(mut self, item: &'a str) -> Self {
        self.current_item = Some(item);
        self
    }

    pub(super) fn find(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|known| known.name == name)
    }

    pub(super) fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }
}
