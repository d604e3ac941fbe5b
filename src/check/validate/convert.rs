//! Interactions to rows.

use super::{Validator, rules};
use crate::model::{
    Cell, CellBuffer, DataType, Error, Field, FieldId, Interaction, Result, Role, Row, Value,
    bits_of_f32, f32_of_bits,
};

/// Memory that [`Validator::with_row`] uses from one row to the next.
#[derive(Debug, Default)]
pub struct RowScratch {
    items: String,
    cells: CellBuffer,
}

impl Validator {
    /// Checks an interaction and hands it on as a row.
    ///
    /// Fields are found by name, values converted where nothing is lost (see [`Value`]), fields
    /// that are not set are null. With a reused `scratch` it allocates nothing.
    ///
    /// # Errors
    /// `InvalidInput`, naming the field, the value and the rule; and what `use_row` gives.
    pub(crate) fn with_row<R>(
        &self,
        interaction: &Interaction,
        scratch: &mut RowScratch,
        use_row: impl FnOnce(&Row<'_>) -> Result<R>,
    ) -> Result<R> {
        let RowScratch { items, cells } = scratch;
        self.join_items(interaction, items)?;
        let mut row_cells = cells.take();
        row_cells.resize(self.schema.fields().len(), Cell::Null);
        let filled = self.fill(interaction, items, &mut row_cells);
        let result = filled.and_then(|()| {
            let row = interaction.row(&row_cells);
            self.check_row(&row)?;
            use_row(&row)
        });
        cells.put_back(row_cells);
        result
    }

    /// Turns lists of items into joined strings, so that the cells of many interactions can borrow
    /// from them at once (see [`Validator::append_cells`]).
    pub(crate) fn join_lists(&self, interaction: &mut Interaction) -> Result<()> {
        if !interaction.has_lists() {
            return Ok(());
        }
        let mut joined = String::new();
        self.join_items(interaction, &mut joined)?;
        for (name, value) in &mut interaction.fields {
            if matches!(value, Value::Items(_)) && Role::of_name(name) == Role::Impression {
                *value = Value::String(std::mem::take(&mut joined));
            }
        }
        Ok(())
    }

    /// Checks an interaction and appends its cells, one a field, where it passes. Lists must have
    /// been joined.
    pub(crate) fn append_cells<'a>(
        &self,
        interaction: &'a Interaction,
        out: &mut Vec<Cell<'a>>,
    ) -> Result<()> {
        let start = out.len();
        out.resize(start + self.schema.fields().len(), Cell::Null);
        let cells = out.get_mut(start..).unwrap_or_default();
        let filled = self.fill(interaction, "", cells);
        let result = filled.and_then(|()| {
            let cells = out.get(start..).unwrap_or_default();
            self.check_row(&interaction.row(cells))
        });
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    fn fill<'a>(
        &self,
        interaction: &'a Interaction,
        items: &'a str,
        cells: &mut [Cell<'a>],
    ) -> Result<()> {
        let fields = self.schema.fields();
        if let Some(cell) = cells.get_mut(self.schema.item()) {
            *cell = Cell::Text(&interaction.item_id);
        }
        // The field behind all that were set.
        let mut next = 0;
        for (position, (name, value)) in interaction.fields.iter().enumerate() {
            let id = self.schema.require_from(next, name)?;
            let (Some(field), Some(cell)) = (fields.get(id), cells.get_mut(id)) else {
                continue;
            };
            if matches!(field.role, Role::User | Role::Item | Role::Timestamp) {
                return Err(Error::of_field(
                    name,
                    "is given when the interaction is made; do not set it again",
                ));
            }
            let mut before = interaction.fields.iter().take(position);
            if id < next && before.any(|(before, _)| before == name) {
                return Err(Error::of_field(name, "is set twice; set it once"));
            }
            next = next.max(id + 1);
            *cell = match value {
                Value::Items(_) if field.role == Role::Impression => text_or_null(items),
                value => self.cell_of(id, field, value)?,
            };
        }
        Ok(())
    }

    /// Writes the impression's item ids, joined by bars, into `joined`.
    fn join_items(&self, interaction: &Interaction, joined: &mut String) -> Result<()> {
        joined.clear();
        for (name, value) in &interaction.fields {
            let Value::Items(items) = value else { continue };
            for (position, item) in items.iter().enumerate() {
                if item.is_empty() || item.contains('|') {
                    let rule = "an item id in a list must not be empty and must not hold a bar; \
                                correct the id";
                    let value = super::shown(item);
                    return Err(Error::of_field(name, format!("value {value}: {rule}")));
                }
                if position > 0 {
                    joined.push('|');
                }
                joined.push_str(item);
            }
        }
        Ok(())
    }

    fn cell_of<'a>(&self, id: FieldId, field: &Field, value: &'a Value) -> Result<Cell<'a>> {
        let cell = match (field.data_type, value) {
            (_, Value::Null) => Some(Cell::Null),
            (_, Value::String(text)) if text.is_empty() && !field.nullable => {
                return Err(self.violation(id, text, rules::EMPTY));
            }
            (DataType::String, Value::String(text)) => Some(text_or_null(text)),
            (DataType::Boolean, Value::Boolean(flag)) => Some(Cell::Bits((*flag).into())),
            (DataType::Int | DataType::Long, Value::Int(number)) => {
                Some(Cell::of_i64((*number).into()))
            }
            (DataType::Int, Value::Long(number)) => i32::try_from(*number)
                .ok()
                .map(|number| Cell::of_i64(number.into())),
            (DataType::Long, Value::Long(number)) => Some(Cell::of_i64(*number)),
            (DataType::Float, value) => f32_of(value).map(|n| Cell::Bits(bits_of_f32(n))),
            (DataType::Double, value) => f64_of(value).map(|n| Cell::Bits(n.to_bits())),
            _ => None,
        };
        cell.ok_or_else(|| self.violation(id, &describe(value), rules::rule_of(field.data_type)))
    }
}

fn text_or_null(text: &str) -> Cell<'_> {
    if text.is_empty() {
        Cell::Null
    } else {
        Cell::Text(text)
    }
}

fn f32_of(value: &Value) -> Option<f32> {
    let number = match value {
        Value::Float(number) => *number,
        Value::Double(number) => *number as f32,
        Value::Int(_) | Value::Long(_) => {
            let whole = whole_of(value)?;
            let number = whole as f32;
            (number as i128 == i128::from(whole)).then_some(number)?
        }
        _ => return None,
    };
    number.is_finite().then_some(number)
}

fn f64_of(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Float(number) => f64::from(*number),
        Value::Double(number) => *number,
        Value::Int(_) | Value::Long(_) => {
            let whole = whole_of(value)?;
            let number = whole as f64;
            (number as i128 == i128::from(whole)).then_some(number)?
        }
        _ => return None,
    };
    number.is_finite().then_some(number)
}

fn whole_of(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some((*number).into()),
        Value::Long(number) => Some(*number),
        _ => None,
    }
}

/// The value that a cell of a type stands for.
pub(crate) fn value_of_cell(data_type: DataType, cell: Cell<'_>) -> Value {
    match (cell, data_type) {
        (Cell::Null, _) => Value::Null,
        (Cell::Text(text), _) => Value::String(text.to_owned()),
        (Cell::Bits(bits), DataType::Float) => Value::Float(f32_of_bits(bits)),
        (Cell::Bits(bits), DataType::Double) => Value::Double(f64::from_bits(bits)),
        (Cell::Bits(bits), DataType::Boolean) => Value::Boolean(bits == 1),
        (Cell::Bits(bits), _) => Value::Long(Cell::i64_of_bits(bits)),
    }
}

/// A value as text, for messages.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Double(number) => format!("{number:?}"),
        Value::Boolean(flag) => flag.to_string(),
        Value::Items(items) => items.join("|"),
    }
}
