//! Hints on fields of the test schema, and which records meet them.

use std::cmp::Ordering;

use annals::Value;
use annals::query::Hint;
use proptest::collection::vec;
use proptest::prelude::*;

use super::record::Record;

#[derive(Clone, Debug)]
pub(crate) struct HintOn {
    field: &'static str,
    wanted: Wanted,
}

#[derive(Clone, Debug)]
enum Wanted {
    Null,
    NotNull,
    OneOf(Vec<Value>),
    AtLeast(Value),
    AtMost(Value),
    Between(Value, Value),
}

impl HintOn {
    pub(crate) fn hint(&self) -> Hint {
        let field = self.field;
        match self.wanted.clone() {
            Wanted::Null => Hint::null(field),
            Wanted::NotNull => Hint::not_null(field),
            Wanted::OneOf(values) => Hint::one_of(field, values),
            Wanted::AtLeast(low) => Hint::at_least(field, low),
            Wanted::AtMost(high) => Hint::at_most(field, high),
            Wanted::Between(low, high) => Hint::between(field, low, high),
        }
    }

    pub(crate) fn meets(&self, record: &Record) -> bool {
        let field = super::schema().position(self.field).unwrap();
        let value = &record.values()[field];
        let is = |other: &Value, orders: &[Ordering]| {
            compare(value, other).is_some_and(|order| orders.contains(&order))
        };
        use Ordering::{Equal, Greater, Less};
        match &self.wanted {
            Wanted::Null => *value == Value::Null,
            Wanted::NotNull => *value != Value::Null,
            Wanted::OneOf(values) => values.iter().any(|other| is(other, &[Equal])),
            Wanted::AtLeast(low) => is(low, &[Equal, Greater]),
            Wanted::AtMost(high) => is(high, &[Equal, Less]),
            Wanted::Between(low, high) => is(low, &[Equal, Greater]) && is(high, &[Equal, Less]),
        }
    }
}

/// `None` of null.
fn compare(value: &Value, other: &Value) -> Option<Ordering> {
    let number = |value: &Value| match value {
        Value::Float(number) => Some(f64::from(*number)),
        Value::Double(number) => Some(*number),
        _ => None,
    };
    let integer = |value: &Value| match value {
        Value::Int(number) => Some(i64::from(*number)),
        Value::Long(number) => Some(*number),
        Value::Boolean(flag) => Some(i64::from(*flag)),
        _ => None,
    };
    match (value, other) {
        (Value::String(value), Value::String(other)) => Some(value.cmp(other)),
        _ => match (integer(value), integer(other)) {
            (Some(value), Some(other)) => Some(value.cmp(&other)),
            _ => number(value)?.partial_cmp(&number(other)?),
        },
    }
}

/// A field, and a value that may be one of its.
fn compared() -> impl Strategy<Value = (&'static str, Value)> {
    let float = prop_oneof![any::<f32>(), Just(-0.0), Just(0.0), Just(0.5)];
    let float = float.prop_filter("a number", |number| !number.is_nan());
    let session = prop_oneof![any::<i64>(), 0_i64..4, Just(i64::MIN), Just(i64::MAX)];
    prop_oneof![
        prop::sample::select(vec!["view", "View", "like", "none"])
            .prop_map(|name| ("EVENT_TYPE", name.into())),
        "[a-c]{1,2}".prop_map(|text| ("LOCATION", text.into())),
        (0_u32..30).prop_map(|number| ("ITEM_ID", format!("item {number}").into())),
        float
            .clone()
            .prop_map(|number| ("EVENT_VALUE", number.into())),
        float.prop_map(|number| ("PRICE", f64::from(number).into())),
        prop_oneof![any::<i32>(), 0_i32..4].prop_map(|number| ("POSITION", number.into())),
        session.prop_map(|number| ("SESSION", number.into())),
        any::<bool>().prop_map(|flag| ("MEMBER", flag.into())),
    ]
}

/// A hint on any field but those of users, times and lists.
pub(crate) fn hint() -> impl Strategy<Value = HintOn> {
    (compared(), vec(compared(), 0..8), 0..6).prop_map(|((field, value), others, kind)| {
        let others = others.into_iter().filter(|(other, _)| *other == field);
        let others: Vec<Value> = others.map(|(_, value)| value).collect();
        let wanted = match (kind, others.first()) {
            (0, _) => Wanted::Null,
            (1, _) => Wanted::NotNull,
            (2, _) => Wanted::AtLeast(value),
            (3, _) => Wanted::AtMost(value),
            (4, Some(other)) => Wanted::Between(value, other.clone()),
            _ => Wanted::OneOf([vec![value], others].concat()),
        };
        HintOn { field, wanted }
    })
}
