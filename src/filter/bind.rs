//! A plan with the values of one request.

use std::borrow::Cow;

use super::attributes::{Attribute, AttributeField, Attributes, FilterContext};
use super::compile::{check_type, parameters_of};
use super::number::{Comparison, Held, Number};
use super::plan::{
    Action, Condition, Dataset, Declared, EVERY, Expression, FieldRef, FilterPlan, List, Operand,
    Term, Test,
};
use crate::model::{Error, Result, Role, check_asked_user, lifting};

/// How an expression stands in a request.
pub(super) enum Standing<'a> {
    Applied(Bound<'a>),
    /// An EXCLUDE without the value of this parameter: left out.
    Missing(&'a str),
    /// The condition behind IF does not hold: left out.
    IfFails(&'a Condition),
}

/// An expression with its values.
pub(super) struct Bound<'a> {
    pub(super) action: Action,
    pub(super) dataset: Dataset,
    /// Any of these groups, of which all.
    pub(super) any: Vec<Vec<BoundCondition<'a>>>,
}

/// A condition with its values.
pub(super) struct BoundCondition<'a> {
    /// Of the schema for Interactions, of the attributes for the others.
    pub(super) declared: Declared,
    pub(super) test: BoundTest<'a>,
}

pub(super) enum BoundTest<'a> {
    In {
        negated: bool,
        values: Values<'a>,
    },
    /// `None`, where the current item has no such number: does not hold.
    Compare(Comparison, Option<Number>),
}

/// The strings of a list, sorted.
pub(super) struct Values<'a> {
    texts: Vec<Cow<'a, str>>,
    /// Whether one of them is `*`.
    pub(super) every: bool,
}

impl<'a> Values<'a> {
    fn new(mut texts: Vec<Cow<'a, str>>) -> Self {
        texts.sort_unstable();
        texts.dedup();
        let every = texts.iter().any(|text| text == EVERY);
        Self { texts, every }
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        self.texts
            .binary_search_by(|known| (**known).cmp(text))
            .is_ok()
    }

    /// Whether it holds one of the values of a string that is several, joined by bars.
    pub(super) fn holds_any(&self, text: &str) -> bool {
        text.split('|').any(|part| self.holds(part))
    }

    /// Whether it holds an event type, in any case of letters.
    pub(super) fn holds_type(&self, event_type: &str) -> bool {
        self.every
            || self
                .texts()
                .any(|known| known.eq_ignore_ascii_case(event_type))
    }
}

/// Binds each expression of a plan; `user` is the one that CurrentUser means.
///
/// # Errors
/// `InvalidInput` for a parameter that an INCLUDE lacks, that the plan does not name, or that is of
/// the wrong kind, for attributes that were not given or do not have a field, and for a user id that
/// holds U+0000.
pub(super) fn bind<'a>(
    plan: &'a FilterPlan,
    context: &'a FilterContext<'_>,
    user: &str,
) -> Result<Vec<Standing<'a>>> {
    check_asked_user(user)?;
    check_names(plan, context)?;
    check_values(plan, context)?;
    let expressions = plan.expressions.iter();
    expressions
        .map(|expression| standing(expression, context, user))
        .collect()
}

fn check_names(plan: &FilterPlan, context: &FilterContext<'_>) -> Result<()> {
    let known = |name: &str| plan.parameters.iter().any(|known| known == name);
    let mut names = context.parameters().iter().map(|given| given.name.as_str());
    let Some(name) = names.find(|name| !known(name)) else {
        return Ok(());
    };
    let has = match plan.parameters.as_slice() {
        [] => "none".to_owned(),
        names => format!("${}", names.join(", $")),
    };
    Err(Error::invalid(format!(
        "parameter {name}: the filter does not name it; it names {has} (names are case-sensitive)"
    )))
}

fn check_values(plan: &FilterPlan, context: &FilterContext<'_>) -> Result<()> {
    let max = plan.max_value_chars.unwrap_or(usize::MAX);
    let mut given = context.parameters().iter();
    match given.find(|given| given.chars > max) {
        None => Ok(()),
        Some(given) => Err(Error::invalid(format!(
            "parameter {}: its values have {} characters; shorten them to {max} or {}",
            given.name,
            given.chars,
            lifting("max_filter_parameter_value_chars")
        ))),
    }
}

fn standing<'a>(
    expression: &'a Expression,
    context: &'a FilterContext<'_>,
    user: &str,
) -> Result<Standing<'a>> {
    let mut needed = expression.conditions().flat_map(parameters_of);
    if let Some(name) = needed.find(|name| context.find(name).is_none()) {
        return match expression.action {
            Action::Exclude => Ok(Standing::Missing(name)),
            Action::Include => Err(Error::invalid(format!(
                "parameter {name}: not given, and an INCLUDE needs every parameter"
            ))),
        };
    }
    for condition in &expression.only_if {
        let users = given(context.users, &condition.field)?;
        if !bound(condition, context)?.holds_for(users, user)? {
            return Ok(Standing::IfFails(condition));
        }
    }
    let group = |group: &'a Vec<Condition>| {
        let conditions = group.iter().map(|condition| bound(condition, context));
        conditions.collect::<Result<Vec<_>>>()
    };
    Ok(Standing::Applied(Bound {
        action: expression.action,
        dataset: expression.dataset,
        any: expression.any.iter().map(group).collect::<Result<_>>()?,
    }))
}

/// The attributes that a field is one of, where they were given.
pub(super) fn given<'a>(
    attributes: Option<&'a dyn Attributes>,
    field: &FieldRef,
) -> Result<&'a dyn Attributes> {
    attributes.ok_or_else(|| {
        let dataset = field.dataset.declared_in().name();
        field.place.error(format_args!(
            "{field}: a store holds interactions alone, and the {dataset} dataset was not given \
             with the request"
        ))
    })
}

fn attribute_field(
    context: &FilterContext<'_>,
    field: &FieldRef,
    test: &Test,
) -> Result<AttributeField> {
    let attributes = match field.dataset.declared_in() {
        Dataset::Users => context.users,
        _ => context.items,
    };
    let Some(found) = given(attributes, field)?.field(&field.name) else {
        return Err(field.place.error(format_args!(
            "{field}: the {} dataset has no such field",
            field.dataset.declared_in().name()
        )));
    };
    check_type(field, found.data_type, test)?;
    Ok(found)
}

fn bound<'a>(
    condition: &'a Condition,
    context: &'a FilterContext<'_>,
) -> Result<BoundCondition<'a>> {
    let declared = match condition.field.dataset {
        Dataset::Interactions => condition.field.declared,
        _ => {
            let found = attribute_field(context, &condition.field, &condition.test)?;
            Declared {
                id: found.id,
                role: Role::Metadata,
                categorical: found.categorical,
            }
        }
    };
    let test = match &condition.test {
        Test::In { negated, list } => BoundTest::In {
            negated: *negated,
            values: Values::new(match list {
                List::Terms(terms) => texts(terms, condition, context)?,
                List::Current(current) => current_texts(current, &condition.test, context)?,
            }),
        },
        Test::Compare { comparison, with } => {
            BoundTest::Compare(*comparison, operand(with, &condition.test, context)?)
        }
    };
    Ok(BoundCondition { declared, test })
}

fn texts<'a>(
    terms: &'a [Term],
    condition: &Condition,
    context: &'a FilterContext<'_>,
) -> Result<Vec<Cow<'a, str>>> {
    let mut texts = Vec::with_capacity(terms.len());
    for term in terms {
        match term {
            Term::Text(text, _) => texts.push(Cow::Borrowed(text.as_str())),
            Term::Parameter(name) => {
                let Some(parameter) = context.find(name) else {
                    continue;
                };
                for text in parameter.texts()? {
                    check_every(text, name, condition)?;
                    texts.push(Cow::Borrowed(text));
                }
            }
        }
    }
    Ok(texts)
}

fn check_every(text: &str, parameter: &str, condition: &Condition) -> Result<()> {
    let field = &condition.field;
    if text != EVERY || field.is_event_type() {
        return Ok(());
    }
    Err(field.place.error(format_args!(
        "{field}: parameter {parameter} is \"*\", which stands for every event type, and is for \
         Interactions.EVENT_TYPE alone"
    )))
}

/// A value of the item that the request is about.
fn current<'a>(
    field: &FieldRef,
    test: &Test,
    context: &'a FilterContext<'_>,
) -> Result<(Attribute<'a>, AttributeField)> {
    let found = attribute_field(context, field, test)?;
    let Some(item) = context.current_item else {
        return Err(field.place.error(format_args!(
            "{field}: the item that the request is about was not given with the request"
        )));
    };
    let items = given(context.items, field)?;
    Ok((items.value(item, found.id)?, found))
}

fn current_texts<'a>(
    field: &FieldRef,
    test: &Test,
    context: &'a FilterContext<'_>,
) -> Result<Vec<Cow<'a, str>>> {
    let (value, found) = current(field, test, context)?;
    Ok(match value {
        Attribute::Text(Cow::Borrowed(text)) if found.categorical => {
            text.split('|').map(Cow::Borrowed).collect()
        }
        Attribute::Text(Cow::Owned(text)) if found.categorical => text
            .split('|')
            .map(|part| Cow::Owned(part.to_owned()))
            .collect(),
        Attribute::Text(text) => vec![text],
        _ => Vec::new(),
    })
}

fn operand(operand: &Operand, test: &Test, context: &FilterContext<'_>) -> Result<Option<Number>> {
    match operand {
        Operand::Number(number) => Ok(Some(*number)),
        Operand::Parameter(name) => context.find(name).map(|given| given.number()).transpose(),
        Operand::Current(field) => {
            let (value, _) = current(field, test, context)?;
            Ok(value.held().and_then(|held| held.number()))
        }
    }
}

impl BoundCondition<'_> {
    /// Whether the attribute of an item or user passes.
    pub(super) fn holds_for(&self, attributes: &dyn Attributes, id: &str) -> Result<bool> {
        let value = attributes.value(id, self.declared.id)?;
        Ok(match (&self.test, &value) {
            (BoundTest::In { negated, values }, Attribute::Text(text)) => {
                let holds = match self.declared.categorical {
                    true => values.holds_any(text),
                    false => values.holds(text),
                };
                holds != *negated
            }
            // What has no value is in no list.
            (BoundTest::In { negated, .. }, _) => *negated,
            (BoundTest::Compare(..), _) => value
                .held()
                .is_some_and(|held| self.test.holds_number(held)),
        })
    }
}

impl BoundTest<'_> {
    pub(super) fn holds_number(&self, held: Held) -> bool {
        match self {
            Self::Compare(comparison, Some(with)) => held
                .compare(*with)
                .is_some_and(|ordering| comparison.holds(ordering)),
            _ => false,
        }
    }
}

impl Bound<'_> {
    /// Whether the attributes of an item or user pass.
    pub(super) fn holds_for(&self, attributes: &dyn Attributes, id: &str) -> Result<bool> {
        for group in &self.any {
            let mut all = true;
            for condition in group {
                all = all && condition.holds_for(attributes, id)?;
            }
            if all {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
