//! Which interactions an export takes.

use serde::{Deserialize, Serialize};

use crate::model::{DataType, Error, FieldId, Origins, Result, Role, Schema, TimeRange};

/// Event rules that one selection takes, at most: the service's quota.
const MAX_EVENT_RULES: usize = 10;

/// Which interactions an export takes, for every form and layout. The default takes all.
///
/// The rules apply in the order of the fields here, and each counts what it dropped of what those before
/// it left ([`Dropped`](super::Dropped)). Columns drop nothing.
///
/// Each field has a method of its name, which sets it and says what it is by default. A rule that the schema or its
/// bounds do not allow is an `InvalidInput` error when the export begins.
///
/// ```
/// use annals::export::{EventRule, Selection};
///
/// let selection = Selection::default()
///     .since(1_700_000_000)
///     .events([EventRule::of("purchase").weight(5.0), EventRule::of("rating").at_least(4.0)])
///     .min_user_events(5);
/// assert_eq!(selection.events.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Selection {
    /// By bulk imports, one by one, or both.
    pub origin: Origins,
    /// Only timestamps from this one on, in epoch seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Only timestamps before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Only commits above this sequence number: what arrived since. 0 for all.
    #[serde(skip_serializing_if = "is_zero")]
    pub after: u64,
    /// Only commits up to this sequence number; `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upto: Option<u64>,
    /// Only events that one of these takes; none for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventRule>,
    /// What becomes of sessions that never became users.
    pub sessions: Sessions,
    /// Of rows that are equal in every field of the schema, only the first to arrive.
    #[serde(skip_serializing_if = "is_false")]
    pub distinct: bool,
    /// Only items with so many interactions or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_item_events: Option<u64>,
    /// Only users with so many interactions or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_user_events: Option<u64>,
    /// The newest interactions of the whole store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<u64>,
    /// The newest interactions of each user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_per_user: Option<u64>,
    /// Only so many, the first in user order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Only these fields, in schema order; `None` for those that the layout takes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// All fields but these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
}

impl Selection {
    /// By bulk imports, one by one, or both. Default: [`Origins::All`].
    #[must_use]
    pub fn origin(mut self, origin: Origins) -> Self {
        self.origin = origin;
        self
    }

    /// Only timestamps from this one on, in epoch seconds. Default: `None`, which is from the first.
    #[must_use]
    pub fn since(mut self, since: impl Into<Option<i64>>) -> Self {
        self.since = since.into();
        self
    }

    /// Only timestamps before this one, in epoch seconds. Default: `None`, which is to the last.
    #[must_use]
    pub fn until(mut self, until: impl Into<Option<i64>>) -> Self {
        self.until = until.into();
        self
    }

    /// Only commits above this sequence number: what arrived since. Default: 0, which is all.
    #[must_use]
    pub fn after(mut self, sequence: u64) -> Self {
        self.after = sequence;
        self
    }

    /// Only commits up to this sequence number. Other than [`Snapshot::as_of`](crate::Snapshot::as_of) it leaves
    /// rows out that came later, and shows the others as they are now. Default: `None`, which is all.
    #[must_use]
    pub fn upto(mut self, sequence: impl Into<Option<u64>>) -> Self {
        self.upto = sequence.into();
        self
    }

    /// Only events that one of these takes; none for all. At most 10, of different types; their types need a field
    /// `EVENT_TYPE` in the schema, least values a field `EVENT_VALUE`. Default: all.
    #[must_use]
    pub fn events(mut self, rules: impl IntoIterator<Item = EventRule>) -> Self {
        self.events = rules.into_iter().collect();
        self
    }

    /// What becomes of sessions that never became users. Default: [`Sessions::Keep`].
    #[must_use]
    pub fn sessions(mut self, sessions: Sessions) -> Self {
        self.sessions = sessions;
        self
    }

    /// Whether of rows that are equal in every field of the schema only the first to arrive is taken. Default:
    /// false.
    #[must_use]
    pub fn distinct(mut self, distinct: bool) -> Self {
        self.distinct = distinct;
        self
    }

    /// Only items with so many interactions or more, among those that the rules before left. At least 1. Default:
    /// `None`, which is all.
    #[must_use]
    pub fn min_item_events(mut self, count: impl Into<Option<u64>>) -> Self {
        self.min_item_events = count.into();
        self
    }

    /// Only users with so many interactions or more, among those that the rules before left. At least 1. Default:
    /// `None`, which is all.
    #[must_use]
    pub fn min_user_events(mut self, count: impl Into<Option<u64>>) -> Self {
        self.min_user_events = count.into();
        self
    }

    /// Only so many interactions, the newest of the whole store, by timestamp; of the oldest second that is kept in
    /// part, the first in user order. At least 1. Default: `None`, which is all.
    #[must_use]
    pub fn newest(mut self, count: impl Into<Option<u64>>) -> Self {
        self.newest = count.into();
        self
    }

    /// Only so many interactions of each user, the newest. At least 1. Default: `None`, which is all.
    #[must_use]
    pub fn newest_per_user(mut self, count: impl Into<Option<u64>>) -> Self {
        self.newest_per_user = count.into();
        self
    }

    /// Only so many interactions, the first in user order; 0 takes none. Default: `None`, which is all.
    #[must_use]
    pub fn limit(mut self, count: impl Into<Option<u64>>) -> Self {
        self.limit = count.into();
        self
    }

    /// Only these fields, in schema order. Names that the schema does not have are refused. Default: those that the
    /// layout takes by itself.
    #[must_use]
    pub fn columns<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// All fields but these; not beside [`columns`](Self::columns()). Names that the schema does not have are
    /// refused. Default: none.
    #[must_use]
    pub fn without<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.without = names.into_iter().map(Into::into).collect();
        self
    }
}

impl Selection {
    /// A rule that judges a row by others.
    pub(super) fn rule_of_many(&self) -> Option<&'static str> {
        let rules = [
            (self.distinct, "distinct"),
            (self.min_item_events.is_some(), "min_item_events"),
            (self.min_user_events.is_some(), "min_user_events"),
            (self.newest.is_some(), "newest"),
            (self.newest_per_user.is_some(), "newest_per_user"),
            (self.limit.is_some(), "limit"),
        ];
        let rule = rules.iter().find(|(given, _)| *given);
        rule.map(|(_, name)| *name)
    }
}

/// Takes events of one type: an entry of the service's `eventsConfig`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EventRule {
    /// The event type, in any case of letters.
    pub event_type: String,
    /// Only those with an `EVENT_VALUE` from this one on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// What they count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
}

impl EventRule {
    /// Takes all events of a type.
    pub fn of(event_type: impl Into<String>) -> Self {
        Self {
            event_type: event_type.into(),
            ..Self::default()
        }
    }

    /// Only those with an `EVENT_VALUE` from this one on; one without a value is not taken. Finite. Default:
    /// `None`, which takes all.
    #[must_use]
    pub fn at_least(mut self, value: impl Into<Option<f64>>) -> Self {
        self.at_least = value.into();
        self
    }

    /// What they count. Where any rule has a weight, a column `WEIGHT` comes, with 1 for those without. Finite.
    /// Default: `None`.
    #[must_use]
    pub fn weight(mut self, weight: impl Into<Option<f64>>) -> Self {
        self.weight = weight.into();
        self
    }

    /// Reads `TYPE[>=VALUE][:WEIGHT]`. What follows the last colon is a weight where it is a number. A type
    /// that ends so itself stands in double quotes, in which a double quote is doubled.
    ///
    /// # Errors
    /// `InvalidInput`, naming the part.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = |what: String| {
            Error::invalid(format!(
                "event type {text:?}: {what}; write TYPE, TYPE>=VALUE, TYPE:WEIGHT or TYPE>=VALUE:WEIGHT, with a type \
                 that has such an ending itself in double quotes"
            ))
        };
        let number = |part: &str| {
            part.trim()
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
        };
        let (quoted, rest) = match text.strip_prefix('"') {
            Some(quoted) => {
                let (name, rest) = unquoted(quoted)
                    .ok_or_else(|| refused("a double quote is not closed".to_owned()))?;
                (Some(name), rest)
            }
            None => (None, text),
        };
        let (rest, weight) = match rest
            .rsplit_once(':')
            .map(|(rest, part)| (rest, number(part)))
        {
            Some((rest, Some(weight))) => (rest, Some(weight)),
            _ => (rest, None),
        };
        let (name, at_least) = match rest.rsplit_once(">=") {
            Some((name, part)) => {
                let value = number(part);
                let value = value.ok_or_else(|| refused(format!("{part:?} is no number")))?;
                (name, Some(value))
            }
            None => (rest, None),
        };
        let event_type = match quoted {
            None => name.to_owned(),
            Some(quoted) if name.is_empty() => quoted,
            Some(_) => return Err(refused(format!("{name:?} follows the closing quote"))),
        };
        match event_type.is_empty() {
            true => Err(refused("the name is missing".to_owned())),
            false => Ok(Self {
                event_type,
                at_least,
                weight,
            }),
        }
    }
}

/// The text up to the closing quote, and what follows.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (part, behind) = rest.split_once('"')?;
        name.push_str(part);
        match behind.strip_prefix('"') {
            Some(behind) => {
                name.push('"');
                rest = behind;
            }
            None => return Some((name, behind)),
        }
    }
}

/// What becomes of sessions that stand in as users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sessions {
    /// They come as users of their name.
    #[default]
    Keep,
    /// They are left out until they become users.
    Drop,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A selection, checked against a schema.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) selection: Selection,
    pub(super) event_type: Option<FieldId>,
    pub(super) event_value: Option<FieldId>,
}

impl Selection {
    pub(super) fn time(&self) -> TimeRange {
        TimeRange::new(self.since, self.until)
    }

    /// Whether a column of weights comes.
    pub(super) fn has_weights(&self) -> bool {
        self.events.iter().any(|rule| rule.weight.is_some())
    }

    /// A flag for each field of the schema, or `None` where the layout chooses.
    pub(super) fn asked(&self, schema: &Schema) -> Result<Option<Vec<bool>>> {
        if let Some(columns) = &self.columns {
            if !self.without.is_empty() {
                return Err(Error::invalid(
                    "columns to take and columns to leave out, both; give one of them",
                ));
            }
            return flags(schema, columns).map(Some);
        }
        if self.without.is_empty() {
            return Ok(None);
        }
        let mut asked = flags(schema, &self.without)?;
        asked.iter_mut().for_each(|flag| *flag = !*flag);
        Ok(Some(asked))
    }

    /// Checks the rules against a schema.
    ///
    /// # Errors
    /// `InvalidInput`, naming the rule.
    pub(super) fn rules(&self, schema: &Schema) -> Result<Rules> {
        let event_type = schema.position_of(Role::EventType);
        let event_value = schema.position_of(Role::EventValue);
        if self.events.len() > MAX_EVENT_RULES {
            return Err(Error::invalid(format!(
                "{} event rules; at most {MAX_EVENT_RULES} are taken",
                self.events.len()
            )));
        }
        for (nth, rule) in self.events.iter().enumerate() {
            let name = &rule.event_type;
            let refused = |what: &str| Err(Error::invalid(format!("event type {name:?}: {what}")));
            if event_type.is_none() {
                return refused("the schema has no field EVENT_TYPE");
            }
            if rule.at_least.is_some() && event_value.is_none() {
                return refused("has a least value, and the schema has no field EVENT_VALUE");
            }
            let numbers = [rule.at_least, rule.weight];
            if numbers
                .into_iter()
                .flatten()
                .any(|number| !number.is_finite())
            {
                return refused("its least value and its weight must be finite");
            }
            let mut before = self.events.iter().take(nth);
            if before.any(|other| other.event_type.eq_ignore_ascii_case(name)) {
                return refused("two rules; give one for each type");
            }
        }
        if self.has_weights() && schema.position(WEIGHT).is_some() {
            return Err(Error::of_field(
                WEIGHT,
                "an event rule has a weight, whose column has the same name; leave the weights out",
            ));
        }
        let counts = [
            ("min_item_events", self.min_item_events),
            ("min_user_events", self.min_user_events),
            ("newest", self.newest),
            ("newest_per_user", self.newest_per_user),
        ];
        for (name, count) in counts {
            if count == Some(0) {
                return Err(Error::invalid(format!(
                    "{name} is 0; it must be at least 1"
                )));
            }
        }
        Ok(Rules {
            selection: self.clone(),
            event_type,
            event_value,
        })
    }
}

/// The column of weights.
pub(super) const WEIGHT: &str = "WEIGHT";

fn flags(schema: &Schema, names: &[String]) -> Result<Vec<bool>> {
    let mut flags = vec![false; schema.fields().len()];
    for name in names {
        let field = schema.require(name)?;
        if let Some(flag) = flags.get_mut(field) {
            *flag = true;
        }
    }
    Ok(flags)
}

impl Rules {
    /// The fields that deciding about a row needs.
    pub(super) fn needed(&self, schema: &Schema) -> Vec<bool> {
        let selection = &self.selection;
        let mut needed = vec![selection.distinct; schema.fields().len()];
        let mut need = |field: Option<FieldId>| {
            if let Some(flag) = field.and_then(|field| needed.get_mut(field)) {
                *flag = true;
            }
        };
        if !selection.events.is_empty() {
            need(self.event_type);
        }
        if selection.events.iter().any(|rule| rule.at_least.is_some()) {
            need(self.event_value);
        }
        if selection.min_item_events.is_some() {
            need(Some(schema.item()));
        }
        needed
    }

    /// Whether rows are judged by the commit that they came with.
    pub(super) fn are_of_commits(&self) -> bool {
        self.selection.after > 0 || self.selection.upto.is_some()
    }

    /// Whether each row is judged by itself, so that any order will do.
    pub(super) fn are_of_rows(&self) -> bool {
        let selection = &self.selection;
        !selection.distinct
            && selection.min_user_events.is_none()
            && selection.newest.is_none()
            && selection.newest_per_user.is_none()
    }

    /// A value from a number column's bits, as far as thresholds compare it.
    pub(super) fn value(data_type: DataType, bits: u64) -> f64 {
        match data_type {
            DataType::Float => f64::from(crate::model::f32_of_bits(bits)),
            DataType::Double => f64::from_bits(bits),
            _ => crate::model::Cell::i64_of_bits(bits) as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_rules_are_read() {
        let rule = |name: &str, at_least, weight| EventRule {
            event_type: name.to_owned(),
            at_least,
            weight,
        };
        for (text, want) in [
            ("view", rule("view", None, None)),
            ("buy>=2.5", rule("buy", Some(2.5), None)),
            ("buy:0.5", rule("buy", None, Some(0.5))),
            ("buy>=1:3", rule("buy", Some(1.0), Some(3.0))),
            ("\"a:1\"", rule("a:1", None, None)),
            ("cart:add", rule("cart:add", None, None)),
            ("cart:add:2", rule("cart:add", None, Some(2.0))),
            (
                "\"a\"\"b>=1\">=-2:1e1",
                rule("a\"b>=1", Some(-2.0), Some(10.0)),
            ),
        ] {
            assert_eq!(EventRule::parse(text).unwrap(), want, "{text}");
        }
        for text in ["", ">=1", ":1", "a>=x", "a>=nan", "\"a", "\"a\"b"] {
            let error = EventRule::parse(text).unwrap_err();
            assert!(error.message().starts_with("event type"), "{error}");
        }
    }
}
