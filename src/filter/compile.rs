//! What an expression is checked for beyond its form.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::parse::{Parsed, parse};
use super::plan::{
    Condition, Dataset, Declared, EVERY, FieldRef, FilterPlan, List, Operand, Term, Test,
};
use crate::model::{DataType, Error, Field, Limits, Result, Schema, lifting};

impl FilterPlan {
    /// Reads and checks an expression for stores of this schema, under these limits (those of the
    /// store: [`Store::limits`](crate::Store::limits)). Fields of Interactions are looked up in the
    /// schema, without regard to case; those of Items and Users when the plan is used.
    ///
    /// Cost: one pass over the expression; memory grows with it, and nothing nests.
    ///
    /// # Errors
    /// `InvalidInput`, with line and column, for what the language, the schema or a limit does not
    /// allow.
    pub fn compile(expression: &str, schema: &Arc<Schema>, limits: &Limits) -> Result<Self> {
        Self::checked(expression, schema, limits).map_err(|error| error.within("filter"))
    }

    fn checked(expression: &str, schema: &Arc<Schema>, limits: &Limits) -> Result<Self> {
        check_length(expression, limits)?;
        let Parsed {
            subject,
            mut expressions,
            mut warnings,
        } = parse(expression)?;
        let mut fields = BTreeSet::new();
        let mut named = BTreeSet::new();
        let mut parameters = Vec::new();
        for part in &mut expressions {
            for condition in part.any.iter_mut().flatten().chain(&mut part.only_if) {
                if condition.field.dataset == Dataset::Interactions {
                    resolve(condition, schema)?;
                }
                check_every(condition, &mut warnings)?;
                count_fields(condition, limits, &mut fields)?;
                let known = parameters.len();
                let names = parameters_of(condition).map(str::to_owned);
                parameters.extend(names.filter(|name| named.insert(name.clone())));
                let fresh = parameters.get(known..).unwrap_or_default();
                check_parameters(&condition.field, known, fresh, limits)?;
            }
        }
        Ok(Self {
            schema: schema.clone(),
            subject,
            expressions,
            parameters,
            warnings,
            newest_per_event_type: limits.max_filter_interactions_per_event_type,
            max_value_chars: limits.max_filter_parameter_value_chars,
        })
    }
}

fn check_length(expression: &str, limits: &Limits) -> Result<()> {
    if expression.is_empty() {
        return Err(Error::invalid("the expression is empty"));
    }
    let chars = expression.chars().count();
    match limits.max_filter_chars.filter(|max| chars > *max) {
        Some(max) => Err(Error::invalid(format!(
            "the expression has {chars} characters; the limit is {max}; shorten it or {}",
            lifting("max_filter_chars")
        ))),
        None => Ok(()),
    }
}

/// Finds a field of Interactions in the schema, takes the schema's spelling, and checks the types.
fn resolve(condition: &mut Condition, schema: &Schema) -> Result<()> {
    let asked = &condition.field;
    let alike = |field: &Field| field.name().eq_ignore_ascii_case(&asked.name);
    let Some(id) = schema.fields().iter().position(alike) else {
        let names: Vec<&str> = schema.fields().iter().map(Field::name).collect();
        return Err(asked.place.error(format_args!(
            "{asked}: the schema has no such field; it has {}",
            names.join(", ")
        )));
    };
    if let Some(field) = schema.fields().get(id) {
        condition.field.declared = Declared {
            id,
            role: field.role(),
            categorical: field.is_categorical(),
        };
        condition.field.name = field.name().to_owned();
        check_type(&condition.field, field.data_type(), &condition.test)?;
    }
    Ok(())
}

/// Strings are looked for in lists, numbers are compared, booleans neither.
pub(super) fn check_type(field: &FieldRef, data_type: DataType, test: &Test) -> Result<()> {
    let rule = match (data_type, test) {
        (DataType::Boolean, _) => {
            "a boolean field, which no filter asks about; use a string field".to_owned()
        }
        (DataType::String, Test::In { .. }) => return Ok(()),
        (DataType::String, Test::Compare { comparison, .. }) => format!(
            "{} compares numbers, and the field is a string; use IN or NOT IN",
            comparison.symbol()
        ),
        (_, Test::Compare { .. }) => return Ok(()),
        (_, Test::In { .. }) => format!(
            "IN looks for strings, and the field is {}; use =, !=, <, <=, > or >=",
            data_type.name()
        ),
    };
    Err(field.place.error(format_args!("{field}: {rule}")))
}

/// `"*"` is for event types.
fn check_every(condition: &Condition, warnings: &mut Vec<String>) -> Result<()> {
    let Test::In {
        negated,
        list: List::Terms(terms),
    } = &condition.test
    else {
        return Ok(());
    };
    for term in terms {
        let Term::Text(text, place) = term else {
            continue;
        };
        if text != EVERY {
            continue;
        }
        if !condition.field.is_event_type() {
            return Err(place.error(format_args!(
                "{}: \"*\" stands for every event type, and is for Interactions.EVENT_TYPE alone",
                condition.field
            )));
        }
        if *negated {
            warnings.push(format!(
                "{place}: NOT IN (\"*\") matches nothing, since every event type is in it"
            ));
        }
    }
    Ok(())
}

/// The fields that a condition names: its own, and the current item's that it is held against.
pub(super) fn fields_of(condition: &Condition) -> impl Iterator<Item = &FieldRef> {
    let other = match &condition.test {
        Test::In {
            list: List::Current(field),
            ..
        } => Some(field),
        Test::Compare {
            with: Operand::Current(field),
            ..
        } => Some(field),
        _ => None,
    };
    std::iter::once(&condition.field).chain(other)
}

fn count_fields(
    condition: &Condition,
    limits: &Limits,
    seen: &mut BTreeSet<(&'static str, String)>,
) -> Result<()> {
    for field in fields_of(condition) {
        let dataset = field.dataset.declared_in().name();
        seen.insert((dataset, field.name.to_ascii_uppercase()));
        if let Some(max) = limits.max_filter_fields.filter(|max| seen.len() > *max) {
            return Err(field.place.error(format_args!(
                "{field}: the filter's field number {}; the limit is {max} distinct fields; use \
                 fewer or {}",
                seen.len(),
                lifting("max_filter_fields")
            )));
        }
    }
    Ok(())
}

/// Checks the parameters that a condition brings beside those that are known; `field` is its own.
fn check_parameters(
    field: &FieldRef,
    known: usize,
    names: &[String],
    limits: &Limits,
) -> Result<()> {
    let (max, count) = (limits.max_filter_parameters, known + names.len());
    if let Some(max) = max.filter(|max| count > *max) {
        return Err(field.place.error(format_args!(
            "{field}: the filter's parameter number {count}; the limit is {max}; use fewer or {}",
            lifting("max_filter_parameters")
        )));
    }
    let max = limits.max_filter_parameter_name_chars.unwrap_or(usize::MAX);
    match names.iter().find(|name| name.len() > max) {
        None => Ok(()),
        // Names are ASCII.
        Some(name) => Err(field.place.error(format_args!(
            "{field}: parameter ${name}: its name has {} characters; shorten it to {max} or {}",
            name.len(),
            lifting("max_filter_parameter_name_chars")
        ))),
    }
}

/// The names of the parameters that a condition needs.
pub(super) fn parameters_of(condition: &Condition) -> impl Iterator<Item = &str> {
    let terms = match &condition.test {
        Test::In {
            list: List::Terms(terms),
            ..
        } => terms.as_slice(),
        _ => &[],
    };
    let operand = match &condition.test {
        Test::Compare {
            with: Operand::Parameter(name),
            ..
        } => Some(name.as_str()),
        _ => None,
    };
    let named = terms.iter().filter_map(|term| match term {
        Term::Parameter(name) => Some(name.as_str()),
        Term::Text(..) => None,
    });
    named.chain(operand)
}
