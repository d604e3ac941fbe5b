//! Tables for people.

use std::collections::VecDeque;

use annals::inspect::printable;
use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table as Grid,
    TableStyle, Width,
};
use unicode_width::UnicodeWidthStr;

use super::fit::{Fit, fit};
use super::screen::Screen;
use super::thousands;

/// Nothing but a line below the header.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Stands for what is left out.
const LEFT_OUT: &str = "…";

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Names and ids: kept whole.
    Left,
    /// Numbers and times: kept whole.
    Right,
    /// Values of any length: cut where they do not fit.
    Cell,
    /// Sentences: broken between words where they do not fit.
    Text,
}

/// A table that is filled row by row; on a screen without a pager it keeps only as many of the first and
/// the last rows as are shown.
pub struct Table {
    header: Vec<(String, Align)>,
    screen: Screen,
    first: Vec<Vec<String>>,
    last: VecDeque<Vec<String>>,
    rows: u64,
}

impl Table {
    pub fn new<S: AsRef<str>>(header: &[(S, Align)], screen: Screen) -> Self {
        let header = header.iter();
        Self {
            header: header
                .map(|(name, align)| (printable(name.as_ref()).into_owned(), *align))
                .collect(),
            screen,
            first: Vec::new(),
            last: VecDeque::new(),
            rows: 0,
        }
    }

    pub fn push(&mut self, row: impl IntoIterator<Item = String>) {
        let row = row.into_iter().map(|cell| printable(&cell).into_owned());
        let row = row.collect();
        self.rows += 1;
        let Some(most) = self.screen.most_rows else {
            return self.first.push(row);
        };
        if self.first.len() < most.div_ceil(2) {
            return self.first.push(row);
        }
        self.last.push_back(row);
        if self.last.len() > most / 2 {
            self.last.pop_front();
        }
    }

    /// The table as text, without a line end behind it.
    pub fn text(&self) -> String {
        let aligns: Vec<Align> = self.header.iter().map(|(_, align)| *align).collect();
        let fit = fit(&self.widths(), &aligns, self.screen.width);
        let mut grid = Grid::new();
        grid.load_style(STYLE)
            .set_content_arrangement(ContentArrangement::Disabled);
        let names = self.header.iter().map(|(name, _)| name.as_str());
        grid.set_header(set(&names.collect::<Vec<_>>(), &aligns, &fit));
        let add = |row: &Vec<String>, grid: &mut Grid| {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            grid.add_row(set(&cells, &aligns, &fit));
        };
        self.first.iter().for_each(|row| add(row, &mut grid));
        if self.hidden_rows() > 0 {
            let dots = vec![LEFT_OUT; self.header.len()];
            grid.add_row(set(&dots, &aligns, &fit));
        }
        self.last.iter().for_each(|row| add(row, &mut grid));
        self.narrow(&mut grid, &aligns, &fit);
        let mut text = grid.trim_fmt();
        text.extend(self.footer(&fit).map(|footer| format!("\n{footer}")));
        text
    }

    fn hidden_rows(&self) -> u64 {
        self.rows - (self.first.len() + self.last.len()) as u64
    }

    fn widths(&self) -> Vec<usize> {
        let rows = self.first.iter().chain(&self.last);
        let mut widths: Vec<usize> = self.header.iter().map(|(name, _)| name.width()).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        widths
    }

    /// Lets the columns of sentences break where they have less than they need.
    fn narrow(&self, grid: &mut Grid, aligns: &[Align], fit: &Fit) {
        let widths = self.widths();
        let mut breaks = false;
        for (at, (column, width)) in fit.shown.iter().enumerate() {
            let at = at + usize::from(fit.gap.is_some_and(|gap| at >= gap));
            let is_text = aligns.get(*column) == Some(&Align::Text);
            let is_narrow = widths.get(*column).is_some_and(|natural| width < natural);
            let constraint = match is_text && is_narrow {
                // Constraints count the space on either side.
                true => ColumnConstraint::Absolute(Width::Fixed(*width as u16 + 2)),
                false => ColumnConstraint::ContentWidth,
            };
            breaks |= is_text && is_narrow;
            if let Some(column) = grid.column_mut(at) {
                column.set_constraint(constraint);
            }
        }
        if breaks {
            grid.set_content_arrangement(ContentArrangement::Dynamic);
            grid.set_width(self.screen.width.unwrap_or(usize::from(u16::MAX)) as u16);
        }
    }

    /// Says what is left out, if anything.
    fn footer(&self, fit: &Fit) -> Option<String> {
        let hidden = self.hidden_rows();
        let rows = (hidden > 0).then(|| {
            let (all, shown) = (thousands(self.rows), thousands(self.rows - hidden));
            format!("{all} rows, {shown} shown")
        });
        let columns = fit.gap.map(|_| {
            let (all, shown) = (self.header.len(), fit.shown.len());
            format!("{all} columns, {shown} shown")
        });
        let parts: Vec<String> = [rows, columns].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("({})", parts.join("; ")))
    }
}

/// A row's cells that are shown.
fn set(cells: &[&str], aligns: &[Align], fit: &Fit) -> Vec<Cell> {
    let mut row = Vec::with_capacity(fit.shown.len() + 1);
    for (at, (column, width)) in fit.shown.iter().enumerate() {
        if fit.gap == Some(at) {
            row.push(Cell::new(LEFT_OUT));
        }
        let (text, align) = (cells.get(*column).unwrap_or(&""), aligns.get(*column));
        let text = match align {
            Some(Align::Cell) => cut(text, *width),
            _ => (*text).to_owned(),
        };
        row.push(Cell::new(text).set_alignment(match align {
            Some(Align::Right) => CellAlignment::Right,
            _ => CellAlignment::Left,
        }));
    }
    if fit.gap == Some(fit.shown.len()) {
        row.push(Cell::new(LEFT_OUT));
    }
    row
}

/// As much of a text as fits.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for letter in text.chars() {
        short.push(letter);
        if short.width() + LEFT_OUT.width() > width {
            short.pop();
            break;
        }
    }
    short + LEFT_OUT
}

/// A table as text; on a screen it fits, and has as many rows as one can take in.
pub fn table<S: AsRef<str>>(
    header: &[(S, Align)],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new(header, Screen::of_stdout());
    rows.into_iter().for_each(|row| table.push(row));
    table.text()
}

/// Names and values, a line each; all of them are shown.
pub fn facts<S: Into<String>>(title: &str, facts: impl IntoIterator<Item = (S, String)>) -> String {
    let header = [(title, Align::Left), ("", Align::Text)];
    let screen = Screen {
        most_rows: None,
        ..Screen::of_stdout()
    };
    let mut table = Table::new(&header, screen);
    let facts = facts.into_iter();
    facts.for_each(|(name, value)| table.push([name.into(), value]));
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Screen = Screen {
        width: Some(40),
        most_rows: Some(4),
    };

    fn lines(table: &Table) -> Vec<String> {
        table.text().lines().map(str::to_owned).collect()
    }

    #[test]
    fn no_line_is_longer_than_the_screen() {
        let header = [
            ("id", Align::Left),
            ("text", Align::Text),
            ("n", Align::Right),
        ];
        let mut table = Table::new(&header, SCREEN);
        table.push(["an-id-99", "words that are broken where they end", "123"].map(str::to_owned));
        assert!(
            lines(&table).iter().all(|line| line.width() <= 40),
            "{}",
            table.text()
        );
        assert!(table.text().contains(" an-id-99 "), "{}", table.text());
        assert!(!table.text().contains("shown"));
        let header = [("id", Align::Left), ("value", Align::Cell)];
        let mut table = Table::new(&header, SCREEN);
        table.push(["a", "a value of any length, which is cut at the end"].map(str::to_owned));
        assert_eq!(lines(&table)[2], " a    a value of any length, which is …");
    }

    #[test]
    fn the_first_and_the_last_rows_are_shown() {
        let mut table = Table::new(&[("n", Align::Right)], SCREEN);
        (1..=4).for_each(|n| table.push([n.to_string()]));
        assert!(!table.text().contains('…'));
        (5..=1234).for_each(|n| table.push([n.to_string()]));
        let lines = lines(&table);
        let rows: Vec<&str> = lines[2..].iter().map(|line| line.trim()).collect();
        assert_eq!(
            rows,
            ["1", "2", "…", "1233", "1234", "(1,234 rows, 4 shown)"]
        );
    }

    #[test]
    fn columns_in_the_middle_are_counted() {
        let header = ["first", "second", "third", "fourth"].map(|name| (name, Align::Left));
        let mut table = Table::new(&header, SCREEN);
        table.push(["0123456789"; 4].map(str::to_owned));
        let lines = lines(&table);
        assert_eq!(lines[0], " first        …   fourth");
        assert_eq!(lines[2], " 0123456789   …   0123456789");
        assert_eq!(lines[3], "(4 columns, 2 shown)");
    }
}
