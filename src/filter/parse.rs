//! Expressions to plans, by recursive descent without recursion: the language has no nesting.
//!
//! ```text
//! filter     = expression { "|" expression }
//! expression = ( INCLUDE | EXCLUDE ) ( ItemID | UserID ) WHERE
//!              condition { ( AND | OR ) condition } [ IF condition { AND condition } ]
//! condition  = field [ NOT ] IN list | field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) operand
//! field      = dataset "." name
//! list       = "(" term { [ "," ] term } ")" | [ "(" ] CurrentItem "." name [ ")" ]
//! term       = string | word | parameter
//! operand    = number | parameter | CurrentItem "." name, each also in parentheses
//! parameter  = "$" name, also in quotes
//! ```

use super::cursor::{Cursor, TextPlace, is_name, is_other_quote};
use super::number::{Comparison, Number};
use super::plan::{
    Action, Condition, Dataset, Declared, Expression, FieldRef, List, Operand, Subject, Term, Test,
};
use crate::model::{Result, Role, shown};

/// What was read: the expressions, and what was read although it looks unintended.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) subject: Subject,
    pub(super) expressions: Vec<Expression>,
    pub(super) warnings: Vec<String>,
}

/// Reads a filter.
///
/// # Errors
/// `InvalidInput`: where, what was expected, what stands there.
pub(super) fn parse(text: &str) -> Result<Parsed> {
    let mut parser = Parser {
        cursor: Cursor::new(text),
        warnings: Vec::new(),
    };
    let (subject, first) = parser.expression(None)?;
    let mut expressions = vec![first];
    while parser.cursor.eat("|") {
        expressions.push(parser.expression(Some(subject))?.1);
    }
    if parser.cursor.peek().is_some() {
        let what = match expressions
            .last()
            .is_some_and(|last| last.only_if.is_empty())
        {
            true => "AND, OR, IF, \"|\" or the end",
            false => "AND, \"|\" or the end",
        };
        return Err(parser.cursor.expected(what));
    }
    Ok(Parsed {
        subject,
        expressions,
        warnings: parser.warnings,
    })
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    warnings: Vec<String>,
}

impl Parser<'_> {
    fn expression(&mut self, before: Option<Subject>) -> Result<(Subject, Expression)> {
        let action = match () {
            () if self.cursor.eat_keyword("INCLUDE") => Action::Include,
            () if self.cursor.eat_keyword("EXCLUDE") => Action::Exclude,
            () => return Err(self.cursor.expected("INCLUDE or EXCLUDE")),
        };
        let subject = self.subject(before)?;
        if !self.cursor.eat_keyword("WHERE") {
            return Err(self.cursor.expected("WHERE"));
        }
        let first = self.condition()?;
        check_place_behind_where(&first.field, subject)?;
        let mut expression = Expression {
            action,
            dataset: first.field.dataset,
            any: vec![vec![first]],
            only_if: Vec::new(),
        };
        loop {
            if self.cursor.eat_keyword("OR") {
                expression.any.push(Vec::new());
            } else if !self.cursor.eat_keyword("AND") {
                break;
            }
            let condition = self.condition()?;
            check_one_dataset(&condition.field, expression.dataset)?;
            if let Some(group) = expression.any.last_mut() {
                group.push(condition);
            }
        }
        let place = self.cursor.place();
        if self.cursor.eat_keyword("IF") {
            if subject == Subject::Users {
                return Err(place
                    .error("IF asks about the user of a request; a UserID expression has none"));
            }
            expression.only_if = self.conditions_behind_if()?;
        }
        Ok((subject, expression))
    }

    fn subject(&mut self, before: Option<Subject>) -> Result<Subject> {
        let place = self.cursor.place();
        let subject = match () {
            () if self.cursor.eat_keyword("ItemID") => Subject::Items,
            () if self.cursor.eat_keyword("UserID") => Subject::Users,
            () => return Err(self.cursor.expected("ItemID or UserID")),
        };
        if before.is_some_and(|before| before != subject) {
            return Err(place
                .error("ItemID and UserID in one filter; its expressions must all keep the same"));
        }
        Ok(subject)
    }

    fn conditions_behind_if(&mut self) -> Result<Vec<Condition>> {
        let mut conditions = Vec::new();
        loop {
            let condition = self.condition()?;
            if condition.field.dataset != Dataset::CurrentUser {
                let field = &condition.field;
                let rule = "IF asks about CurrentUser alone";
                return Err(field.place.error(format_args!("{field}: {rule}")));
            }
            conditions.push(condition);
            let place = self.cursor.place();
            if self.cursor.eat_keyword("OR") {
                return Err(place.error("conditions behind IF are joined by AND alone"));
            }
            if self.cursor.eat_keyword("IF") {
                return Err(place.error("IF stands once in an expression; go on with AND"));
            }
            if !self.cursor.eat_keyword("AND") {
                return Ok(conditions);
            }
        }
    }

    fn condition(&mut self) -> Result<Condition> {
        let field = self.field()?;
        let negated = self.cursor.eat_keyword("NOT");
        if self.cursor.eat_keyword("IN") {
            let list = self.list()?;
            if negated && list.has_parameter() {
                self.warnings.push(format!(
                    "{}: NOT IN with a parameter is taken here, and refused by the service",
                    field.place
                ));
            }
            let test = Test::In { negated, list };
            return Ok(Condition { field, test });
        }
        if negated {
            return Err(self.cursor.expected("IN"));
        }
        let symbols = Comparison::ALL.into_iter();
        let Some(comparison) = { symbols }.find(|c| self.cursor.eat(c.symbol())) else {
            return Err(self.cursor.expected("IN, NOT IN, =, !=, <, <=, > or >="));
        };
        let with = self.operand()?;
        let test = Test::Compare { comparison, with };
        Ok(Condition { field, test })
    }

    fn field(&mut self) -> Result<FieldRef> {
        let start = self.cursor;
        let place = self.cursor.place();
        let word = self.cursor.name();
        let known = |dataset: &Dataset| dataset.name().eq_ignore_ascii_case(word);
        let Some(dataset) = Dataset::ALL.into_iter().find(known) else {
            let what = match self.cursor.peek() {
                Some('(') if word.is_empty() => {
                    "a field such as Items.GENRE (parentheses do not group conditions; AND binds \
                     tighter than OR)"
                }
                _ => "a field of Interactions, Items, Users or CurrentUser, such as Items.GENRE",
            };
            return Err(start.expected(what));
        };
        self.field_of(dataset, place)
    }

    /// What follows the name of a dataset.
    fn field_of(&mut self, dataset: Dataset, place: TextPlace) -> Result<FieldRef> {
        if !self.cursor.eat(".") {
            let name = dataset.name();
            return Err(self
                .cursor
                .expected(format_args!("\".\" and a field of {name}")));
        }
        let start = self.cursor;
        let name = self.cursor.name().to_owned();
        if name.is_empty() {
            let what = format_args!("a field of {}", dataset.name());
            return Err(start.expected(what));
        }
        Ok(FieldRef {
            dataset,
            name,
            declared: Declared {
                id: 0,
                role: Role::Metadata,
                categorical: false,
            },
            place,
        })
    }

    /// `CurrentItem.FIELD`, where it stands next.
    fn current_item(&mut self) -> Result<Option<FieldRef>> {
        let place = self.cursor.place();
        match self.cursor.eat_keyword(Dataset::CurrentItem.name()) {
            true => self.field_of(Dataset::CurrentItem, place).map(Some),
            false => Ok(None),
        }
    }

    fn close(&mut self) -> Result<()> {
        match self.cursor.eat(")") {
            true => Ok(()),
            false => Err(self.cursor.expected("\")\"")),
        }
    }

    fn list(&mut self) -> Result<List> {
        if let Some(field) = self.current_item()? {
            return Ok(List::Current(field));
        }
        if !self.cursor.eat("(") {
            return Err(self.cursor.expected("\"(\" or CurrentItem.FIELD"));
        }
        if let Some(field) = self.current_item()? {
            self.close()?;
            return Ok(List::Current(field));
        }
        let mut terms = Vec::new();
        loop {
            terms.push(self.term()?);
            let apart = self.cursor.skip_space();
            if self.cursor.eat(")") {
                return Ok(List::Terms(terms));
            }
            // Values may stand apart by space alone.
            if !self.cursor.eat(",") && (!apart || self.cursor.peek().is_none()) {
                return Err(self.cursor.expected("\",\" or \")\""));
            }
        }
    }

    fn term(&mut self) -> Result<Term> {
        let place = self.cursor.place();
        let start = self.cursor;
        if let Some(text) = self.cursor.quoted()? {
            if let Some(name) = parameter_in(text) {
                return Ok(Term::Parameter(name.to_owned()));
            }
            if text.contains(',') {
                self.warnings.push(format!(
                    "{place}: {} is one string with a comma in it, and is matched exactly; \
                     quote each value for several",
                    shown(text)
                ));
            }
            if text.starts_with(is_other_quote) && text.ends_with(is_other_quote) {
                self.warnings.push(format!(
                    "{place}: {} stands in quotes twice, and is matched with the inner ones; leave \
                     those out",
                    shown(text)
                ));
            }
            return Ok(Term::Text(text.to_owned(), place));
        }
        if let Some(name) = self.parameter()? {
            return Ok(Term::Parameter(name));
        }
        let word = self.cursor.take_while(is_bare);
        if word.is_empty() {
            return Err(start.expected("a string in quotes or a parameter such as $GENRE"));
        }
        self.warnings.push(format!(
            "{place}: {} stands without quotes, and is read as a string",
            shown(word)
        ));
        Ok(Term::Text(word.to_owned(), place))
    }

    /// `$NAME`, where it stands next.
    fn parameter(&mut self) -> Result<Option<String>> {
        if !self.cursor.eat("$") {
            return Ok(None);
        }
        let start = self.cursor;
        let name = self.cursor.take_while(is_name);
        if !is_parameter_name(name) {
            return Err(start.expected("the name of a parameter behind \"$\""));
        }
        Ok(Some(name.to_owned()))
    }

    fn operand(&mut self) -> Result<Operand> {
        let in_parentheses = self.cursor.eat("(");
        let operand = self.bare_operand()?;
        if in_parentheses {
            self.close()?;
        }
        Ok(operand)
    }

    fn bare_operand(&mut self) -> Result<Operand> {
        if let Some(field) = self.current_item()? {
            return Ok(Operand::Current(field));
        }
        if let Some(name) = self.parameter()? {
            return Ok(Operand::Parameter(name));
        }
        let start = self.cursor;
        if let Some(text) = self.cursor.quoted()? {
            return match parameter_in(text) {
                Some(name) => Ok(Operand::Parameter(name.to_owned())),
                None => Err(start.expected(
                    "a number without quotes or a parameter such as $PRICE (strings are compared \
                     by IN)",
                )),
            };
        }
        let written = self
            .cursor
            .take_while(|c| is_name(c) || matches!(c, '.' | '-' | '+'));
        match Number::parse(written) {
            Some(number) => Ok(Operand::Number(number)),
            None => Err(start.expected("a number or a parameter such as $PRICE")),
        }
    }
}

/// Characters of a value without quotes. A curly quote is none: whoever writes one means a quote.
fn is_bare(c: char) -> bool {
    let ends = matches!(c, ',' | '(' | ')' | '"' | '\'' | '|' | '$' | '\\');
    !c.is_whitespace() && !ends && !is_other_quote(c)
}

/// The parameter that a string in quotes stands for: `"$GENRE"`.
fn parameter_in(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    (name.chars().all(is_name) && is_parameter_name(name)).then_some(name)
}

/// Names do not begin with a digit, so that "$5" is a string.
fn is_parameter_name(name: &str) -> bool {
    name.chars().next().is_some_and(|c| !c.is_ascii_digit())
}

fn check_place_behind_where(field: &FieldRef, subject: Subject) -> Result<()> {
    let rule = match (field.dataset, subject) {
        (Dataset::Interactions, _)
        | (Dataset::Items, Subject::Items)
        | (Dataset::Users, Subject::Users) => return Ok(()),
        (Dataset::Users, _) => {
            "an ItemID expression filters by Interactions or Items; write IF CurrentUser for the \
             user of the request"
        }
        (Dataset::Items, _) => "a UserID expression filters by Interactions or Users",
        (Dataset::CurrentUser, _) => "CurrentUser stands behind IF alone",
        (Dataset::CurrentItem, _) => "CurrentItem stands behind IN or a comparison alone",
    };
    Err(field.place.error(format_args!("{field}: {rule}")))
}

fn check_one_dataset(field: &FieldRef, dataset: Dataset) -> Result<()> {
    if field.dataset == dataset {
        return Ok(());
    }
    let first = dataset.name();
    Err(field.place.error(format_args!(
        "{field}: this expression filters by {first}, and an expression by one dataset; join two \
         expressions by \"|\""
    )))
}
