//! Conditions on interactions, held against one after the other.

use super::bind::{Bound, BoundCondition, BoundTest, Values};
use super::number::Held;
use crate::api::Event;
use crate::model::{Result, Role, Value};

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
