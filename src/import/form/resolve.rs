//! A form and the columns of a file against a schema.

use std::sync::atomic::AtomicBool;

use super::clicks::Clicks;
use super::file_form::FileForm;
use super::json_object::JsonObject;
use super::list::ListSeparator;
use super::mapping::{Conversion, Mapping};
use super::time::{TimeReader, TimeUnit};
use crate::model::{DataType, Error, Field, FieldId, Result, Role, Schema, shown};

/// What is known of a file's columns.
pub(in crate::import) enum Columns<'a> {
    /// Their names, in order; one without a name is passed over.
    Named(&'a [Option<String>]),
    /// Each record is a JSON object.
    Json,
}

/// How the records of a file become rows.
pub(in crate::import) struct Resolved {
    pub(in crate::import) mapping: Mapping,
    /// What is left out, and what has no column.
    pub(in crate::import) warnings: Vec<String>,
}

/// The kinds of values that RecBole writes behind a column's name.
const RECBOLE_TYPES: [&str; 4] = ["token", "token_seq", "float", "float_seq"];

/// Finds the column of each field.
///
/// # Errors
/// `InvalidInput` with all that does not fit, in one message.
pub(in crate::import) fn resolve(
    form: &FileForm,
    columns: &Columns<'_>,
    schema: &Schema,
) -> Result<Resolved> {
    let mut plan = Plan {
        form,
        schema,
        columns: match columns {
            Columns::Named(names) => names.to_vec(),
            Columns::Json => Vec::new(),
        },
        any_column: matches!(columns, Columns::Json),
        taken: vec![None; schema.fields().len()],
        constants: Vec::new(),
        faults: Vec::new(),
    };
    plan.set_constants();
    plan.map_columns();
    plan.take_own_columns();
    let warnings = plan.check_rest();
    if !plan.faults.is_empty() {
        return Err(Error::invalid(plan.faults.join("; ")));
    }
    Ok(Resolved {
        mapping: plan.mapping(),
        warnings,
    })
}

struct Plan<'a> {
    form: &'a FileForm,
    schema: &'a Schema,
    columns: Vec<Option<String>>,
    /// Whether any name is a column.
    any_column: bool,
    /// The column of each field.
    taken: Vec<Option<usize>>,
    constants: Vec<(FieldId, String)>,
    /// All that does not fit.
    faults: Vec<String>,
}

impl Plan<'_> {
    fn set_constants(&mut self) {
        for (name, value) in &self.form.set {
            let Some(field) = self.field("--set", name) else {
                continue;
            };
            if self.constants.iter().any(|(known, _)| *known == field) {
                self.faults
                    .push(format!("--set gives {name} twice; give it once"));
            }
            self.constants.push((field, value.clone()));
        }
    }

    fn map_columns(&mut self) {
        for (name, column) in &self.form.map {
            let Some(field) = self.field("--map", name) else {
                continue;
            };
            if self.is_constant(field) {
                self.faults.push(format!(
                    "{name} is given by --map and by --set; give it by one"
                ));
            }
            let at = self.column(column);
            if at.is_none() {
                let meant = self.meant_by(column);
                self.faults.push(format!(
                    "--map {name}={column}: the file has no column {}{meant}; it has {}",
                    shown(column),
                    self.column_names()
                ));
            }
            match self.taken.get_mut(field) {
                Some(Some(_)) => self
                    .faults
                    .push(format!("--map gives {name} twice; give it once")),
                Some(slot) => *slot = at,
                None => {}
            }
        }
    }

    /// Fields that nothing was said of have the columns of their own names.
    fn take_own_columns(&mut self) {
        let mapped: Vec<&str> = self
            .form
            .map
            .iter()
            .map(|(field, _)| field.as_str())
            .collect();
        for (id, field) in self.schema.fields().iter().enumerate() {
            let is_position = self.takes_position(id);
            if mapped.contains(&field.name()) || self.is_constant(id) || is_position {
                continue;
            }
            let at = self.column(field.name());
            if let Some(slot) = self.taken.get_mut(id) {
                *slot = at;
            }
        }
    }

    /// Looks what has no column, and which column no field; gives what is to be told of it.
    fn check_rest(&mut self) -> Vec<String> {
        let mut warnings = Vec::new();
        let chooses = self.form.chooses_columns();
        let mapped = |field: &Field| self.form.map.iter().any(|(name, _)| name == field.name());
        let lacking = self
            .schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(id, field)| {
                let has_column = self.taken.get(*id).is_some_and(Option::is_some);
                let clicked = self.form.click_labels && *id == self.schema.item();
                let given = self.is_constant(*id) || self.takes_position(*id) || clicked;
                !has_column && !given && !mapped(field)
            });
        let (null, lacking): (Vec<&Field>, Vec<&Field>) = lacking
            .map(|(_, field)| field)
            .partition(|field| field.is_nullable());
        if self.form.click_labels && self.schema.position_of(Role::Impression).is_none() {
            self.faults.push(
                "the schema has no field IMPRESSION, which labelled clicks need (--click-labels)"
                    .to_owned(),
            );
        }
        if !null.is_empty() {
            let names: Vec<&str> = null.iter().map(|field| field.name()).collect();
            warnings.push(format!(
                "no column for {}: null in every row",
                names.join(", ")
            ));
        }
        if !lacking.is_empty() {
            let names: Vec<String> = lacking.iter().map(|field| self.lacking(field)).collect();
            self.faults.push(format!(
                "no column for {}; say which columns hold them (--map FIELD=COLUMN), or give a value for \
                 all rows (--set FIELD=VALUE); the file has {}",
                names.join(", "),
                self.column_names()
            ));
        }
        let is_taken = |at: &usize| self.taken.contains(&Some(*at));
        let left = self.columns.iter().enumerate();
        let left: Vec<&str> = left
            .filter(|(at, _)| !is_taken(at))
            .filter_map(|(_, name)| name.as_deref())
            .collect();
        if !left.is_empty() && chooses {
            warnings.push(format!("columns left out: {}", left.join(", ")));
        } else if !left.is_empty() && self.faults.is_empty() {
            self.faults.push(format!(
                "the schema has no field {}; say which columns to take (--map FIELD=COLUMN), which leaves \
                 out the others; the schema has {}",
                left.join(", "),
                self.schema.names()
            ));
        }
        warnings
    }

    fn mapping(self) -> Mapping {
        let (form, schema) = (self.form, self.schema);
        let unit = form.time_unit.clone().unwrap_or(TimeUnit::Seconds);
        let times = TimeReader::of(unit, form.zone.clone(), form.fractions);
        let clicks = schema
            .position_of(Role::Impression)
            .filter(|_| form.click_labels);
        let fields = schema.fields().iter().enumerate();
        let conversions = fields.map(|(id, field)| match field.data_type() {
            _ if Some(id) == clicks => Conversion::Keep,
            _ if id == schema.timestamp() => {
                times.clone().map_or(Conversion::Keep, Conversion::Time)
            }
            DataType::String if field.role() == Role::Impression => form
                .list_separator
                .map_or(Conversion::Keep, Conversion::List),
            DataType::Float | DataType::Double if form.decimal_comma => Conversion::DecimalComma,
            _ => Conversion::Keep,
        });
        let fields = schema.fields().iter().map(|field| field.name().to_owned());
        let names = self.columns.iter().enumerate();
        let names: Vec<String> = names
            .map(|(at, name)| name.clone().unwrap_or_else(|| (at + 1).to_string()))
            .collect();
        let fields_of = (0..names.len()).map(|column| {
            let taken = self.taken.iter().enumerate();
            let taken = taken.filter(|(_, at)| **at == Some(column));
            taken.map(|(field, _)| field).collect()
        });
        let is_required = |id: usize| {
            let field = schema.fields().get(id);
            field.is_some_and(|field| !field.is_nullable())
        };
        let required = self.taken.iter().enumerate();
        let required = required.filter(|(field, _)| self.any_column && is_required(*field));
        let chooses = self.any_column && form.chooses_columns();
        let found = names.iter().filter(|_| chooses);
        Mapping {
            found: found.map(|_| AtomicBool::new(false)).collect(),
            required: required.filter_map(|(_, column)| *column).collect(),
            fields_of: fields_of.collect(),
            conversions: conversions.collect(),
            names: fields.collect(),
            constants: self.constants,
            position: form.order_as_time.then(|| schema.timestamp()),
            json: self
                .any_column
                .then(|| JsonObject::of(&names, !form.chooses_columns())),
            columns: names,
            clicks: clicks.map(|impression| Clicks {
                item: schema.item(),
                impression,
                separator: form.list_separator.unwrap_or(ListSeparator::Bar),
            }),
        }
    }

    /// The field of this name; without one a fault is noted.
    fn field(&mut self, option: &str, name: &str) -> Option<FieldId> {
        let found = self.schema.position(name);
        if found.is_none() {
            let meant = self.schema.meant_by(name).map(Field::name);
            let meant = meant.map_or_else(String::new, |meant| format!(" (did you mean {meant}?)"));
            self.faults.push(format!(
                "{option} names {}{meant}, which is no field of the schema; it has {}",
                shown(name),
                self.schema.names()
            ));
        }
        found
    }

    /// The column of this name, with or without RecBole's type behind it.
    fn column(&mut self, name: &str) -> Option<usize> {
        let is_it = |column: &Option<String>| column.as_deref() == Some(name);
        let is_typed = |column: &Option<String>| {
            let parts = column.as_deref().and_then(|column| column.rsplit_once(':'));
            parts.is_some_and(|(untyped, kind)| untyped == name && RECBOLE_TYPES.contains(&kind))
        };
        let found = self.columns.iter().position(is_it);
        let found = found.or_else(|| self.columns.iter().position(is_typed));
        if found.is_none() && self.any_column {
            self.columns.push(Some(name.to_owned()));
            return Some(self.columns.len() - 1);
        }
        found
    }

    fn is_constant(&self, field: FieldId) -> bool {
        self.constants.iter().any(|(known, _)| *known == field)
    }

    fn takes_position(&self, field: FieldId) -> bool {
        self.form.order_as_time && field == self.schema.timestamp()
    }

    /// A field without a column, and the column that may be meant.
    fn lacking(&self, field: &Field) -> String {
        format!("{}{}", field.name(), self.meant_by(field.name()))
    }

    /// The column that is equal but for case and separators, as a question.
    fn meant_by(&self, name: &str) -> String {
        let letters = |name: &str| -> String {
            let letters = name.chars().filter(|c| c.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect()
        };
        let mut names = self.columns.iter().flatten();
        match names.find(|column| letters(column) == letters(name)) {
            Some(column) => format!(" (is it {column}?)"),
            None => String::new(),
        }
    }

    fn column_names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().flatten().map(String::as_str).collect();
        names.join(", ")
    }
}
