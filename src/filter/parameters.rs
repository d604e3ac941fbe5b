//! The values of parameters, as requests carry them.

use super::cursor::Cursor;
use super::number::Number;
use crate::model::{Error, Result, shown};

/// The values of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: String,
    values: Vec<Given>,
    /// Of the text that has the values.
    pub(super) chars: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Given {
    Quoted(String),
    /// A number without quotes, as it was written.
    Bare(String, Number),
}

impl Parameter {
    /// Reads `"comedy","drama"`: strings in quotes, single or double, with commas between them. A
    /// number may stand without quotes.
    pub(super) fn parse(name: &str, values: &str) -> Result<Self> {
        let within = |error: Error| error.within(format_args!("parameter {name}"));
        Ok(Self {
            name: name.to_owned(),
            chars: values.chars().count(),
            values: parse_values(values).map_err(within)?,
        })
    }

    /// The values as strings.
    ///
    /// # Errors
    /// `InvalidInput` where one has no quotes.
    pub(super) fn texts(&self) -> Result<impl Iterator<Item = &str>> {
        let text = |given: &Given| match given {
            Given::Quoted(_) => None,
            Given::Bare(written, _) => Some(written.clone()),
        };
        if let Some(bare) = self.values.iter().find_map(text) {
            return Err(Error::invalid(format!(
                "parameter {}: {bare} is looked for as a string; put it in quotes",
                self.name
            )));
        }
        Ok(self.values.iter().map(|given| match given {
            Given::Quoted(text) | Given::Bare(text, _) => text.as_str(),
        }))
    }

    /// The only value, as a number; quotes around it do no harm.
    ///
    /// # Errors
    /// `InvalidInput` where there are several, or it is none.
    pub(super) fn number(&self) -> Result<Number> {
        let [value] = self.values.as_slice() else {
            return Err(Error::invalid(format!(
                "parameter {}: {} values; a comparison takes one",
                self.name,
                self.values.len()
            )));
        };
        match value {
            Given::Bare(_, number) => Ok(*number),
            Given::Quoted(text) => Number::parse(text).ok_or_else(|| {
                Error::invalid(format!(
                    "parameter {}: {} is compared as a number, and is none",
                    self.name,
                    shown(text)
                ))
            }),
        }
    }
}

fn parse_values(text: &str) -> Result<Vec<Given>> {
    let mut cursor = Cursor::new(text);
    let mut values = Vec::new();
    loop {
        let start = cursor;
        cursor.skip_space();
        let value = match cursor.quoted()? {
            Some(text) => Given::Quoted(text.to_owned()),
            None => {
                let written = cursor.take_while(|c| !c.is_whitespace() && c != ',');
                match Number::parse(written) {
                    Some(number) => Given::Bare(written.to_owned(), number),
                    None => {
                        return Err(start.expected(
                            "a string in quotes or a number; values are a list such as \
                             \"comedy\",\"drama\"",
                        ));
                    }
                }
            }
        };
        values.push(value);
        if cursor.peek().is_none() {
            return Ok(values);
        }
        if !cursor.eat(",") {
            return Err(cursor.expected("\",\" or the end"));
        }
    }
}
