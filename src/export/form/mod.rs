//! The forms that record batches are written in.

pub(super) mod cells;
mod csv;
mod inter;
mod ipc;
mod json_lines;
#[cfg(feature = "parquet")]
mod parquet;
mod writer;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_schema::{DataType as ArrowType, Schema as ArrowSchema};
use serde::{Deserialize, Serialize};

use super::arrow::ArrowStrings;
use crate::model::{Error, Result};

pub use writer::{FormOptions, FormWriter};

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A header and a line for each record. Null is an empty cell; an impression of the layout of rows its
    /// items joined by bars, any other list a JSON array.
    Csv,
    /// An object a line. Null is null.
    Jsonl,
    /// Parquet: zstd, dictionaries, page index, row groups of up to 1,048,576 rows. Needs the feature
    /// `parquet`.
    Parquet,
    /// An Arrow IPC file (Feather version 2), not compressed.
    Arrow,
    /// An Arrow IPC stream, not compressed.
    Arrows,
    /// RecBole's atomic file of interactions: tab-separated, each field with its type in the header.
    Inter,
}

/// Endings of names, and the forms they ask for.
const ENDINGS: [(&str, Form); 9] = [
    ("csv", Form::Csv),
    ("jsonl", Form::Jsonl),
    ("ndjson", Form::Jsonl),
    ("parquet", Form::Parquet),
    ("pq", Form::Parquet),
    ("arrow", Form::Arrow),
    ("feather", Form::Arrow),
    ("arrows", Form::Arrows),
    ("inter", Form::Inter),
];

impl Form {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Csv,
        Self::Jsonl,
        Self::Parquet,
        Self::Arrow,
        Self::Arrows,
        Self::Inter,
    ];

    /// The form that the ending of a file's name asks for, in any case of letters: its own name, and `ndjson`, `pq` and
    /// `feather`.
    pub fn of_path(path: impl AsRef<Path>) -> Option<Self> {
        let ending = path.as_ref().extension()?.to_str()?.to_ascii_lowercase();
        let known = ENDINGS.iter().find(|(name, _)| *name == ending);
        known.map(|(_, form)| *form)
    }

    /// The name, as the tool's option has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Arrows => "arrows",
            Self::Inter => "inter",
        }
    }

    /// Whether values are text, so that it makes no difference how Arrow has strings.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Jsonl | Self::Inter)
    }

    /// Begins a file.
    ///
    /// # Errors
    /// `InvalidInput` where the form cannot hold these columns; `Unsupported` for Parquet without the
    /// feature; `Io`.
    pub fn writer<'a, W: Write + Send + 'a>(
        self,
        out: W,
        schema: &Arc<ArrowSchema>,
        options: &FormOptions,
    ) -> Result<Box<dyn FormWriter + 'a>> {
        Ok(match self {
            Self::Csv => Box::new(csv::CsvForm::new(out, schema, options)?),
            Self::Jsonl => Box::new(json_lines::JsonForm::new(out, schema)?),
            Self::Arrow => Box::new(ipc::FileForm::new(out, schema)?),
            Self::Arrows => Box::new(ipc::StreamForm::new(out, schema)?),
            Self::Inter => Box::new(inter::InterForm::new(out, schema, options)?),
            #[cfg(feature = "parquet")]
            Self::Parquet => Box::new(parquet::ParquetForm::new(out, schema, options)?),
            #[cfg(not(feature = "parquet"))]
            Self::Parquet => {
                drop(out);
                return Err(Error::new(
                    crate::model::ErrorKind::Unsupported,
                    "this build writes no Parquet; build with the feature parquet",
                ));
            }
        })
    }

    /// How strings come to a writer of the form.
    ///
    /// # Errors
    /// `InvalidInput` where the form cannot hold what is asked for.
    pub fn strings(self, asked: Option<ArrowStrings>) -> Result<ArrowStrings> {
        match asked {
            None => Ok(ArrowStrings::Plain),
            Some(ArrowStrings::Plain) => Ok(ArrowStrings::Plain),
            Some(_) if self.is_text() => Err(Error::invalid(format!(
                "strings: {} holds text, and has no types of strings; leave it out",
                self.name()
            ))),
            Some(ArrowStrings::Dictionary) if self == Self::Arrow => Err(Error::invalid(
                "strings dictionary: an Arrow file has one dictionary a column, and these change from batch to batch; \
                 write arrows, parquet, or plain strings",
            )),
            Some(strings) => Ok(strings),
        }
    }
}

/// The name of a type, as the manifest has it.
pub(super) fn type_name(data_type: &ArrowType) -> String {
    match data_type {
        ArrowType::Utf8 => "string".to_owned(),
        ArrowType::Utf8View => "string_view".to_owned(),
        ArrowType::Dictionary(_, _) => "dictionary<int32, string>".to_owned(),
        ArrowType::List(item) => format!("list<{}>", type_name(item.data_type())),
        ArrowType::Boolean => "bool".to_owned(),
        ArrowType::Float32 => "float32".to_owned(),
        ArrowType::Float64 => "float64".to_owned(),
        ArrowType::Int32 => "int32".to_owned(),
        ArrowType::Int64 => "int64".to_owned(),
        other => other.to_string(),
    }
}
