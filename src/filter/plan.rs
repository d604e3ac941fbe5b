//! What an expression says, checked and ready to be asked.

use std::sync::Arc;

use super::cursor::TextPlace;
use super::number::{Comparison, Number};
use crate::model::{FieldId, Role, Schema};

/// The string that stands for every event type.
pub(super) const EVERY: &str = "*";

/// A filter, compiled once and used for any number of requests, from any thread.
///
/// Its `Display` writes the expression in one form: keywords in upper case, one space between
/// words, strings in double quotes. Compiling what it writes gives an equal plan.
#[derive(Clone, Debug)]
pub struct FilterPlan {
    pub(super) schema: Arc<Schema>,
    pub(super) subject: Subject,
    pub(super) expressions: Vec<Expression>,
    /// In the order of their first use, each once.
    pub(super) parameters: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) newest_per_event_type: Option<usize>,
    /// Characters of the values of one parameter.
    pub(super) max_value_chars: Option<usize>,
}

impl PartialEq for FilterPlan {
    fn eq(&self, other: &Self) -> bool {
        self.subject == other.subject
            && self.expressions == other.expressions
            && self.newest_per_event_type == other.newest_per_event_type
            && self.schema == other.schema
    }
}

/// What a filter keeps and drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `ItemID`: candidates of one user's request.
    Items,
    /// `UserID`: users of the store.
    Users,
}

/// What an expression does with what it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Include,
    Exclude,
}

/// One of the expressions that `|` joins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) action: Action,
    /// The dataset that the conditions behind WHERE are about.
    pub(super) dataset: Dataset,
    /// Any of these groups, of which all conditions: AND binds tighter than OR.
    pub(super) any: Vec<Vec<Condition>>,
    /// The conditions behind IF, all of them; empty where there is no IF.
    pub(super) only_if: Vec<Condition>,
}

impl Expression {
    /// Every condition, those behind IF included.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.any.iter().flatten().chain(&self.only_if)
    }
}

/// What a field can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dataset {
    Interactions,
    Items,
    Users,
    CurrentUser,
    CurrentItem,
}

impl Dataset {
    pub(super) const ALL: [Self; 5] = [
        Self::Interactions,
        Self::Items,
        Self::Users,
        Self::CurrentUser,
        Self::CurrentItem,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Interactions => "Interactions",
            Self::Items => "Items",
            Self::Users => "Users",
            Self::CurrentUser => "CurrentUser",
            Self::CurrentItem => "CurrentItem",
        }
    }

    /// The dataset that the fields are declared in.
    pub(super) fn declared_in(self) -> Self {
        match self {
            Self::CurrentUser => Self::Users,
            Self::CurrentItem => Self::Items,
            other => other,
        }
    }
}

/// A field, such as `Items.GENRE`.
#[derive(Clone, Debug)]
pub(super) struct FieldRef {
    pub(super) dataset: Dataset,
    pub(super) name: String,
    /// What the schema says of it, for fields of Interactions.
    pub(super) declared: Declared,
    pub(super) place: TextPlace,
}

/// What the schema says of a field of Interactions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared {
    pub(super) id: FieldId,
    pub(super) role: Role,
    /// Whether a string holds several values joined by bars.
    pub(super) categorical: bool,
}

impl FieldRef {
    /// Whether it is the event type of an interaction.
    pub(super) fn is_event_type(&self) -> bool {
        self.dataset == Dataset::Interactions && self.declared.role == Role::EventType
    }
}

impl PartialEq for FieldRef {
    fn eq(&self, other: &Self) -> bool {
        self.dataset == other.dataset && self.name.eq_ignore_ascii_case(&other.name)
    }
}

/// A field and what its value must be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    pub(super) field: FieldRef,
    pub(super) test: Test,
}

impl Condition {
    /// The strings that it names itself.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let terms = match &self.test {
            Test::In {
                list: List::Terms(terms),
                ..
            } => terms.as_slice(),
            _ => &[],
        };
        terms.iter().filter_map(|term| match term {
            Term::Text(text, _) => Some(text.as_str()),
            Term::Parameter(_) => None,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// `IN`, or `NOT IN` where negated.
    In { negated: bool, list: List },
    /// A comparison with one number.
    Compare {
        comparison: Comparison,
        with: Operand,
    },
}

/// What stands behind IN.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum List {
    Terms(Vec<Term>),
    /// An attribute of the item that the request is about.
    Current(FieldRef),
}

impl List {
    /// Whether a parameter stands in it.
    pub(super) fn has_parameter(&self) -> bool {
        match self {
            Self::Terms(terms) => terms.iter().any(|term| matches!(term, Term::Parameter(_))),
            Self::Current(_) => false,
        }
    }
}

/// A string, or the name of the parameter that stands for some.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Text(String, TextPlace),
    Parameter(String),
}

/// What a number is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Number(Number),
    Parameter(String),
    /// An attribute of the item that the request is about.
    Current(FieldRef),
}

impl FilterPlan {
    /// Whether it keeps items or users.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// The parameters that it names, without `$`, in the order of their first use.
    pub fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// The event types that it names itself, each once; those that parameters stand for are not among them.
    pub fn event_types(&self) -> Vec<&str> {
        let conditions = self.expressions.iter().flat_map(Expression::conditions);
        let of_types = conditions.filter(|condition| condition.field.is_event_type());
        let mut found: Vec<&str> = of_types.flat_map(Condition::texts).collect();
        found.retain(|text| *text != EVERY);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What is allowed but probably not meant, such as one string that holds a comma.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
