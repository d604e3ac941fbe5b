//! Rows of a file without a schema, held to what an import would hold them to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::RowSink;
use super::report::{Counted, LongCells, warning_of_other_lists, warnings_of_times};
use super::rows::RowMaker;
use crate::check::Validator;
use crate::model::{
    Cell, CellBuffer, Error, Field, FieldId, Limits, OddTimes, Result, Role, Row, Schema, lifting,
};

/// Event types that are kept to count them, at most.
const MAX_EVENT_TYPES: usize = 1000;

/// A schema of fields as far as their names alone tell: reserved fields have their fixed types,
/// and may be null where they ever may; all others are strings.
///
/// # Errors
/// `InvalidInput` where the names make no schema.
pub(super) fn schema_of_names(names: &[String]) -> Result<Arc<Schema>> {
    let fields = names.iter().map(|name| {
        let (data_type, nullable) = Role::of_name(name).fixed_type();
        let kind = match nullable {
            true => serde_json::json!(["null", data_type.name()]),
            false => serde_json::json!(data_type.name()),
        };
        serde_json::json!({"name": name, "type": kind})
    });
    let fields: Vec<_> = fields.collect();
    let document = serde_json::json!({"type": "record", "name": "Interactions", "fields": fields});
    let schema = Schema::parse(&document.to_string(), &Limits::unlimited());
    schema
        .map(Arc::new)
        .map_err(|error| error.within("line 1: the columns make no schema; rename them"))
}

/// Counts the rows that an import under the same limits would refuse or warn of.
pub(super) struct RowCheck<'a> {
    rows: RowMaker<'a>,
    cells: CellBuffer,
    checked: Checked<'a>,
    refused: Vec<Refused>,
    odd_times: OddTimes<String>,
    long: LongCells<String>,
    other_lists: Counted<String>,
}

/// The rows of one field that would be refused.
struct Refused {
    field: Option<String>,
    rows: u64,
    /// Where the first is, and what is wrong with it.
    first: String,
}

/// Takes rows that pass, and remembers their event types.
struct Checked<'a> {
    validator: &'a Validator,
    event_type: Option<FieldId>,
    event_types: BTreeSet<String>,
}

impl RowSink for Checked<'_> {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.validator.check_row(row)?;
        let cell = self.event_type.and_then(|id| row.cells.get(id));
        if let Some(Cell::Text(text)) = cell
            && self.event_types.len() <= MAX_EVENT_TYPES
            && !self.event_types.contains(*text)
        {
            self.event_types.insert((*text).to_owned());
        }
        Ok(())
    }
}

impl<'a> RowCheck<'a> {
    /// A check of rows whose columns are the fields of the validator's schema, in their order.
    pub(super) fn new(validator: &'a Validator) -> Self {
        let schema = validator.schema();
        Self {
            rows: RowMaker::new(validator, (0..schema.fields().len()).collect()),
            cells: CellBuffer::default(),
            checked: Checked {
                validator,
                event_type: schema.position_of(Role::EventType),
                event_types: BTreeSet::new(),
            },
            refused: Vec::new(),
            odd_times: OddTimes::default(),
            long: LongCells::default(),
            other_lists: Counted::default(),
        }
    }

    /// Checks a row that begins on the given line.
    pub(super) fn add<'r>(
        &mut self,
        line: u64,
        values: impl ExactSizeIterator<Item = &'r str> + Clone,
    ) {
        let mut cells = self.cells.take();
        let result = self
            .rows
            .push(values.clone(), &mut cells, &mut self.checked);
        self.cells.put_back(cells);
        match result {
            Ok(taken) => {
                let place = || format!("line {line}");
                self.odd_times.look_at(taken.timestamp, place);
                if taken.is_other_list {
                    self.other_lists.add(1, place);
                }
                if taken.is_long {
                    let long = self.rows.long_fields(values);
                    long.for_each(|field| self.long.add(field, 1, place));
                }
            }
            Err(error) => self.refuse(line, error),
        }
    }

    /// Counts a row that is refused.
    pub(super) fn refuse(&mut self, line: u64, error: Error) {
        let same = |known: &&mut Refused| known.field.as_deref() == error.field();
        match self.refused.iter_mut().find(same) {
            Some(known) => known.rows += 1,
            None => self.refused.push(Refused {
                field: error.field().map(str::to_owned),
                rows: 1,
                first: error
                    .at_place(format_args!("line {line}"))
                    .message()
                    .to_owned(),
            }),
        }
    }

    /// What an import would refuse, and what it would warn of.
    pub(super) fn notes(&self) -> Vec<String> {
        let refused = self.refused.iter().map(|refused| {
            let rows = match refused.rows {
                1 => "1 row,".to_owned(),
                rows => format!("{rows} rows, the first"),
            };
            format!("an import refuses {rows} at {}", refused.first)
        });
        let refused = refused.chain(self.too_many_event_types());
        let odd = refused.chain(warnings_of_times(&self.odd_times));
        odd.chain(self.long.warnings(self.checked.validator))
            .chain(warning_of_other_lists(&self.other_lists))
            .collect()
    }

    fn too_many_event_types(&self) -> Option<String> {
        let validator = self.checked.validator;
        let max = validator.limits().max_metadata_fields_and_event_types?;
        let schema = validator.schema();
        let (fields, types) = (schema.quota_fields(), self.checked.event_types.len());
        (types > 0 && fields + types > max).then(|| {
            let counted = schema.fields().iter();
            let counted = counted.filter(|field| field.role().is_counted());
            let counted: Vec<&str> = counted.map(Field::name).collect();
            let more = match types > MAX_EVENT_TYPES {
                true => " or more",
                false => "",
            };
            format!(
                "{fields} optional fields ({}) and {types}{more} distinct event types make {}; the \
                 limit is {max} together, and an import refuses what exceeds it; leave columns out, \
                 use fewer event types or {}",
                counted.join(", "),
                fields + types,
                lifting("max_metadata_fields_and_event_types")
            )
        })
    }
}
