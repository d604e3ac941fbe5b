//! Rows into columns, checked on the way.

use std::sync::Arc;

use super::{Column, Columns, Dictionary, Interner, RowSizes};
use crate::check::Validator;
use crate::model::{Cell, Error, FieldId, Result, Row, items_of};

/// Collects rows into columns, giving equal strings equal codes. Rows are checked against schema and
/// limits; a string is checked when it is first seen, and by its code known to be sound after that.
pub(crate) struct ColumnsBuilder {
    validator: Validator,
    columns: Columns,
    item: FieldId,
    /// The fields, the item's last.
    order: Vec<FieldId>,
    users: Interner,
    /// By field; an impression's items are the item field's.
    interners: Vec<Interner>,
    /// Whether the last row brought strings that were not known.
    fresh: bool,
}

impl ColumnsBuilder {
    pub(crate) fn new(validator: &Validator) -> Self {
        let columns = Columns::for_schema(validator.schema());
        let item = validator.schema().item();
        let others = (0..columns.fields.len()).filter(|id| *id != item);
        Self {
            validator: validator.clone(),
            item,
            order: others.chain([item]).collect(),
            users: Interner::default(),
            interners: columns.fields.iter().map(|_| Interner::default()).collect(),
            columns,
            fresh: false,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.columns.rows()
    }

    /// Whether its rows are checked as those of `validator`.
    pub(crate) fn is_of(&self, validator: &Validator) -> bool {
        Arc::ptr_eq(self.validator.schema(), validator.schema())
    }

    /// Removes rows and strings and keeps their memory.
    pub(crate) fn clear(&mut self) {
        self.columns.clear();
        self.users.clear();
        self.interners.iter_mut().for_each(Interner::clear);
        self.fresh = true;
    }

    /// The strings of a field so far, in the order in which they came.
    pub(crate) fn strings(&self, field: FieldId) -> Option<&Dictionary> {
        self.interners.get(field).map(Interner::dictionary)
    }

    /// The users so far, in the order in which they came.
    pub(crate) fn user_ids(&self) -> &Dictionary {
        self.users.dictionary()
    }

    /// Adds a row.
    ///
    /// # Errors
    /// As [`Validator::check_row`], and `InvalidInput` when a dictionary is full; the row is then
    /// not added.
    pub(crate) fn push(&mut self, row: &Row<'_>) -> Result<()> {
        if std::mem::take(&mut self.fresh) {
            self.users.keep();
            self.interners.iter_mut().for_each(Interner::keep);
        }
        let rows = self.rows();
        self.add(row).or_else(|error| {
            self.cut(rows);
            // Of several errors the one that is first by the order of checking.
            self.validator.check_row(row).and(Err(error))
        })
    }

    /// Takes the last row back, and the strings it brought.
    pub(crate) fn pop(&mut self) {
        self.cut(self.rows().saturating_sub(1));
    }

    fn cut(&mut self, rows: usize) {
        self.columns.truncate(rows);
        if std::mem::take(&mut self.fresh) {
            self.users.undo();
            self.interners.iter_mut().for_each(Interner::undo);
        }
    }

    /// Users and items are many, and where they are known is asked for ahead: they are looked up
    /// behind what is near anyway.
    fn add(&mut self, row: &Row<'_>) -> Result<()> {
        let Self {
            validator,
            columns,
            fresh,
            ..
        } = self;
        self.users.prefetch(row.user);
        if let (Some(items), Some(Cell::Text(item))) =
            (self.interners.get(self.item), row.cells.get(self.item))
        {
            items.prefetch(item);
        }
        validator.check_cells(row)?;
        validator.check_timestamp(row.timestamp)?;
        columns.timestamps.push(row.timestamp);
        for id in &self.order {
            let id = *id;
            let (Some(column), Some(cell)) = (columns.fields.get_mut(id), row.cells.get(id)) else {
                return Err(Error::internal(
                    "a row that lacks cells was taken for whole",
                ));
            };
            match (column, *cell) {
                (Column::Strings(codes), Cell::Text(text)) => {
                    let check = || {
                        *fresh = true;
                        validator.check_text(id, text)
                    };
                    codes.push(interner(&mut self.interners, id)?.intern(text, check)?);
                }
                (Column::Lists(lists), Cell::Text(joined)) => {
                    validator.check_length(id, joined)?;
                    let items = interner(&mut self.interners, self.item)?;
                    for item in items_of(joined) {
                        let check = || {
                            *fresh = true;
                            validator.check_item(id, joined, item)
                        };
                        lists.items.push(items.intern(item, check)?);
                    }
                    lists.close()?;
                }
                (Column::Absent, Cell::Null) => {}
                (column, cell) => {
                    validator.check_cell(id, &cell)?;
                    match (column, cell) {
                        (Column::Numbers(numbers), Cell::Bits(bits)) => numbers.push(Some(bits)),
                        (Column::Numbers(numbers), _) => numbers.push(None),
                        (Column::Strings(codes), _) => codes.push(0),
                        (Column::Lists(lists), _) => lists.close()?,
                        (Column::Absent, _) => {}
                    }
                }
            }
        }
        let user = self.users.intern(row.user, || {
            *fresh = true;
            validator.check_text(validator.schema().user(), row.user)
        })?;
        columns.users.push(user);
        Ok(())
    }

    /// How much there is.
    pub(crate) fn sizes(&self) -> RowSizes {
        let lists = self.columns.fields.iter().map(|column| match column {
            Column::Lists(lists) => lists.items.len(),
            _ => 0,
        });
        let interners = self.interners.iter().chain([&self.users]);
        RowSizes {
            rows: self.rows(),
            list_items: lists.max().unwrap_or(0),
            text_bytes: interners.map(Interner::text_bytes).max().unwrap_or(0),
        }
    }

    /// Bytes of memory taken, dictionaries included.
    pub(crate) fn memory_bytes(&self) -> usize {
        let interners = self.interners.iter().map(Interner::memory_bytes);
        self.columns.memory_bytes() + self.users.memory_bytes() + interners.sum::<usize>()
    }

    /// The rows, in the order of pushing, without their dictionaries.
    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The rows, in the order of pushing.
    #[cfg(test)]
    pub(crate) fn finish(self) -> Columns {
        let mut columns = self.columns;
        columns.user_ids = Some(self.users.into_dictionary());
        for (slot, interner) in columns.dictionaries.iter_mut().zip(self.interners) {
            *slot = Some(interner.into_dictionary());
        }
        columns
    }
}

fn interner(interners: &mut [Interner], field: FieldId) -> Result<&mut Interner> {
    interners
        .get_mut(field)
        .ok_or_else(|| Error::internal("a field without codes for its strings"))
}
