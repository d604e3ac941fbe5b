//! What an expression means, from the contract alone: no plan, no index, no shared code.

use std::collections::BTreeMap;

use crate::support::record::Record;

/// The values of an item, a user or an interaction by field: strings apart from numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    pub(super) texts: BTreeMap<&'static str, Vec<String>>,
    pub(super) numbers: BTreeMap<&'static str, f64>,
}

/// Attributes by id.
pub(super) type Table = BTreeMap<String, Values>;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dataset {
    Interactions,
    Items,
    Users,
    CurrentUser,
}

#[derive(Clone, Debug)]
pub(super) enum Term {
    Text(String),
    Parameter(usize),
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    In(bool, Vec<Term>),
    InCurrent(bool, &'static str),
    Compare(&'static str, f64),
    CompareParameter(&'static str, usize),
    CompareCurrent(&'static str, &'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) field: &'static str,
    pub(super) test: Test,
}

#[derive(Clone, Debug)]
pub(super) struct Expression {
    pub(super) include: bool,
    pub(super) dataset: Dataset,
    pub(super) any: Vec<Vec<Condition>>,
    pub(super) only_if: Vec<Condition>,
}

/// A request and the world that it is made in.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// Oldest first, by time and arrival.
    pub(super) records: Vec<Record>,
    pub(super) items: Table,
    pub(super) users: Table,
    pub(super) current_item: String,
    /// Numbered; those given have values.
    pub(super) texts: Vec<Option<Vec<String>>>,
    pub(super) numbers: Vec<Option<f64>>,
    pub(super) newest: Option<usize>,
}

/// A parameter that an INCLUDE lacks.
#[derive(Debug, PartialEq)]
pub(super) struct Missing;

impl World {
    fn is_given(&self, condition: &Condition) -> bool {
        match &condition.test {
            Test::In(_, terms) => terms.iter().all(|term| match term {
                Term::Text(_) => true,
                Term::Parameter(number) => self.texts[*number].is_some(),
            }),
            Test::CompareParameter(_, number) => self.numbers[*number].is_some(),
            _ => true,
        }
    }

    fn list(&self, terms: &[Term]) -> Vec<String> {
        let values = terms.iter().flat_map(|term| match term {
            Term::Text(text) => vec![text.clone()],
            Term::Parameter(number) => self.texts[*number].clone().unwrap(),
        });
        values.collect()
    }

    fn holds(&self, condition: &Condition, values: &Values) -> bool {
        let field = condition.field;
        let current = self
            .items
            .get(&self.current_item)
            .cloned()
            .unwrap_or_default();
        let is_in = |list: &[String]| {
            let values = values.texts.get(field).into_iter().flatten();
            values.into_iter().any(|value| {
                list.iter().any(|wanted| match field {
                    "EVENT_TYPE" => wanted == "*" || wanted.eq_ignore_ascii_case(value),
                    _ => wanted == value,
                })
            })
        };
        let compare = |symbol: &str, with: Option<f64>| {
            let (Some(value), Some(with)) = (values.numbers.get(field).copied(), with) else {
                return false;
            };
            match symbol {
                "=" => value == with,
                "!=" => value != with,
                "<" => value < with,
                "<=" => value <= with,
                ">" => value > with,
                ">=" => value >= with,
                other => panic!("{other}"),
            }
        };
        match &condition.test {
            Test::In(negated, terms) => is_in(&self.list(terms)) != *negated,
            Test::InCurrent(negated, other) => {
                is_in(current.texts.get(other).map_or(&[][..], Vec::as_slice)) != *negated
            }
            Test::Compare(symbol, with) => compare(symbol, Some(*with)),
            Test::CompareParameter(symbol, number) => compare(symbol, self.numbers[*number]),
            Test::CompareCurrent(symbol, other) => {
                compare(symbol, current.numbers.get(other).copied())
            }
        }
    }

    fn any(&self, expression: &Expression, values: &Values) -> bool {
        let all = |group: &Vec<Condition>| group.iter().all(|one| self.holds(one, values));
        expression.any.iter().any(all)
    }

    /// The user's interactions that count.
    fn considered(&self, user: &str) -> Vec<&Record> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let newest_first = self.records.iter().rev();
        let of_user = newest_first.filter(|record| record.user == user);
        of_user
            .filter(|record| {
                let count = counts.entry(record.event_type.to_lowercase()).or_default();
                *count += 1;
                self.newest.is_none_or(|newest| *count <= newest)
            })
            .collect()
    }

    /// The expressions that apply to a request of `user`.
    fn applied<'e>(
        &self,
        expressions: &'e [Expression],
        user: &str,
    ) -> Result<Vec<&'e Expression>, Missing> {
        let mut applied = Vec::new();
        for expression in expressions {
            let conditions = expression.any.iter().flatten().chain(&expression.only_if);
            if !{ conditions }.all(|condition| self.is_given(condition)) {
                if expression.include {
                    return Err(Missing);
                }
                continue;
            }
            let values = self.users.get(user).cloned().unwrap_or_default();
            if expression
                .only_if
                .iter()
                .all(|one| self.holds(one, &values))
            {
                applied.push(expression);
            }
        }
        Ok(applied)
    }

    fn is_kept(applied: &[&Expression], matches: impl Fn(&Expression) -> bool) -> bool {
        let mut includes = applied.iter().filter(|one| one.include).peekable();
        let included = includes.peek().is_none() || includes.any(|one| matches(one));
        included && !applied.iter().any(|one| !one.include && matches(one))
    }

    pub(super) fn kept_items(
        &self,
        expressions: &[Expression],
        user: &str,
        candidates: &[&str],
    ) -> Result<Vec<usize>, Missing> {
        let applied = self.applied(expressions, user)?;
        let matches = |expression: &Expression, item: &str| match expression.dataset {
            Dataset::Interactions => self
                .considered(user)
                .iter()
                .any(|record| record.item == item && self.any(expression, &values_of(record))),
            _ => self.any(
                expression,
                &self.items.get(item).cloned().unwrap_or_default(),
            ),
        };
        let kept = (0..candidates.len())
            .filter(|at| Self::is_kept(&applied, |one| matches(one, candidates[*at])));
        Ok(kept.collect())
    }

    pub(super) fn kept_users(&self, expressions: &[Expression]) -> Result<Vec<String>, Missing> {
        let applied = self.applied(expressions, "")?;
        let mut users: Vec<&str> = self.records.iter().map(|record| &*record.user).collect();
        users.sort_unstable();
        users.dedup();
        let matches = |expression: &Expression, user: &str| match expression.dataset {
            Dataset::Interactions => {
                let records = self.considered(user);
                records
                    .iter()
                    .any(|record| self.any(expression, &values_of(record)))
            }
            _ => self.any(
                expression,
                &self.users.get(user).cloned().unwrap_or_default(),
            ),
        };
        let kept = users.into_iter();
        let kept = kept.filter(|user| Self::is_kept(&applied, |one| matches(one, user)));
        Ok(kept.map(str::to_owned).collect())
    }
}

/// The fields of an interaction that expressions ask about.
fn values_of(record: &Record) -> Values {
    let mut values = Values::default();
    let one = |text: &str| vec![text.to_owned()];
    values.texts.insert("USER_ID", one(&record.user));
    values.texts.insert("ITEM_ID", one(&record.item));
    values.texts.insert("EVENT_TYPE", one(&record.event_type));
    values.texts.insert("IMPRESSION", record.impression.clone());
    let categories = record.location.iter().flat_map(|all| all.split('|'));
    values
        .texts
        .insert("LOCATION", categories.map(str::to_owned).collect());
    values.numbers.insert("TIMESTAMP", record.timestamp as f64);
    values.numbers.insert("POSITION", record.position.into());
    if let Some(value) = record.value {
        values.numbers.insert("EVENT_VALUE", value.into());
    }
    if let Some(price) = record.price {
        values.numbers.insert("PRICE", price);
    }
    values
}
