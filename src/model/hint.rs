//! What whoever scans wants of the values of a field, so that rows without it may be passed over.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ordered_word::ordered_double;
use super::{Cell, DataType, Error, FieldId, Result, Role, Schema, Value};

/// A condition on the values of one field, by which a scan passes over rows.
///
/// It is inexact: every row that meets all of a scan's hints comes; a row that does not may come, too. Whoever needs
/// exactly those that meet them looks at each row. Segments keep for every 1,024 rows how many values are null, the
/// lowest and the highest number, and, of a field with at most 64 different strings, which of them occur: where these tell that no row
/// of the 1,024 meets a hint, none of them is read. Rows of the hot tier all come.
///
/// Numbers are compared as numbers: 0.0 and -0.0 are equal. Strings are compared byte by byte.
/// Hints on `USER_ID`, `TIMESTAMP` and `IMPRESSION` are allowed, and change nothing: see [`ScanQuery::users`](super::ScanQuery::users)
/// and [`ScanQuery::time`](super::ScanQuery::time). Only [`Hint::null`] is met by null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    field: String,
    wanted: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Wanted {
    Null,
    NotNull,
    /// From the first to the second, both inside; `None` for no bound.
    Between(Option<Compared>, Option<Compared>),
    OneOf(Vec<Compared>),
}

/// A value that values of a field are compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Compared {
    Text(String),
    Integer(i64),
    /// The bits of a double.
    Number(u64),
    Boolean(bool),
    /// Null, or a list.
    Unfit,
}

impl From<Value> for Compared {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text),
            Value::Int(number) => Self::Integer(number.into()),
            Value::Long(number) => Self::Integer(number),
            Value::Float(number) => Self::Number(f64::from(number).to_bits()),
            Value::Double(number) => Self::Number(number.to_bits()),
            Value::Boolean(flag) => Self::Boolean(flag),
            Value::Null | Value::Items(_) => Self::Unfit,
        }
    }
}

impl Hint {
    fn new(field: impl Into<String>, wanted: Wanted) -> Self {
        Self {
            field: field.into(),
            wanted,
        }
    }

    /// The field is null.
    pub fn null(field: impl Into<String>) -> Self {
        Self::new(field, Wanted::Null)
    }

    /// The field is not null.
    pub fn not_null(field: impl Into<String>) -> Self {
        Self::new(field, Wanted::NotNull)
    }

    /// The field is this value.
    pub fn equal(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::one_of(field, [value])
    }

    /// The field is one of these values; no row where there are none.
    pub fn one_of<V: Into<Value>>(
        field: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(|value| value.into().into());
        Self::new(field, Wanted::OneOf(values.collect()))
    }

    /// The field is this value or above. For "above", too: bounds are inside.
    pub fn at_least(field: impl Into<String>, low: impl Into<Value>) -> Self {
        Self::new(field, Wanted::Between(Some(low.into().into()), None))
    }

    /// The field is this value or below. For "below", too: bounds are inside.
    pub fn at_most(field: impl Into<String>, high: impl Into<Value>) -> Self {
        Self::new(field, Wanted::Between(None, Some(high.into().into())))
    }

    /// The field lies between these values, or is one of them.
    pub fn between(
        field: impl Into<String>,
        low: impl Into<Value>,
        high: impl Into<Value>,
    ) -> Self {
        let bounds = [low.into(), high.into()].map(|bound| Some(Compared::from(bound)));
        let [low, high] = bounds;
        Self::new(field, Wanted::Between(low, high))
    }

    /// The field by its number, and what its values are tested by.
    ///
    /// # Errors
    /// `InvalidInput` for a field that the schema does not have, and a value of another type than the field's.
    pub(crate) fn resolve(&self, schema: &Schema) -> Result<FieldHint> {
        let field = schema.require(&self.field)?;
        let data_type = schema.fields().get(field).map(|field| field.data_type());
        let data_type = data_type.ok_or_else(|| Error::internal("a field beyond the schema"))?;
        let test = self.wanted.test(data_type).ok_or_else(|| {
            Error::invalid(format!(
                "a hint on {}: the value to compare with has to be of the field's type, {}; for null, use Hint::null",
                self.field,
                data_type.name()
            ))
        })?;
        Ok(FieldHint { field, test })
    }
}

/// As SQL would say it, the field by its name in the schema.
impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = &self.field;
        match &self.wanted {
            Wanted::Null => write!(f, "{field} IS NULL"),
            Wanted::NotNull => write!(f, "{field} IS NOT NULL"),
            Wanted::Between(Some(low), Some(high)) => {
                write!(f, "{field} BETWEEN {low} AND {high}")
            }
            Wanted::Between(Some(low), None) => write!(f, "{field} >= {low}"),
            Wanted::Between(None, Some(high)) => write!(f, "{field} <= {high}"),
            Wanted::Between(None, None) => write!(f, "{field}"),
            Wanted::OneOf(values) => match values.as_slice() {
                [value] => write!(f, "{field} = {value}"),
                values => {
                    let values: Vec<_> = values.iter().map(Compared::to_string).collect();
                    write!(f, "{field} IN ({})", values.join(", "))
                }
            },
        }
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(bits) => write!(f, "{}", f64::from_bits(*bits)),
            Self::Boolean(flag) => write!(f, "{flag}"),
            Self::Unfit => write!(f, "NULL"),
        }
    }
}

impl Wanted {
    /// `None` where a value does not fit the type.
    fn test(&self, data_type: DataType) -> Option<Test> {
        Some(match self {
            Self::Null => Test::Null,
            Self::NotNull => Test::NotNull,
            Self::Between(low, high) if data_type == DataType::String => {
                let text = |bound: &Option<Compared>| match bound {
                    None => Some(None),
                    Some(bound) => bound.text().map(Some),
                };
                Test::TextRange(text(low)?, text(high)?)
            }
            Self::OneOf(values) if data_type == DataType::String => {
                let texts = values.iter().map(Compared::text);
                Test::Texts(texts.collect::<Option<_>>()?)
            }
            Self::Between(low, high) => {
                let words = |bound: &Option<Compared>| match bound {
                    None => Some([0, u64::MAX]),
                    Some(bound) => bound.words(data_type),
                };
                Test::Words(vec![[words(low)?[0], words(high)?[1]]])
            }
            Self::OneOf(values) => {
                let words = values.iter().map(|value| value.words(data_type));
                Test::Words(words.collect::<Option<_>>()?)
            }
        })
    }
}

impl Compared {
    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The lowest and the highest ordered word of the numbers that are equal to it.
    fn words(&self, data_type: DataType) -> Option<[u64; 2]> {
        match (self, data_type) {
            (Self::Integer(number), DataType::Int | DataType::Long) => {
                match Cell::of_i64(*number) {
                    Cell::Bits(word) => Some([word; 2]),
                    _ => None,
                }
            }
            (Self::Boolean(flag), DataType::Boolean) => Some([u64::from(*flag); 2]),
            (Self::Number(bits), DataType::Float | DataType::Double) => {
                words_of(f64::from_bits(*bits))
            }
            (Self::Integer(number), DataType::Float | DataType::Double) => {
                // All integers up to here are doubles.
                let is_double = number.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS;
                is_double.then(|| words_of(*number as f64)).flatten()
            }
            _ => None,
        }
    }
}

fn words_of(number: f64) -> Option<[u64; 2]> {
    match number {
        number if number.is_nan() => None,
        0.0 => Some([-0.0, 0.0].map(ordered_double)),
        number => Some([ordered_double(number); 2]),
    }
}

/// A hint with its field resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldHint {
    pub(crate) field: FieldId,
    pub(crate) test: Test,
}

/// What a value has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Null,
    NotNull,
    /// A number whose ordered word lies in one of these ranges, both bounds inside.
    Words(Vec<[u64; 2]>),
    /// One of these strings.
    Texts(Vec<String>),
    /// A string between these, or one of them.
    TextRange(Option<String>, Option<String>),
}

impl FieldHint {
    /// Those of a scan's hints that hold for what a segment stores; `filled` says that readers see sources of
    /// attribution where null is stored.
    pub(crate) fn resolve_all(hints: &[Hint], schema: &Schema, filled: bool) -> Result<Vec<Self>> {
        let source = schema.position_of(Role::AttributionSource);
        let source = source.filter(|_| filled);
        let hints = hints.iter().map(|hint| hint.resolve(schema));
        let holds = |hint: &Result<Self>| !matches!(hint, Ok(hint) if Some(hint.field) == source);
        hints.filter(holds).collect()
    }
}

impl Test {
    /// Whether a string passes.
    pub(crate) fn takes_text(&self, text: &[u8]) -> bool {
        match self {
            Self::Texts(texts) => texts.iter().any(|wanted| wanted.as_bytes() == text),
            Self::TextRange(low, high) => {
                low.as_ref().is_none_or(|low| text >= low.as_bytes())
                    && high.as_ref().is_none_or(|high| text <= high.as_bytes())
            }
            Self::Null => false,
            Self::NotNull | Self::Words(_) => true,
        }
    }

    /// Whether a number between these ordered words may pass.
    pub(crate) fn meets(&self, low: u64, high: u64) -> bool {
        match self {
            Self::Words(ranges) => ranges
                .iter()
                .any(|[first, last]| first <= last && low <= *last && high >= *first),
            Self::Null => false,
            Self::NotNull | Self::Texts(_) | Self::TextRange(..) => true,
        }
    }
}
