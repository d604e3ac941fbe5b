//! Scans as codes, as texts and as Arrow.

use annals::columns::{Column, Columns};
use annals::export::{ArrowScan, ArrowStrings};
use annals::query::{TextBuffer, UserRange};
use annals::{Projection, ScanQuery, Schema, Store as Annals, TimeRange};
use anyhow::{Context, Result, bail};

use crate::checksum::{self, Checksum, NULL};
use crate::peer::{Batch, Fields, Form, Scan};

pub fn scan(store: &Annals, scan: &Scan<'_>, sink: &mut dyn FnMut(&dyn Batch)) -> Result<()> {
    let mut rows = store.scan(&query(scan))?;
    let arrow = match scan.form {
        Form::Arrow => Some(ArrowStrings::Plain),
        Form::Views => Some(ArrowStrings::View),
        Form::Codes | Form::Strings => None,
    };
    if let Some(strings) = arrow {
        for batch in ArrowScan::new(rows).strings(strings) {
            sink(&batch?);
        }
        return Ok(());
    }
    let mut columns = rows.new_batch();
    let mut texts = Texts::default();
    while rows.read(&mut columns)? {
        let codes = Codes {
            columns: &columns,
            schema: store.schema(),
        };
        match scan.form {
            Form::Strings => {
                texts.fill(&codes)?;
                sink(&Filled {
                    codes,
                    texts: &texts,
                });
            }
            _ => sink(&codes),
        }
    }
    Ok(())
}

fn query(scan: &Scan<'_>) -> ScanQuery {
    ScanQuery::default()
        .time(match scan.time {
            Some((since, until)) => TimeRange::new(Some(since), Some(until)),
            None => TimeRange::ALL,
        })
        .users(UserRange::new(
            scan.from.map(str::to_owned),
            scan.to.map(str::to_owned),
        ))
        .projection(match scan.fields {
            Fields::All => Projection::All,
            Fields::Three => Projection::names(["USER_ID", "ITEM_ID", "TIMESTAMP"]),
        })
}

/// A batch of a scan: codes, and the dictionaries they belong to.
struct Codes<'a> {
    columns: &'a Columns,
    schema: &'a Schema,
}

impl Codes<'_> {
    /// The words of a string field's values.
    fn words(&self, field: &str) -> Result<Vec<u64>> {
        let field = self.schema.require(field)?;
        let Some(Column::Strings(codes)) = self.columns.fields.get(field) else {
            bail!("a column of strings is missing");
        };
        codes.iter().map(|code| self.word(field, *code)).collect()
    }

    fn word(&self, field: usize, code: u32) -> Result<u64> {
        match self.columns.dictionaries.get(field) {
            _ if code == 0 => Ok(NULL),
            Some(Some(strings)) => Ok(checksum::word(strings.get(code)?.as_bytes())),
            _ => bail!("a dictionary is missing"),
        }
    }

    fn lists(&self) -> Result<Vec<u64>> {
        let field = self.schema.require("IMPRESSION")?;
        let item = self.schema.require("ITEM_ID")?;
        let Some(Column::Lists(lists)) = self.columns.fields.get(field) else {
            bail!("the column of lists is missing");
        };
        let strings = self.columns.dictionaries.get(item).and_then(Option::as_ref);
        let strings = strings.context("the items' dictionary is missing")?;
        let rows = 0..self.columns.rows();
        rows.map(|row| {
            let codes = lists.get(row).iter();
            let texts: Vec<&str> = codes
                .map(|code| strings.get(*code))
                .collect::<Result<_, _>>()?;
            Ok(checksum::list(texts.iter().map(|text| text.as_bytes())))
        })
        .collect()
    }
}

impl Batch for Codes<'_> {
    fn rows(&self) -> usize {
        self.columns.rows()
    }

    fn check(&self, fields: Fields, sum: &mut Checksum) -> Result<()> {
        let ids = self
            .columns
            .user_ids
            .as_ref()
            .context("the users' ids are missing")?;
        let mut rows = vec![0u64; self.columns.rows()];
        let mut add = |values: Vec<u64>, key: u64| {
            for (row, value) in rows.iter_mut().zip(values) {
                *row = row.wrapping_add(value.wrapping_mul(key));
            }
        };
        let users = self.columns.users.iter();
        let users = users.map(|code| Ok(checksum::word(ids.get(*code)?.as_bytes())));
        add(users.collect::<Result<_>>()?, checksum::USER);
        add(self.words("ITEM_ID")?, checksum::ITEM);
        let times = self.columns.timestamps.iter().map(|time| *time as u64);
        add(times.collect(), checksum::TIMESTAMP);
        if fields == Fields::All {
            add(self.words("EVENT_TYPE")?, checksum::EVENT_TYPE);
            let field = self.schema.require("EVENT_VALUE")?;
            let Some(Column::Numbers(values)) = self.columns.fields.get(field) else {
                bail!("the column of values is missing");
            };
            let values = (0..self.columns.rows()).map(|row| values.get(row).unwrap_or(NULL));
            add(values.collect(), checksum::VALUE);
            add(self.words("LOCATION")?, checksum::LOCATION);
            add(self.words("DEVICE")?, checksum::DEVICE);
            add(self.lists()?, 1);
        }
        rows.into_iter().for_each(|row| sum.push(row));
        Ok(())
    }
}

/// The texts of a batch, one buffer for each column of strings.
#[derive(Default)]
struct Texts {
    users: TextBuffer,
    /// By field.
    fields: Vec<TextBuffer>,
}

impl Texts {
    fn fill(&mut self, codes: &Codes<'_>) -> Result<()> {
        let columns = codes.columns;
        let ids = columns
            .user_ids
            .as_ref()
            .context("the users' ids are missing")?;
        self.users.clear();
        ids.append_text(&columns.users, &mut self.users)?;
        self.fields
            .resize_with(columns.fields.len(), TextBuffer::new);
        for (field, (column, out)) in columns.fields.iter().zip(&mut self.fields).enumerate() {
            out.clear();
            let (codes, field) = match column {
                Column::Strings(codes) => (codes, field),
                // The items of an impression are those of the item field.
                Column::Lists(lists) => (&lists.items, codes.schema.item()),
                _ => continue,
            };
            let strings = columns.dictionaries.get(field).and_then(Option::as_ref);
            strings
                .context("a dictionary is missing")?
                .append_text(codes, out)?;
        }
        Ok(())
    }
}

/// A batch of which the texts are filled in.
struct Filled<'a> {
    codes: Codes<'a>,
    texts: &'a Texts,
}

impl Filled<'_> {
    fn text(&self, texts: &TextBuffer, row: usize, code: u32) -> Result<u64> {
        let text = texts.get(row).context("a text is missing")?;
        Ok(match code {
            0 => NULL,
            _ => checksum::word(text.as_bytes()),
        })
    }

    fn row(&self, row: usize, fields: Fields) -> Result<u64> {
        let columns = self.codes.columns;
        let time = columns
            .timestamps
            .get(row)
            .context("a timestamp is missing")?;
        let user = self
            .text(&self.texts.users, row, 1)?
            .wrapping_mul(checksum::USER);
        let time = checksum::number(*time as u64, checksum::TIMESTAMP);
        let mut sum = user.wrapping_add(time);
        let keys = [
            ("ITEM_ID", checksum::ITEM),
            ("EVENT_TYPE", checksum::EVENT_TYPE),
            ("EVENT_VALUE", checksum::VALUE),
            ("LOCATION", checksum::LOCATION),
            ("DEVICE", checksum::DEVICE),
            ("IMPRESSION", 1),
        ];
        let asked = match fields {
            Fields::All => &keys[..],
            Fields::Three => &keys[..1],
        };
        for (name, key) in asked {
            let field = self.codes.schema.require(name)?;
            let texts = self
                .texts
                .fields
                .get(field)
                .context("a column is missing")?;
            let word = match columns.fields.get(field) {
                Some(Column::Strings(codes)) => self.text(texts, row, codes[row])?,
                Some(Column::Numbers(numbers)) => numbers.get(row).unwrap_or(NULL),
                Some(Column::Lists(lists)) => {
                    let start = row.checked_sub(1).map_or(0, |before| lists.ends[before]);
                    let items = start as usize..lists.ends[row] as usize;
                    let items = items.filter_map(|item| texts.get(item));
                    checksum::list(items.map(str::as_bytes))
                }
                _ => bail!("field {name} is missing"),
            };
            sum = sum.wrapping_add(word.wrapping_mul(*key));
        }
        Ok(sum)
    }
}

impl Batch for Filled<'_> {
    fn rows(&self) -> usize {
        self.codes.columns.rows()
    }

    fn check(&self, fields: Fields, sum: &mut Checksum) -> Result<()> {
        (0..self.rows()).try_for_each(|row| {
            sum.push(self.row(row, fields)?);
            Ok(())
        })
    }
}
