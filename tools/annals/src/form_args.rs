//! How files are written, as options that `import` and `schema infer` share.

use annals::import::{Delimiter, FileForm, Fractions, ListSeparator, TimeUnit};
use clap::{Args, ValueEnum};

use crate::failure::Outcome;

/// The form of files that are not CSV with the schema's names.
#[derive(Args)]
#[command(next_help_heading = "Form of the files")]
pub struct FormArgs {
    /// Which column, or key of JSON lines, a field takes; the other columns are left out
    #[arg(long, value_name = "FIELD=COLUMN,...", value_delimiter = ',', value_parser = pair)]
    map: Vec<(String, String)>,
    /// A value for a field in every row
    #[arg(long, value_name = "FIELD=VALUE,...", value_delimiter = ',', value_parser = pair)]
    set: Vec<(String, String)>,
    /// Names of the columns of files without a header, in order; `_` passes a column over
    #[arg(long, value_name = "A,_,B", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// What stands between values: `,`, `tab`, `;`, `|` or `::` [default: ,]
    #[arg(long, value_name = "D", value_parser = delimiter)]
    delimiter: Option<Delimiter>,
    /// Whether values may stand in double quotes
    #[arg(long, value_enum, default_value_t = Quotes::Double)]
    quotes: Quotes,
    /// How times are written: epoch `s`, `ms`, `us` or `ns`, `iso`, or a format such as
    /// '%d/%m/%Y %H:%M:%S' [default: s]
    #[arg(long, value_name = "UNIT|FORMAT", value_parser = time_unit)]
    time_unit: Option<TimeUnit>,
    /// The zone of times that name none: UTC, +02:00, Europe/Berlin [default: UTC, with a warning]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    timezone: Option<String>,
    /// What becomes of a fraction of a second [default: drop; of epoch seconds: refuse]
    #[arg(long, value_enum)]
    fractions: Option<FractionsOf>,
    /// The files have no times: a row's time is its position, from 1
    #[arg(long)]
    order_as_time: bool,
    /// What separates the items of IMPRESSION: `|`, `,`, `' '` or `json` [default: |]
    #[arg(long, value_name = "S", value_parser = list_separator)]
    list_separator: Option<ListSeparator>,
    /// The items of IMPRESSION are labelled, item-1 where clicked and item-0 where not: a row for each
    /// that was clicked
    #[arg(long)]
    click_labels: bool,
    /// A comma stands before the fraction of float and double values
    #[arg(long)]
    decimal_comma: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Quotes {
    /// They may, and then hold delimiters and line ends
    Double,
    /// A quote is a character like any other
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum FractionsOf {
    /// It is cut off
    Drop,
    /// The row is bad
    Refuse,
}

impl FormArgs {
    /// The options as they are to be given again.
    pub fn options(&self) -> String {
        let joined = |pairs: &[(String, String)]| {
            let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
            let pairs: Vec<String> = pairs.collect();
            (!pairs.is_empty()).then(|| pairs.join(","))
        };
        let columns = self.columns.as_ref().map(|names| names.join(","));
        let with_value = [
            ("--map", joined(&self.map)),
            ("--set", joined(&self.set)),
            ("--columns", columns),
            (
                "--delimiter",
                self.delimiter.map(delimiter_name).map(str::to_owned),
            ),
            (
                "--quotes",
                (self.quotes == Quotes::None).then(|| "none".to_owned()),
            ),
            ("--time-unit", self.time_unit.as_ref().map(time_unit_name)),
            ("--timezone", self.timezone.clone()),
            (
                "--fractions",
                self.fractions.map(|fractions| match fractions {
                    FractionsOf::Drop => "drop".to_owned(),
                    FractionsOf::Refuse => "refuse".to_owned(),
                }),
            ),
            (
                "--list-separator",
                self.list_separator.map(separator_name).map(str::to_owned),
            ),
        ];
        let flags = [
            ("--order-as-time", self.order_as_time),
            ("--click-labels", self.click_labels),
            ("--decimal-comma", self.decimal_comma),
        ];
        let with_value = with_value
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name} {}", shell_word(&value?))));
        let flags = flags.into_iter().filter(|(_, given)| *given);
        let flags = flags.map(|(name, _)| name.to_owned());
        with_value.chain(flags).collect::<Vec<_>>().join(" ")
    }

    pub fn form(&self) -> Outcome<FileForm> {
        let mut form = FileForm::new()
            .quotes(self.quotes == Quotes::Double)
            .order_as_time(self.order_as_time)
            .click_labels(self.click_labels)
            .decimal_comma(self.decimal_comma);
        if let Some(delimiter) = self.delimiter {
            form = form.delimiter(delimiter);
        }
        for (field, column) in &self.map {
            form = form.map(field, column);
        }
        for (field, value) in &self.set {
            form = form.set(field, value);
        }
        if let Some(columns) = &self.columns {
            let named = |name: &String| (name != "_").then(|| name.clone());
            form = form.columns(columns.iter().map(named));
        }
        if let Some(unit) = &self.time_unit {
            form = form.time_unit(unit.clone());
        }
        if let Some(zone) = &self.timezone {
            form = form.time_zone(zone)?;
        }
        if let Some(fractions) = self.fractions {
            form = form.fractions(match fractions {
                FractionsOf::Drop => Fractions::Drop,
                FractionsOf::Refuse => Fractions::Refuse,
            });
        }
        if let Some(separator) = self.list_separator {
            form = form.list_separator(separator);
        }
        Ok(form)
    }
}

/// A text as one word of a shell.
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err("write FIELD=..., several joined by commas".to_owned()),
    }
}

fn delimiter(text: &str) -> Result<Delimiter, String> {
    Ok(match text {
        "," | "comma" => Delimiter::Comma,
        "tab" | "\t" | "\\t" => Delimiter::Tab,
        ";" | "semicolon" => Delimiter::Semicolon,
        "|" | "bar" => Delimiter::Bar,
        "::" => Delimiter::DoubleColon,
        _ => return Err("write ',', tab, ';', '|' or ::".to_owned()),
    })
}

fn time_unit(text: &str) -> Result<TimeUnit, String> {
    Ok(match text {
        "s" => TimeUnit::Seconds,
        "ms" => TimeUnit::Milliseconds,
        "us" => TimeUnit::Microseconds,
        "ns" => TimeUnit::Nanoseconds,
        "iso" => TimeUnit::Iso,
        format if format.contains('%') => {
            TimeUnit::of_format(format).map_err(|error| error.full_message())?
        }
        _ => {
            return Err(
                "write s, ms, us, ns, iso, or a format such as '%d/%m/%Y %H:%M:%S'".to_owned(),
            );
        }
    })
}

fn list_separator(text: &str) -> Result<ListSeparator, String> {
    Ok(match text {
        "|" | "bar" => ListSeparator::Bar,
        "," | "comma" => ListSeparator::Comma,
        " " | "space" => ListSeparator::Space,
        "json" => ListSeparator::Json,
        _ => return Err("write '|', ',', ' ' or json".to_owned()),
    })
}

fn delimiter_name(delimiter: Delimiter) -> &'static str {
    match delimiter {
        Delimiter::Tab => "tab",
        Delimiter::Semicolon => ";",
        Delimiter::Bar => "|",
        Delimiter::DoubleColon => "::",
        _ => ",",
    }
}

fn time_unit_name(unit: &TimeUnit) -> String {
    match unit {
        TimeUnit::Milliseconds => "ms",
        TimeUnit::Microseconds => "us",
        TimeUnit::Nanoseconds => "ns",
        TimeUnit::Iso => "iso",
        TimeUnit::Format(format) => format,
        _ => "s",
    }
    .to_owned()
}

fn separator_name(separator: ListSeparator) -> &'static str {
    match separator {
        ListSeparator::Comma => ",",
        ListSeparator::Space => " ",
        ListSeparator::Json => "json",
        _ => "|",
    }
}
