//! A plan as an expression.

use std::fmt;

use super::plan::{
    Action, Condition, Expression, FieldRef, FilterPlan, List, Operand, Subject, Term, Test,
};

impl fmt::Display for FilterPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, expression) in self.expressions.iter().enumerate() {
            if position > 0 {
                f.write_str(" | ")?;
            }
            expression.write(self.subject, f)?;
        }
        Ok(())
    }
}

impl Expression {
    pub(super) fn write(&self, subject: Subject, f: &mut impl fmt::Write) -> fmt::Result {
        let action = match self.action {
            Action::Include => "INCLUDE",
            Action::Exclude => "EXCLUDE",
        };
        let subject = match subject {
            Subject::Items => "ItemID",
            Subject::Users => "UserID",
        };
        write!(f, "{action} {subject} WHERE ")?;
        for (position, group) in self.any.iter().enumerate() {
            if position > 0 {
                f.write_str(" OR ")?;
            }
            write_all(group, f)?;
        }
        if !self.only_if.is_empty() {
            f.write_str(" IF ")?;
            write_all(&self.only_if, f)?;
        }
        Ok(())
    }
}

fn write_all(conditions: &[Condition], f: &mut impl fmt::Write) -> fmt::Result {
    for (position, condition) in conditions.iter().enumerate() {
        if position > 0 {
            f.write_str(" AND ")?;
        }
        write!(f, "{condition}")?;
    }
    Ok(())
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.field)?;
        match &self.test {
            Test::In { negated, list } => {
                f.write_str(if *negated { "NOT IN " } else { "IN " })?;
                match list {
                    List::Terms(terms) => write_terms(terms, f),
                    List::Current(field) => write!(f, "{field}"),
                }
            }
            Test::Compare { comparison, with } => {
                write!(f, "{} ", comparison.symbol())?;
                match with {
                    Operand::Number(number) => write!(f, "{number}"),
                    Operand::Parameter(name) => write!(f, "${name}"),
                    Operand::Current(field) => write!(f, "{field}"),
                }
            }
        }
    }
}

fn write_terms(terms: &[Term], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (position, term) in terms.iter().enumerate() {
        f.write_str(if position > 0 { ", " } else { "(" })?;
        match term {
            Term::Parameter(name) => write!(f, "${name}")?,
            // No string holds both kinds of quotes, since none stands between its own.
            Term::Text(text, _) if text.contains('"') => write!(f, "'{text}'")?,
            Term::Text(text, _) => write!(f, "\"{text}\"")?,
        }
    }
    f.write_str(")")
}

impl fmt::Display for FieldRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.dataset.name(), self.name)
    }
}
