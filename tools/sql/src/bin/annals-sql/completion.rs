//! What the prompt knows: names to complete, and where a statement ends.

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

const KEYWORDS: [&str; 44] = [
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "COUNT",
    "CREATE",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "ELSE",
    "END",
    "EXPLAIN",
    "EXISTS",
    "FROM",
    "GROUP",
    "HAVING",
    "IN",
    "INNER",
    "IS",
    "JOIN",
    "LEFT",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "ON",
    "OR",
    "ORDER",
    "OVER",
    "PARTITION",
    "RANGE",
    "ROWS",
    "SELECT",
    "SHOW",
    "TABLES",
    "THEN",
    "UNION",
    "UNNEST",
    "VIEW",
    "WHEN",
    "WHERE",
    "WITH",
];

/// Commands of the prompt, with what they do.
pub const COMMANDS: [(&str, &str); 8] = [
    (".help", "show this"),
    (".tables", "show the tables"),
    (
        ".schema",
        ".schema [TABLE]: show the columns, of interactions where no table is named",
    ),
    (
        ".format",
        ".format table|csv|json|jsonl: how results are written",
    ),
    (
        ".rows",
        ".rows N: rows of a table that are shown, 0 for all",
    ),
    (
        ".explain",
        ".explain on|off: show plans, and do not run statements",
    ),
    (".timer", ".timer on|off: say what statements took"),
    (".quit", "end"),
];

/// Completes keywords, commands, and the names it is given.
pub struct Prompt {
    names: Vec<String>,
    hinter: HistoryHinter,
}

impl Prompt {
    /// With names of tables, columns and functions.
    pub fn new(names: Vec<String>) -> Self {
        let hinter = HistoryHinter::new();
        Self { names, hinter }
    }

    /// Where the word before `place` begins, and what it can become.
    fn candidates(&self, line: &str, place: usize) -> (usize, Vec<String>) {
        let before = line.get(..place).unwrap_or_default();
        if before.starts_with('.') && !before.contains(' ') {
            let fitting = COMMANDS.iter().filter(|(name, _)| name.starts_with(before));
            return (0, fitting.map(|(name, _)| (*name).to_owned()).collect());
        }
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let word = before.rsplit(|c| !is_name(c)).next().unwrap_or_default();
        let start = before.len() - word.len();
        if word.is_empty() {
            return (start, Vec::new());
        }
        let fits = |name: &str| {
            let head = name.get(..word.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(word))
        };
        let upper = word.chars().all(|c| !c.is_lowercase());
        let keywords = KEYWORDS
            .iter()
            .filter(|name| fits(name))
            .map(|name| match upper {
                true => (*name).to_owned(),
                false => name.to_lowercase(),
            });
        let names = self.names.iter().filter(|name| fits(name)).cloned();
        let mut all: Vec<_> = names.chain(keywords).collect();
        all.sort();
        all.dedup();
        (start, all)
    }
}

impl Helper for Prompt {}

impl Highlighter for Prompt {}

impl Hinter for Prompt {
    type Hint = String;

    fn hint(&self, line: &str, place: usize, context: &Context<'_>) -> Option<String> {
        self.hinter.hint(line, place, context)
    }
}

impl Completer for Prompt {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        place: usize,
        _: &Context<'_>,
    ) -> Result<(usize, Vec<Pair>), ReadlineError> {
        let (start, candidates) = self.candidates(line, place);
        let pair = |name: String| Pair {
            display: name.clone(),
            replacement: name,
        };
        Ok((start, candidates.into_iter().map(pair).collect()))
    }
}

impl Validator for Prompt {
    fn validate(
        &self,
        context: &mut ValidationContext<'_>,
    ) -> Result<ValidationResult, ReadlineError> {
        Ok(match is_complete(context.input()) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

/// Whether a line is a command of the prompt, empty, or ends a statement: with a semicolon that stands in
/// no quotes and no comment.
fn is_complete(input: &str) -> bool {
    let text = input.trim();
    if text.is_empty() || text.starts_with('.') {
        return true;
    }
    let mut chars = text.chars().peekable();
    let mut quote = None;
    let mut last = ' ';
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => continue,
            (None, '\'' | '"') => quote = Some(c),
            (None, '-') if chars.peek() == Some(&'-') => {
                while chars.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            (None, _) => {}
        }
        if !c.is_whitespace() {
            last = c;
        }
    }
    quote.is_none() && last == ';'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_outside_of_quotes_and_comments_ends_a_statement() {
        for complete in [
            "",
            " ",
            ".tables",
            "SELECT 1;",
            "SELECT ';';",
            "SELECT 1; -- done",
            "SELECT 'it''s';",
        ] {
            assert!(is_complete(complete), "{complete}");
        }
        for open in [
            "SELECT 1",
            "SELECT ';",
            "SELECT 1 -- ;",
            "SELECT \"a;",
            "SELECT 1;\n2",
        ] {
            assert!(!is_complete(open), "{open}");
        }
    }

    #[test]
    fn words_are_completed_in_the_case_they_are_begun_in() {
        let prompt = Prompt::new(vec!["interactions".to_owned(), "item_id".to_owned()]);
        let words = |line: &str| prompt.candidates(line, line.len());
        assert_eq!(words("SELECT ite"), (7, vec!["item_id".to_owned()]));
        assert_eq!(words("sel"), (0, vec!["select".to_owned()]));
        assert_eq!(words("SEL"), (0, vec!["SELECT".to_owned()]));
        assert_eq!(words(".ta"), (0, vec![".tables".to_owned()]));
        assert_eq!(words("SELECT "), (7, Vec::new()));
    }
}
