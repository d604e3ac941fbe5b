//! What an import did.

use std::path::Path;

use crate::check::Validator;
use crate::model::{Field, FieldId, OddTime, OddTimes, Role, thousands};

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// Rows that were taken.
    pub rows: u64,
    /// Rows that were refused.
    pub rejected: u64,
    /// Rows that were left out, since they are equal to an earlier one.
    pub repeats_left_out: u64,
    /// Files that were read.
    pub files: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// What is allowed but probably not meant.
    pub warnings: Vec<String>,
}

/// Counts rows, with the place of the first.
pub(super) struct Counted<P>(Option<(u64, P)>);

impl<P> Default for Counted<P> {
    fn default() -> Self {
        Self(None)
    }
}

impl<P> Counted<P> {
    /// Adds so many rows; `first` says where the first of them is.
    pub(super) fn add(&mut self, rows: u64, first: impl FnOnce() -> P) {
        match &mut self.0 {
            Some((count, _)) => *count += rows,
            None => self.0 = Some((rows, first())),
        }
    }

    /// Adds the rows of what came later, whose places become such as `place` gives.
    pub(super) fn append<Q>(&mut self, later: &Counted<Q>, place: impl Fn(&Q) -> P) {
        if let Some((rows, first)) = &later.0 {
            self.add(*rows, || place(first));
        }
    }
}

/// The warning of rows whose impression looks like a list without bars.
pub(super) fn warning_of_other_lists(found: &Counted<String>) -> Option<String> {
    let (rows, first) = found.0.as_ref()?;
    Some(format!(
        "{rows} rows whose IMPRESSION looks like a list without bars, the first at {first}: each is taken for \
         one item; say what separates items (--list-separator ',', ' ' or json)"
    ))
}

/// The warnings of odd timestamps, with the option that takes them as they are.
pub(super) fn warnings_of_times(odd_times: &OddTimes<String>) -> impl Iterator<Item = String> {
    let options = odd_times.iter().map(|found| match found.odd {
        OddTime::Zero => None,
        OddTime::Milliseconds => Some("ms"),
        OddTime::Microseconds => Some("us"),
        OddTime::Nanoseconds => Some("ns"),
    });
    odd_times
        .warnings()
        .zip(options)
        .map(|(warning, unit)| match unit {
            Some(unit) => format!("{warning}, or import with --time-unit {unit}"),
            None => warning,
        })
}

/// Counts rows by the fields in which their strings are longer than the service takes, with the place
/// of the first.
pub(super) struct LongCells<P>(Vec<(FieldId, u64, P)>);

impl<P> Default for LongCells<P> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<P> LongCells<P> {
    /// Adds so many rows; `first` says where the first of them is.
    pub(super) fn add(&mut self, field: FieldId, rows: u64, first: impl FnOnce() -> P) {
        match self.0.iter_mut().find(|(known, _, _)| *known == field) {
            Some((_, count, _)) => *count += rows,
            None => self.0.push((field, rows, first())),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(FieldId, u64, P)> {
        self.0.iter()
    }
}

impl LongCells<String> {
    /// A warning of each field.
    pub(super) fn warnings(&self, validator: &Validator) -> impl Iterator<Item = String> {
        self.iter().map(|long| warning_of_long(long, validator))
    }
}

fn warning_of_long((field, rows, first): &(FieldId, u64, String), validator: &Validator) -> String {
    let field = validator.schema().fields().get(*field);
    let role = field.map_or(Role::Metadata, Field::role);
    let most = validator.limits().cell_chars(role).unwrap_or_default();
    let limit = match role {
        Role::Impression => "max_impression_chars",
        _ => "max_string_chars",
    };
    let name = field.map_or("?", Field::name);
    format!(
        "{} row{} whose {name} is longer than {most} characters, the first at {first}; they are \
         kept whole, but the service takes no more in a cell (limit {limit})",
        thousands(*rows),
        if *rows == 1 { "" } else { "s" }
    )
}

impl ImportReport {
    /// Adds what is to be told of the columns of a file, unless it is what was told of another.
    pub(super) fn add_warnings(&mut self, warnings: Vec<String>, path: &Path) {
        let known = |warning: &String| self.warnings.iter().any(|told| told.ends_with(warning));
        let new: Vec<String> = warnings.into_iter().filter(|told| !known(told)).collect();
        let new = new
            .iter()
            .map(|warning| format!("{}: {warning}", path.display()));
        self.warnings.extend(new);
    }

    pub(super) fn warn(
        &mut self,
        odd_times: &OddTimes<String>,
        long: &LongCells<String>,
        validator: &Validator,
    ) {
        let (schema, limits) = (validator.schema(), validator.limits());
        self.warnings.extend(warnings_of_times(odd_times));
        self.warnings.extend(long.warnings(validator));
        if self.rows < limits.min_import_rows {
            self.warnings.push(format!(
                "{} row{} in one import; training needs at least {} (limit min_import_rows)",
                thousands(self.rows),
                if self.rows == 1 { "" } else { "s" },
                limits.min_import_rows
            ));
        }
        self.warnings.extend_from_slice(schema.warnings());
    }
}
