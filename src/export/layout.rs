//! What one record of an export is.

use std::sync::Arc;

use arrow_schema::{DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema};
use serde::{Deserialize, Serialize};

use super::arrow::{ArrowStrings, arrow_field, string_type};
use super::selection::WEIGHT;
use crate::model::{Error, FieldId, Result, Role, Schema};

/// What one record of an export is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Layout {
    /// An interaction.
    #[default]
    Rows,
    /// A user, with a list for each column, all in the order of time.
    Sequences {
        /// Only the newest so many; `None` for all.
        max_length: Option<u64>,
        /// Only users with so many.
        min_length: u64,
    },
    /// An interaction, the target, with lists of what its user did before it.
    Examples(Examples),
    /// An item that was shown: its position, from 1, and whether it is the one that the event is about.
    Impressions,
}

/// How examples are made. Each field has a method of its name, which sets it and says what it is by default.
///
/// ```
/// use annals::export::{Examples, Negatives, SameSecond};
///
/// let examples = Examples::default()
///     .history(20)
///     .same_second(SameSecond::Arrived)
///     .negatives(Negatives::new(4).seed(7));
/// assert_eq!(examples.history, 20);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Examples {
    /// Interactions of a history, at most.
    pub history: u64,
    /// Only targets with a history of so many.
    pub min_history: u64,
    /// What of the target's own second is in the history.
    pub same_second: SameSecond,
    /// Whether a history leaves out what arrived after its target.
    pub as_known: bool,
    /// Items that the user did not interact with, beside each target.
    pub negatives: Option<Negatives>,
}

impl Default for Examples {
    fn default() -> Self {
        Self {
            history: 50,
            min_history: 0,
            same_second: SameSecond::default(),
            as_known: false,
            negatives: None,
        }
    }
}

impl Examples {
    /// Interactions of a history, at most: the newest before the target. At least 1; the export is an
    /// `InvalidInput` error for 0. Default 50.
    #[must_use]
    pub fn history(mut self, most: u64) -> Self {
        self.history = most;
        self
    }

    /// Only targets with a history of so many. Default 0.
    #[must_use]
    pub fn min_history(mut self, least: u64) -> Self {
        self.min_history = least;
        self
    }

    /// What of the target's own second is in the history. Default: [`SameSecond::LeaveOut`].
    #[must_use]
    pub fn same_second(mut self, same_second: SameSecond) -> Self {
        self.same_second = same_second;
        self
    }

    /// Whether a history leaves out what arrived after its target (commits with a higher sequence number). Default:
    /// false.
    #[must_use]
    pub fn as_known(mut self, as_known: bool) -> Self {
        self.as_known = as_known;
        self
    }

    /// Items that the user did not interact with, beside each target. Default: `None`.
    #[must_use]
    pub fn negatives(mut self, negatives: impl Into<Option<Negatives>>) -> Self {
        self.negatives = negatives.into();
        self
    }
}

/// What of the target's own second is in its history.
///
/// Of events a, b, c of one user, all of second 60, in the order of their arrival, with b the target:
///
/// ```text
///            second 30   second 60
///            x           a  b  c
/// leave-out  x
/// arrived    x           a
/// all        x           a     c      refused by the leak guard
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SameSecond {
    /// Nothing.
    #[default]
    LeaveOut,
    /// What arrived before the target.
    Arrived,
    /// Everything but the target. That leaks what came after it, and the leak guard ends the export.
    All,
}

/// Items that a user did not interact with, ever, in the whole store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Negatives {
    /// Beside each target, at most; fewer where there are no more.
    pub count: u32,
    /// Equal seeds give equal negatives for equal content.
    pub seed: u64,
    /// What they are drawn from.
    pub from: NegativesFrom,
}

impl Negatives {
    /// So many beside each target, at most; fewer where there are no more. From the catalogue, with the seed 0.
    pub fn new(count: u32) -> Self {
        Self {
            count,
            seed: 0,
            from: NegativesFrom::default(),
        }
    }

    /// Equal seeds give equal negatives for equal content. Any number. Default 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// What they are drawn from. Default: [`NegativesFrom::Catalogue`].
    #[must_use]
    pub fn from(mut self, from: NegativesFrom) -> Self {
        self.from = from;
        self
    }
}

/// What negatives are drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NegativesFrom {
    /// The items of the selection, each as likely as the other.
    #[default]
    Catalogue,
    /// The target's impression.
    Impression,
}

/// How the lists of sequences and examples come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArrowLists {
    /// As Arrow's `List`: each list has its values, and every reader takes it. A history of 50 is copied 50 times.
    #[default]
    Plain,
    /// As `ListView`: lists of one user share values, so that a history costs two numbers. Only in memory. DuckDB, pandas
    /// and pyarrow take it; polars 2.1 does not, and pyarrow 26 does not cast it to a `List`.
    View,
}

/// What a column of an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A field of the record's row (or of its user).
    Field(FieldId),
    /// The weight of the row's event rule.
    Weight,
    /// A field of each row of a user, or of a history.
    List(FieldId),
    /// The weights of the rows of a user.
    WeightList,
    /// The negatives of a target.
    Negatives,
    /// The shown item.
    Shown,
    /// The position of the shown item.
    Position,
    /// Whether the shown item is that of the event.
    Clicked,
    /// The item of the event.
    EventItem,
}

/// The columns of an export.
#[derive(Clone, Debug)]
pub(super) struct OutColumns {
    pub(super) sources: Vec<Source>,
    pub(super) schema: Arc<ArrowSchema>,
    /// The fields whose values come out, by position.
    pub(super) fields: Vec<bool>,
}

impl Layout {
    /// The name, as the tool's option has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Sequences { .. } => "sequences",
            Self::Examples(_) => "examples",
            Self::Impressions => "impressions",
        }
    }

    /// The fields that come where none are asked for: all for rows, else what models read.
    fn usual(&self, schema: &Schema) -> Vec<bool> {
        let usual = |role: Role| match self {
            Self::Rows => true,
            Self::Sequences { .. } | Self::Examples(_) => matches!(
                role,
                Role::User | Role::Item | Role::Timestamp | Role::EventType | Role::EventValue
            ),
            Self::Impressions => role != Role::Impression,
        };
        let fields = schema.fields().iter();
        fields.map(|field| usual(field.role())).collect()
    }

    pub(super) fn columns(
        &self,
        schema: &Schema,
        asked: Option<Vec<bool>>,
        (strings, lists): (ArrowStrings, ArrowLists),
        weights: bool,
    ) -> Result<OutColumns> {
        let fields = asked.unwrap_or_else(|| self.usual(schema));
        let mut made = Making {
            schema,
            strings,
            lists,
            sources: Vec::new(),
            fields: Vec::new(),
        };
        let chosen: Vec<FieldId> = (0..fields.len())
            .filter(|field| fields.get(*field) == Some(&true))
            .collect();
        match self {
            Self::Rows => {
                chosen.iter().for_each(|field| made.field(*field));
                if weights {
                    made.number(Source::Weight, WEIGHT, ArrowType::Float64);
                }
            }
            Self::Sequences { .. } => {
                for field in &chosen {
                    match *field == schema.user() {
                        true => made.field(*field),
                        false => made.list(*field, ""),
                    }
                }
                if weights {
                    let list = made.list_of(ArrowType::Float64, false);
                    made.add(Source::WeightList, WEIGHT, list, false);
                }
            }
            Self::Examples(examples) => {
                chosen.iter().for_each(|field| made.field(*field));
                if weights {
                    made.number(Source::Weight, WEIGHT, ArrowType::Float64);
                }
                for field in chosen.iter().filter(|field| **field != schema.user()) {
                    made.list(*field, "HISTORY_");
                }
                if examples.negatives.is_some() {
                    let text = match strings {
                        ArrowStrings::View => ArrowType::Utf8View,
                        _ => ArrowType::Utf8,
                    };
                    let list = ArrowType::List(Arc::new(item_of(text, false)));
                    made.add(Source::Negatives, "NEGATIVES", list, false);
                }
            }
            Self::Impressions => {
                if schema.position_of(Role::Impression).is_none() {
                    return Err(Error::invalid(
                        "layout impressions: the schema has no field IMPRESSION; choose another layout",
                    ));
                }
                for field in &chosen {
                    let role = schema.fields().get(*field).map(|field| field.role());
                    match role {
                        Some(Role::Impression) => {}
                        Some(Role::Item) => {
                            made.add(Source::Shown, "ITEM_ID", string_type(strings), false);
                            made.number(Source::Position, "SHOWN_POSITION", ArrowType::Int32);
                            made.number(Source::Clicked, "CLICKED", ArrowType::Boolean);
                            let item = string_type(strings);
                            made.add(Source::EventItem, "EVENT_ITEM_ID", item, false);
                        }
                        _ => made.field(*field),
                    }
                }
                if weights {
                    made.number(Source::Weight, WEIGHT, ArrowType::Float64);
                }
            }
        }
        made.finish(fields)
    }

    /// The fields that the records are made of, beside those that come out.
    pub(super) fn needed(&self, schema: &Schema, needed: &mut [bool]) {
        let mut need = |field: Option<FieldId>| {
            if let Some(flag) = field.and_then(|field| needed.get_mut(field)) {
                *flag = true;
            }
        };
        let impression = schema.position_of(Role::Impression);
        match self {
            Self::Rows | Self::Sequences { .. } => {}
            Self::Examples(examples) => {
                if let Some(negatives) = &examples.negatives {
                    need(Some(schema.item()));
                    need(impression.filter(|_| negatives.from == NegativesFrom::Impression));
                }
            }
            Self::Impressions => {
                need(impression);
                need(Some(schema.item()));
            }
        }
    }

    /// How the negatives of its records are drawn.
    pub(super) fn negatives(&self) -> Option<Negatives> {
        match self {
            Self::Examples(examples) => examples.negatives,
            _ => None,
        }
    }

    /// Whether sequence numbers are needed.
    pub(super) fn as_known(&self) -> bool {
        matches!(self, Self::Examples(examples) if examples.as_known)
    }
}

fn item_of(item: ArrowType, nullable: bool) -> ArrowField {
    ArrowField::new("item", item, nullable)
}

/// Columns that are being put together.
struct Making<'a> {
    schema: &'a Schema,
    strings: ArrowStrings,
    lists: ArrowLists,
    sources: Vec<Source>,
    fields: Vec<ArrowField>,
}

impl Making<'_> {
    fn add(&mut self, source: Source, name: &str, data_type: ArrowType, nullable: bool) {
        self.sources.push(source);
        self.fields.push(ArrowField::new(name, data_type, nullable));
    }

    fn number(&mut self, source: Source, name: &str, data_type: ArrowType) {
        self.add(source, name, data_type, false);
    }

    fn field(&mut self, id: FieldId) {
        if let Some(field) = self.schema.fields().get(id) {
            self.sources.push(Source::Field(id));
            self.fields.push(arrow_field(field, self.strings));
        }
    }

    /// A list whose items these are.
    fn list_of(&self, item: ArrowType, nullable: bool) -> ArrowType {
        let item = Arc::new(item_of(item, nullable));
        match self.lists {
            ArrowLists::Plain => ArrowType::List(item),
            ArrowLists::View => ArrowType::ListView(item),
        }
    }

    fn list(&mut self, id: FieldId, prefix: &str) {
        if let Some(field) = self.schema.fields().get(id) {
            let item = arrow_field(field, self.strings);
            let list = self.list_of(item.data_type().clone(), field.is_nullable());
            self.add(
                Source::List(id),
                &format!("{prefix}{}", field.name()),
                list,
                false,
            );
        }
    }

    fn finish(self, fields: Vec<bool>) -> Result<OutColumns> {
        for (nth, field) in self.fields.iter().enumerate() {
            let mut before = self.fields.iter().take(nth);
            if before.any(|other| other.name() == field.name()) {
                return Err(Error::of_field(
                    field.name(),
                    "the layout makes a column of the same name; leave the field out (columns to leave out)",
                ));
            }
        }
        if self.fields.is_empty() {
            return Err(Error::invalid("no columns are left to export"));
        }
        Ok(OutColumns {
            sources: self.sources,
            schema: Arc::new(ArrowSchema::new(self.fields)),
            fields,
        })
    }
}
