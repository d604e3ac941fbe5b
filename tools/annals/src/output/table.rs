//! Tables for people.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::printable;

/// Nothing but a line below the header.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// How a column is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// A table; as wide as the terminal where there is one.
pub fn table<S: AsRef<str>>(
    header: &[(S, Align)],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Dynamic);
    let cell = |text: &str, align: Align| {
        Cell::new(printable(text)).set_alignment(match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        })
    };
    table.set_header(
        header
            .iter()
            .map(|(name, align)| cell(name.as_ref(), *align)),
    );
    for row in rows {
        let aligns = header.iter().map(|(_, align)| *align);
        table.add_row(
            row.iter()
                .zip(aligns)
                .map(|(text, align)| cell(text, align)),
        );
    }
    table.trim_fmt()
}

/// Names and values, a line each.
pub fn facts<S: Into<String>>(title: &str, facts: impl IntoIterator<Item = (S, String)>) -> String {
    let header = [(title, Align::Left), ("", Align::Left)];
    let row = |(name, value): (S, String)| vec![name.into(), value];
    table(&header, facts.into_iter().map(row))
}
