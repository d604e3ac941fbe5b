//! The description of a file's form.

use super::list::ListSeparator;
use super::time::{Fractions, TimeUnit};
use super::zone::Zone;
use crate::csv::Dialect;
use crate::model::{Error, Result};

/// What stands between two values of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delimiter {
    /// `,`
    #[default]
    Comma,
    /// A tab.
    Tab,
    /// `;`
    Semicolon,
    /// `|`
    Bar,
    /// `::`; quotes are plain text then.
    DoubleColon,
}

/// The form of a file that is not as the interactions dataset contract has it: how its lines are
/// written, and which of its columns are the schema's fields. The default is the contract's form.
///
/// ```
/// use annals::import::{FileForm, TimeUnit};
///
/// let form = FileForm::new()
///     .map("USER_ID", "visitorid")
///     .map("ITEM_ID", "itemid")
///     .map("TIMESTAMP", "timestamp")
///     .set("EVENT_TYPE", "view")
///     .time_unit(TimeUnit::Milliseconds);
/// # let _ = form;
/// ```
///
/// **Columns.** A field takes the column that [`map`](Self::map) names, the constant of
/// [`set`](Self::set), or the column of its own name. Where columns are mapped or
/// [named](Self::columns), those that no field takes are left out, and fields that may be null are null
/// where there is no column for them; both are told in the report's warnings. Otherwise every column
/// must be a field, and every field have a column.
///
/// **JSON lines** (a file whose first character is `{`) have keys for columns; `a.b` is the key `b` of
/// the object at `a`. Lists become values joined by bars. **Parquet** files (feature `parquet`) have
/// columns with names and types.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileForm {
    pub(in crate::import) delimiter: Option<Delimiter>,
    pub(in crate::import) no_quotes: bool,
    pub(in crate::import) columns: Option<Vec<Option<String>>>,
    pub(in crate::import) map: Vec<(String, String)>,
    pub(in crate::import) set: Vec<(String, String)>,
    pub(in crate::import) time_unit: Option<TimeUnit>,
    pub(in crate::import) zone: Option<Zone>,
    pub(in crate::import) fractions: Option<Fractions>,
    pub(in crate::import) order_as_time: bool,
    pub(in crate::import) list_separator: Option<ListSeparator>,
    pub(in crate::import) click_labels: bool,
    pub(in crate::import) decimal_comma: bool,
}

impl FileForm {
    /// The contract's form.
    pub fn new() -> Self {
        Self::default()
    }

    /// What stands between values. Default: a comma. JSON lines and Parquet have nothing of the kind, and
    /// are refused where it is given, as where [`columns`](Self::columns) are or [`quotes`](Self::quotes)
    /// are none.
    #[must_use]
    pub fn delimiter(mut self, delimiter: Delimiter) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Whether values may stand in quotes; otherwise a quote is a character like any other. Default:
    /// they may.
    #[must_use]
    pub fn quotes(mut self, quotes: bool) -> Self {
        self.no_quotes = !quotes;
        self
    }

    /// The file has no header, and its columns have these names; one without a name is passed over.
    #[must_use]
    pub fn columns<N: Into<String>>(
        mut self,
        columns: impl IntoIterator<Item = Option<N>>,
    ) -> Self {
        self.columns = Some(columns.into_iter().map(|name| name.map(N::into)).collect());
        self
    }

    /// The schema's field takes this column.
    #[must_use]
    pub fn map(mut self, field: impl Into<String>, column: impl Into<String>) -> Self {
        self.map.push((field.into(), column.into()));
        self
    }

    /// The schema's field has this value in every row, written as a cell would be.
    #[must_use]
    pub fn set(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.set.push((field.into(), value.into()));
        self
    }

    /// How times are written. Default: Unix epoch seconds; for a Parquet column of times, its own.
    #[must_use]
    pub fn time_unit(mut self, unit: TimeUnit) -> Self {
        self.time_unit = Some(unit);
        self
    }

    /// The zone of times that name none: `UTC`, an offset such as `+02:00`, or a name such as
    /// `Europe/Berlin`. Default: UTC, with a warning. A local time that occurs twice is the first of
    /// both; one that is left out counts on from before the gap.
    ///
    /// # Errors
    /// `InvalidInput` for a zone that is not known. Names are read from the system's time zone database.
    pub fn time_zone(mut self, name: &str) -> Result<Self> {
        self.zone = Some(Zone::of_name(name)?);
        Ok(self)
    }

    /// What becomes of a time's fraction of a second. Default: it is dropped where times are converted,
    /// and refused where they are in seconds.
    #[must_use]
    pub fn fractions(mut self, fractions: Fractions) -> Self {
        self.fractions = Some(fractions);
        self
    }

    /// The file has no times: a row's TIMESTAMP is its position among all rows of the import, from 1.
    /// Rows are then read by one thread.
    #[must_use]
    pub fn order_as_time(mut self, order_as_time: bool) -> Self {
        self.order_as_time = order_as_time;
        self
    }

    /// What separates the items of an impression. Default: a bar.
    #[must_use]
    pub fn list_separator(mut self, separator: ListSeparator) -> Self {
        self.list_separator = Some(separator);
        self
    }

    /// The items of IMPRESSION carry labels, `item-1` where it was clicked and `item-0` where it was
    /// not: each line gives a row for each item that was clicked, with all of them as its impression.
    #[must_use]
    pub fn click_labels(mut self, click_labels: bool) -> Self {
        self.click_labels = click_labels;
        self
    }

    /// Whether a comma stands before the fraction of float and double values. Default: a point.
    #[must_use]
    pub fn decimal_comma(mut self, decimal_comma: bool) -> Self {
        self.decimal_comma = decimal_comma;
        self
    }

    /// How values of its lines are told apart.
    pub(in crate::import) fn dialect(&self) -> Dialect {
        let between = self.delimiter.unwrap_or_default();
        let delimiter = match between {
            Delimiter::Comma => b',',
            Delimiter::Tab => b'\t',
            Delimiter::Semicolon => b';',
            Delimiter::Bar => b'|',
            Delimiter::DoubleColon => crate::import::double_colon::STAND_IN,
        };
        Dialect {
            delimiter,
            quotes: !self.no_quotes && between != Delimiter::DoubleColon,
            counts_records: false,
        }
    }

    /// Refuses what is said of the lines of a file that has none; `what` is what the file holds.
    ///
    /// # Errors
    /// `InvalidInput`, naming the option.
    pub(in crate::import) fn check_has_no_lines(&self, what: &str) -> Result<()> {
        let options = [
            ("--delimiter", self.delimiter.is_some()),
            ("--quotes none", self.no_quotes),
            ("--columns", self.columns.is_some()),
        ];
        match options.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((option, _)) => Err(Error::invalid(format!(
                "{option}: the file holds {what}, whose values have names and nothing between them; leave \
                 the option out, and name columns by --map FIELD=COLUMN"
            ))),
        }
    }

    /// Whether columns were chosen, so that others are left out.
    pub(super) fn chooses_columns(&self) -> bool {
        self.columns.is_some() || !self.map.is_empty()
    }

    /// Whether records are rows as the contract has them, but for the dialect.
    pub(in crate::import) fn keeps_columns(&self) -> bool {
        let dialect_only = Self {
            delimiter: self.delimiter,
            no_quotes: self.no_quotes,
            ..Self::default()
        };
        *self == dialect_only
    }
}
