//! RecBole's atomic files of interactions.

use std::io::Write;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType as ArrowType, Schema as ArrowSchema};

use super::super::layout::Layout;
use super::super::text::push_integer;
use super::cells::Cells;
use super::writer::{FormOptions, FormWriter, writing};
use crate::model::{Error, Result};

/// Bytes of text that are gathered before they are handed on.
const BUFFER_BYTES: usize = 1 << 16;

/// The whole numbers up to this one are exact in 32-bit floats, which RecBole keeps times in.
const EXACT: i64 = 1 << 24;

/// Texts that pandas, by which RecBole reads, takes for missing, and the name of its padding.
const MISSING: [&str; 20] = [
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "", "[PAD]",
];

/// How times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    /// Seconds since this one.
    Since(i64),
    /// The rank among the distinct times of the user.
    Rank,
}

pub(super) struct InterForm<W: Write> {
    out: W,
    text: Vec<u8>,
    names: Vec<String>,
    user: Option<usize>,
    timestamp: Option<usize>,
    times: Times,
    last: Option<(String, i64, i64)>,
    line: u64,
}

impl<W: Write> InterForm<W> {
    pub(super) fn new(out: W, schema: &Arc<ArrowSchema>, options: &FormOptions) -> Result<Self> {
        if options.layout != Layout::Rows {
            return Err(Error::invalid(format!(
                "format inter: holds rows, and RecBole makes the rest of them; layout {} is written as parquet, arrow, \
                 jsonl or csv",
                options.layout.name()
            )));
        }
        let position = |name: &str| {
            let mut fields = schema.fields().iter();
            fields.position(|field| field.name() == name)
        };
        let times = match options.times {
            Some((first, last)) if last.saturating_sub(first) > EXACT => Times::Rank,
            Some((first, _)) => Times::Since(first),
            None => Times::Since(0),
        };
        let mut form = Self {
            out,
            text: Vec::with_capacity(BUFFER_BYTES * 2),
            names: schema
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect(),
            user: position("USER_ID"),
            timestamp: position("TIMESTAMP"),
            times,
            last: None,
            line: 1,
        };
        if form.timestamp.is_some() && form.user.is_none() && times == Times::Rank {
            return Err(Error::invalid(
                "format inter: the times are ranks of each user's, which need the column USER_ID; take it, or leave \
                 TIMESTAMP out",
            ));
        }
        for (nth, field) in schema.fields().iter().enumerate() {
            if nth > 0 {
                form.text.push(b'\t');
            }
            let name = field.name().to_ascii_lowercase();
            form.text.extend_from_slice(name.as_bytes());
            let kind: &[u8] = match field.data_type() {
                ArrowType::Utf8 => b":token",
                ArrowType::List(_) => b":token_seq",
                _ => b":float",
            };
            form.text.extend_from_slice(kind);
        }
        form.text.push(b'\n');
        Ok(form)
    }

    fn hand_on(&mut self) -> Result<()> {
        self.out.write_all(&self.text).map_err(writing)?;
        self.text.clear();
        Ok(())
    }

    /// Adds the time of a row as RecBole keeps it exactly.
    fn push_time(&mut self, columns: &[Cells<'_>], row: usize, at: i64) {
        match self.times {
            Times::Since(first) => push_integer(at - first, &mut self.text),
            Times::Rank => {
                let users = self.user.and_then(|user| columns.get(user));
                let user = match users {
                    Some(Cells::Text(users)) => users.value(row),
                    _ => "",
                };
                let rank = match &mut self.last {
                    Some((known, time, rank)) if known == user => {
                        *rank += i64::from(*time != at);
                        *time = at;
                        *rank
                    }
                    _ => {
                        self.last = Some((user.to_owned(), at, 0));
                        0
                    }
                };
                push_integer(rank, &mut self.text);
            }
        }
    }

    fn refused(&self, column: usize, rule: &str) -> Error {
        let name = self.names.get(column).map_or("?", String::as_str);
        Error::of_field(name, format!("line {}: {rule}", self.line))
    }

    fn push_cell(&mut self, column: usize, cells: &Cells<'_>, row: usize) -> Result<()> {
        match cells {
            Cells::Text(texts) => {
                // A null is an empty token, which RecBole pads.
                if cells.is_null(row) {
                    return Ok(());
                }
                let text = texts.value(row);
                if MISSING.contains(&text) {
                    return Err(self.refused(
                        column,
                        &format!("value {text:?}: RecBole takes it for missing; rename it, or leave the column out"),
                    ));
                }
                push_token(text, &mut self.text);
                Ok(())
            }
            Cells::List(_, _) => {
                let Some((items, rows)) = cells.items(row).filter(|(_, rows)| !rows.is_empty())
                else {
                    return Err(self.refused(
                        column,
                        "no list; RecBole takes no empty ones, leave the column out",
                    ));
                };
                let start = self.text.len();
                for (nth, item) in rows.enumerate() {
                    if nth > 0 {
                        self.text.push(b' ');
                    }
                    let from = self.text.len();
                    items.push(item, &mut self.text);
                    let added = self.text.get(from..).unwrap_or_default();
                    if added.contains(&b' ') {
                        let text = String::from_utf8_lossy(added).into_owned();
                        return Err(self.refused(
                            column,
                            &format!("value {text:?}: holds a space, which separates items; leave the column out"),
                        ));
                    }
                }
                let cell = self.text.split_off(start);
                push_token(&String::from_utf8_lossy(&cell), &mut self.text);
                Ok(())
            }
            _ if cells.is_null(row) => Err(self.refused(
                column,
                "no number; RecBole takes no empty ones, leave the column out",
            )),
            Cells::Boolean(flags) => {
                self.text.push(if flags.value(row) { b'1' } else { b'0' });
                Ok(())
            }
            _ => {
                cells.push(row, &mut self.text);
                Ok(())
            }
        }
    }
}

impl<W: Write + Send> FormWriter for InterForm<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = batch.columns().iter().map(|array| Cells::of(array));
        let columns: Vec<Cells<'_>> = columns.collect::<Result<_>>()?;
        for row in 0..batch.num_rows() {
            self.line += 1;
            for (nth, cells) in columns.iter().enumerate() {
                if nth > 0 {
                    self.text.push(b'\t');
                }
                match cells {
                    Cells::Long(times) if self.timestamp == Some(nth) => {
                        self.push_time(&columns, row, times.value(row));
                    }
                    _ => self.push_cell(nth, cells, row)?,
                }
            }
            self.text.push(b'\n');
            if self.text.len() >= BUFFER_BYTES {
                self.hand_on()?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.hand_on()?;
        self.out.flush().map_err(writing)
    }

    fn note(&self) -> Option<String> {
        self.timestamp?;
        Some(match self.times {
            Times::Since(first) => format!("timestamp: seconds since {first}"),
            Times::Rank => "timestamp: the rank among the distinct times of its user, from 0, since seconds would not be \
                            exact in 32 bits"
                .to_owned(),
        })
    }
}

/// Adds a token, in quotes where it needs them.
fn push_token(token: &str, text: &mut Vec<u8>) {
    let needs = |byte: &u8| matches!(byte, b'"' | b'\t' | b'\n' | b'\r');
    if !token.as_bytes().iter().any(needs) {
        text.extend_from_slice(token.as_bytes());
        return;
    }
    text.push(b'"');
    for byte in token.bytes() {
        if byte == b'"' {
            text.push(b'"');
        }
        text.push(byte);
    }
    text.push(b'"');
}
