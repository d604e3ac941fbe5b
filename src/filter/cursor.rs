//! A place in an expression, and what may stand there.

use std::fmt;

use crate::model::{Error, Result, shown};

/// Where something stands, from 1, in lines and characters. Two plans that differ only in where
/// things stand are equal, so all places are.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextPlace {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl PartialEq for TextPlace {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Display for TextPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl TextPlace {
    /// An error that is about what stands here.
    pub(super) fn error(self, message: impl fmt::Display) -> Error {
        Error::invalid(format!("{self}: {message}"))
    }
}

/// Reads a text from its front, once; what is taken is counted into lines and columns as it goes.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
    place: TextPlace,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let place = TextPlace { line: 1, column: 1 };
        Self { rest: text, place }
    }

    /// Takes so many bytes, which end between two characters.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        let last = match taken.rfind('\n') {
            None => taken,
            Some(end) => {
                self.place.line += taken.matches('\n').count();
                self.place.column = 1;
                taken.get(end + 1..).unwrap_or_default()
            }
        };
        self.place.column += last.chars().count();
        taken
    }

    /// Passes over spaces and line breaks; tells whether there were any.
    pub(super) fn skip_space(&mut self) -> bool {
        !self.take_while(char::is_whitespace).is_empty()
    }

    /// The next character behind space, not taken; `None` at the end.
    pub(super) fn peek(&mut self) -> Option<char> {
        self.skip_space();
        self.rest.chars().next()
    }

    /// Takes `symbol` where it stands next, behind space.
    pub(super) fn eat(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let found = self.rest.starts_with(symbol);
        if found {
            self.take(symbol.len());
        }
        found
    }

    /// Takes the characters from here on that fit; possibly none.
    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        self.take(end)
    }

    /// Takes a name behind space: ASCII letters, digits and underscores; possibly none.
    pub(super) fn name(&mut self) -> &'a str {
        self.skip_space();
        self.take_while(is_name)
    }

    /// Takes `keyword` in any case of letters where it is the next name.
    pub(super) fn eat_keyword(&mut self, keyword: &str) -> bool {
        let mut ahead = *self;
        let found = ahead.name().eq_ignore_ascii_case(keyword);
        if found {
            *self = ahead;
        }
        found
    }

    /// Takes a string in straight quotes, single or double, without them; what is between is taken
    /// as it is. `None` where no quote stands.
    ///
    /// # Errors
    /// `InvalidInput` when the quote is not closed.
    pub(super) fn quoted(&mut self) -> Result<Option<&'a str>> {
        let Some(quote) = self.peek().filter(|c| matches!(c, '"' | '\'')) else {
            return Ok(None);
        };
        let open = self.place;
        self.take(1);
        let value = self.take_while(|c| c != quote);
        if self.rest.is_empty() {
            return Err(open.error(format_args!(
                "the string that begins here is not closed; close it with {quote}"
            )));
        }
        self.take(1);
        Ok(Some(value))
    }

    /// Where the next character behind space stands.
    pub(super) fn place(&mut self) -> TextPlace {
        self.skip_space();
        self.place
    }

    /// The error of something else standing here than `what`.
    pub(super) fn expected(mut self, what: impl fmt::Display) -> Error {
        let place = self.place();
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some('\\') => "a backslash; write quotes without backslashes".to_owned(),
            Some(quote) if is_other_quote(quote) => {
                format!("{quote}; write straight quotes, \" or '")
            }
            Some(c) if is_name(c) => shown(self.name()),
            Some('"' | '\'') => match self.quoted() {
                Ok(text) => format!("the string {}", shown(text.unwrap_or_default())),
                Err(error) => return error,
            },
            Some(c) => shown(&c.to_string()),
        };
        place.error(format_args!("expected {what}, found {found}"))
    }
}

/// Whether a character is a quote that word processors and web pages write in place of a straight
/// one: curly, low, angular, full-width, backtick, acute accent.
pub(super) fn is_other_quote(c: char) -> bool {
    let curly = ('\u{2018}'..='\u{201f}').contains(&c);
    let angular = matches!(c, '\u{ab}' | '\u{bb}' | '\u{2039}' | '\u{203a}');
    curly || angular || matches!(c, '`' | '\u{b4}' | '\u{ff02}' | '\u{ff07}')
}

/// Whether a character belongs to a name.
pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
