//! Conditions on interactions, held against one after the other.

use std::sync::Arc;

use super::bind::{Bound, BoundCondition, BoundTest, Values};
use super::number::Held;
use crate::api::Event;
use crate::types::{FieldId, Result, Role, Schema, Strings, Value};

/// Whether an interaction passes; `user` is whose it is.
pub(super) fn passes(bound: &Bound<'_>, event: &Event<'_>, user: &str) -> Result<bool> {
    for group in &bound.any {
        let mut all = true;
        for condition in group {
            all = all && condition_holds(condition, event, user)?;
        }
        if all {
            return Ok(true);
        }
    }
    Ok(false)
}

fn condition_holds(condition: &BoundCondition<'_>, event: &Event<'_>, user: &str) -> Result<bool> {
    let field = condition.declared.id;
    let BoundTest::In { negated, values } = &condition.test else {
        let held = match event.value(field)? {
            Value::Int(value) => Held::Integer(value.into()),
            Value::Long(value) => Held::Integer(value),
            Value::Float(value) => Held::Float(value),
            Value::Double(value) => Held::Double(value),
            _ => return Ok(false),
        };
        return Ok(condition.test.holds_number(held));
    };
    let holds = match condition.declared.role {
        Role::User => values.holds(user),
        Role::Impression => match event.value(field)? {
            Value::Items(items) => items.iter().any(|item| values.holds(item)),
            _ => false,
        },
        // What has no value is in no list.
        role => event.text(field)?.is_some_and(|text| match role {
            Role::EventType => values.holds_type(text),
            _ if condition.declared.categorical => values.holds_any(text),
            _ => values.holds(text),
        }),
    };
    Ok(holds != *negated)
}

/// The event types that an interaction must have one of to pass; `None` where others can pass.
pub(super) fn only_types<'a>(bound: &'a Bound<'_>) -> Option<Vec<&'a str>> {
    let mut types = Vec::new();
    for group in &bound.any {
        types.extend(group.iter().find_map(listed_types)?.texts());
    }
    Some(types)
}

/// Whether the event types alone decide.
pub(super) fn is_by_type(bound: &Bound<'_>) -> bool {
    let mut groups = bound.any.iter();
    groups.all(|group| matches!(group.as_slice(), [only] if listed_types(only).is_some()))
}

fn listed_types<'a>(condition: &'a BoundCondition<'_>) -> Option<&'a Values<'a>> {
    match &condition.test {
        BoundTest::In {
            negated: false,
            values,
        } if condition.declared.role == Role::EventType && !values.every => Some(values),
        _ => None,
    }
}

/// Numbers event types: those that differ only in the case of letters are one.
pub(super) struct TypeNumbers {
    field: Option<FieldId>,
    names: Vec<String>,
    /// By dictionary, and in it by code, the number plus one; 0 is not known yet.
    known: Vec<(Arc<dyn Strings>, Vec<usize>)>,
}

/// Dictionaries that are remembered at a time.
const MAX_KNOWN: usize = 64;

impl TypeNumbers {
    pub(super) fn new(schema: &Schema) -> Self {
        Self {
            field: schema.position_of(Role::EventType),
            names: Vec::new(),
            known: Vec::new(),
        }
    }

    /// The number of an interaction's event type; one for all where the schema has none.
    pub(super) fn of(&mut self, event: &Event<'_>) -> Result<usize> {
        let Some(field) = self.field else {
            return Ok(0);
        };
        let Some(strings) = event.dictionary(field) else {
            return Ok(0);
        };
        let code = event.code(field) as usize;
        let same = |(known, _): &(Arc<dyn Strings>, _)| Arc::ptr_eq(known, strings);
        let place = match self.known.iter().position(same) {
            Some(place) => place,
            None => {
                if self.known.len() == MAX_KNOWN {
                    self.known.clear();
                }
                self.known.push((strings.clone(), Vec::new()));
                self.known.len() - 1
            }
        };
        let Some((_, numbers)) = self.known.get_mut(place) else {
            return Ok(0);
        };
        if let Some(number) = numbers.get(code).and_then(|number| number.checked_sub(1)) {
            return Ok(number);
        }
        let text = event.text(field)?.unwrap_or_default();
        let same = |name: &String| name.eq_ignore_ascii_case(text);
        let number = self.names.iter().position(same).unwrap_or_else(|| {
            self.names.push(text.to_owned());
            self.names.len() - 1
        });
        if numbers.len() <= code {
            numbers.resize(code + 1, 0);
        }
        if let Some(slot) = numbers.get_mut(code) {
            *slot = number + 1;
        }
        Ok(number)
    }
}

/// Counts interactions by event type, newest first, up to a limit each.
pub(super) struct Newest {
    limit: usize,
    numbers: TypeNumbers,
    counts: Vec<usize>,
}

impl Newest {
    pub(super) fn new(limit: usize, schema: &Schema) -> Self {
        Self {
            limit,
            numbers: TypeNumbers::new(schema),
            counts: Vec::new(),
        }
    }

    /// Whether the next older interaction is among the newest of its event type.
    pub(super) fn takes(&mut self, event: &Event<'_>) -> Result<bool> {
        let number = self.numbers.of(event)?;
        if self.counts.len() <= number {
            self.counts.resize(number + 1, 0);
        }
        let count = self.counts.get_mut(number).map_or(0, |count| {
            *count += 1;
            *count
        });
        Ok(count <= self.limit)
    }
}
