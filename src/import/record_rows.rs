//! The records of a file to rows.

use super::RowSink;
use super::distinct::Hashed;
use super::form::{Mapping, Scratch};
use super::rows::{RowMaker, Taken};
use super::split::Fields;
use crate::check::Validator;
use crate::csv::{Dialect, RecordText};
use crate::model::{Cell, FieldId, Result, shown};

/// The values of a record.
pub(super) trait Values<'r>: Copy {
    fn values(&self) -> impl ExactSizeIterator<Item = &'r str>;
}

impl<'r> Values<'r> for RecordText<'r> {
    fn values(&self) -> impl ExactSizeIterator<Item = &'r str> {
        self.fields()
    }
}

impl<'r> Values<'r> for Fields<'r, '_> {
    fn values(&self) -> impl ExactSizeIterator<Item = &'r str> {
        self.iter()
    }
}

/// Is told of rows that were taken.
pub(super) trait Seen {
    fn row(&mut self, timestamp: i64);

    /// The row has a string that is longer than the service takes.
    fn long(&mut self, field: FieldId);

    /// Its impression looks like a list whose items something else than bars separates.
    fn other_list(&mut self);
}

/// How the records of a file are told apart, and become rows.
pub(super) struct RecordRows<'a> {
    pub(super) dialect: Dialect,
    rows: RowMaker<'a>,
    /// Set where values are not the fields' as they stand.
    mapping: Option<Mapping>,
}

impl<'a> RecordRows<'a> {
    /// Rows of records whose values are those of fields: the field of each column.
    pub(super) fn of_columns(
        validator: &'a Validator,
        dialect: Dialect,
        columns: Vec<FieldId>,
    ) -> Self {
        Self {
            dialect,
            rows: RowMaker::new(validator, columns),
            mapping: None,
        }
    }

    /// Rows of records whose values a mapping takes.
    pub(super) fn of_mapping(validator: &'a Validator, dialect: Dialect, mapping: Mapping) -> Self {
        let fields = (0..validator.schema().fields().len()).collect();
        Self {
            dialect,
            rows: RowMaker::new(validator, fields),
            mapping: Some(mapping),
        }
    }

    /// How many values a record has.
    pub(super) fn values(&self) -> usize {
        match &self.mapping {
            Some(mapping) => mapping.values(),
            None => self.rows.columns(),
        }
    }

    /// What messages call the values.
    pub(super) fn names(&self) -> Vec<&str> {
        match &self.mapping {
            Some(mapping) => mapping.columns(),
            None => self.rows.names(),
        }
    }

    /// What is to be told once all records of a file were read.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let without = self.mapping.iter().flat_map(Mapping::without_key);
        without.map(|(field, key)| {
            format!(
                "no object has the key {}: {field} is null in every row",
                shown(key)
            )
        })
    }

    /// Whether records must come one after another.
    pub(super) fn needs_order(&self) -> bool {
        self.mapping.as_ref().is_some_and(Mapping::needs_order)
    }

    /// Gives the rows of a record to the sink. `cells` and `scratch` are memory that is used again.
    #[inline]
    pub(super) fn push<'r, S: RowSink + ?Sized>(
        &self,
        record: impl Values<'r>,
        cells: &mut Vec<Cell<'r>>,
        scratch: &mut Scratch,
        sink: &mut S,
        seen: &mut impl Seen,
    ) -> Result<()> {
        match &self.mapping {
            None => {
                let taken = self.rows.push(record.values(), cells, sink)?;
                self.tell(&taken, record.values(), seen);
                Ok(())
            }
            Some(mapping) => self.push_mapped(mapping, record.values(), scratch, sink, seen),
        }
    }

    fn push_mapped<'r, S: RowSink + ?Sized>(
        &self,
        mapping: &Mapping,
        values: impl ExactSizeIterator<Item = &'r str>,
        scratch: &mut Scratch,
        sink: &mut S,
        seen: &mut impl Seen,
    ) -> Result<()> {
        self.check_count(values.len())?;
        mapping.rows_of(values, scratch, &mut |texts: &_, scratch: &mut Scratch| {
            let mut cells = scratch.cells.take();
            let mut hashed = Hashed {
                sink,
                key: &mut scratch.key,
                hashes: &mut scratch.hashes,
                item: self.rows.validator.schema().item(),
            };
            let taken = self.rows.push(texts.iter(), &mut cells, &mut hashed);
            scratch.cells.put_back(cells);
            self.tell(&taken?, texts.iter(), seen);
            Ok(())
        })
    }

    /// Checks that a record has so many values.
    pub(super) fn check_count(&self, values: usize) -> Result<()> {
        super::rows::check_count(values, self.values(), self.dialect)
    }

    #[inline]
    fn tell<'t>(&self, taken: &Taken, texts: impl Iterator<Item = &'t str>, seen: &mut impl Seen) {
        seen.row(taken.timestamp);
        if taken.is_other_list {
            seen.other_list();
        }
        if taken.is_long {
            self.rows
                .long_fields(texts)
                .for_each(|field| seen.long(field));
        }
    }
}
