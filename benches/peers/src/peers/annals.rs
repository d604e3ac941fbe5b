//! annals with its default settings, through its public interface.

use std::path::Path;

use annals::export::ArrowScan;
use annals::import::CsvImport;
use annals::{
    Cell, Column, Columns, Durability, History, HistoryQuery, ImportMode, Interaction, Projection,
    Row, ScanQuery, Schema, Store as Annals, TextBuffer, TimeRange, Unseen, UserRange, WriteBatch,
    bits_of_f32,
};
use anyhow::{Context, Result, bail};
use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};

use crate::checksum::{self, Checksum, NULL};
use crate::data::{Event, Rows};
use crate::peer::{Batch, Fields, Form, NEWEST, Peer, Reader, Scan, Store, Writer};

pub const STORE: Store = Store {
    name: super::OURS,
    settings: "default settings (memory budget 1 GiB); load: BulkImport, rows in order of arrival; \
               lookups and scans on a fresh snapshot each, buffers reused; codes: batches of \
               Scan, strings: ArrowScan and Arrow's cast of each dictionary to Utf8; writes with \
               validation, buffered: log in the page cache",
    load,
    open: |folder, _| {
        Ok(Box::new(Ours {
            store: Annals::open(folder)?,
        }))
    },
    load_csv: Some(load_csv),
    slow: false,
    forms: &[Form::Codes, Form::Strings],
    view: true,
    writes: true,
};

fn create(folder: &Path) -> Result<Annals> {
    let schema = Schema::parse(annals_generate::SCHEMA, &annals::Limits::personalize())?;
    Ok(Annals::create(folder, &schema)?)
}

fn load(folder: &Path, rows: &Rows) -> Result<()> {
    let store = create(folder)?;
    let mut import = store.import(ImportMode::Full)?;
    let mut shown = String::new();
    for row in 0..rows.len() {
        let event = rows.event(row);
        event.shown.join(&mut shown);
        let text = |text| match text {
            Some("") | None => Cell::Null,
            Some(text) => Cell::Text(text),
        };
        // In the order of the schema; user and timestamp stand apart.
        let cells = [
            Cell::Null,
            Cell::Text(event.item),
            Cell::Null,
            Cell::Text(event.event_type),
            event
                .value
                .map_or(Cell::Null, |value| Cell::Bits(bits_of_f32(value))),
            Cell::Text(event.location),
            text(event.device),
            text(Some(&shown)),
        ];
        import.push(&Row {
            user: event.user,
            timestamp: event.timestamp,
            cells: &cells,
        })?;
    }
    import.commit()?;
    Ok(())
}

fn load_csv(folder: &Path, file: &Path) -> Result<()> {
    let store = create(folder)?;
    let mut import = store.import(ImportMode::Full)?;
    CsvImport::new(store.validator()).run(&[file.to_owned()], &mut import)?;
    import.commit()?;
    Ok(())
}

struct Ours {
    store: Annals,
}

impl Peer for Ours {
    fn reader(&self) -> Result<Box<dyn Reader + '_>> {
        let schema = self.store.schema();
        Ok(Box::new(OurReader {
            store: &self.store,
            item: schema.require("ITEM_ID")?,
            event_type: schema.require("EVENT_TYPE")?,
            newest: HistoryQuery {
                limit: Some(NEWEST),
                projection: Projection::names(["ITEM_ID", "EVENT_TYPE"]),
                ..HistoryQuery::default()
            },
            taken: ["purchase", "watch"].map(str::to_owned),
            history: History::new(),
            items: TextBuffer::new(),
            event_types: TextBuffer::new(),
            timestamps: Vec::new(),
            unseen: Unseen::new(),
        }))
    }

    fn writer(&self, synced: bool) -> Result<Box<dyn Writer + '_>> {
        Ok(Box::new(OurWriter {
            store: &self.store,
            durability: match synced {
                true => Durability::Synced,
                false => Durability::Buffered,
            },
        }))
    }

    fn note(&self) -> Option<String> {
        let segments = self.store.segments();
        Some(format!(
            "{} segments, {} generations",
            segments.len(),
            self.store.generations().len()
        ))
    }
}

struct OurReader<'a> {
    store: &'a Annals,
    item: annals::FieldId,
    event_type: annals::FieldId,
    newest: HistoryQuery,
    taken: [String; 2],
    history: History,
    items: TextBuffer,
    event_types: TextBuffer,
    timestamps: Vec<i64>,
    unseen: Unseen,
}

impl Reader for OurReader<'_> {
    fn history(&mut self, user: &str) -> Result<()> {
        self.view(user)?;
        self.history.copy_text(self.item, &mut self.items)?;
        self.history
            .copy_text(self.event_type, &mut self.event_types)?;
        self.timestamps.clear();
        let events = self.history.iter();
        self.timestamps
            .extend(events.map(|event| event.timestamp()));
        Ok(())
    }

    fn check(&self, sum: &mut Checksum) -> Result<()> {
        for (row, timestamp) in self.timestamps.iter().enumerate() {
            let item = self.items.get(row).context("an item is missing")?;
            let kind = self
                .event_types
                .get(row)
                .context("an event type is missing")?;
            sum.push(event(item, *timestamp, kind));
        }
        Ok(())
    }

    fn view(&mut self, user: &str) -> Result<()> {
        Ok(self.store.history(user, &self.newest, &mut self.history)?)
    }

    fn check_view(&self, sum: &mut Checksum) -> Result<()> {
        for seen in self.history.iter() {
            let text = |field| -> Result<&str> {
                let strings = seen.dictionary(field).context("no dictionary")?;
                Ok(strings.get(seen.code(field))?)
            };
            sum.push(event(
                text(self.item)?,
                seen.timestamp(),
                text(self.event_type)?,
            ));
        }
        Ok(())
    }

    fn unseen(&mut self, user: &str, candidates: &[&str], out: &mut Vec<bool>) -> Result<()> {
        let snapshot = self.store.snapshot();
        let flags = snapshot.unseen(user, candidates, &self.taken, &mut self.unseen)?;
        out.clear();
        out.extend_from_slice(flags);
        Ok(())
    }

    fn scan(&mut self, scan: &Scan<'_>, sink: &mut dyn FnMut(&dyn Batch)) -> Result<()> {
        let query = query(scan);
        let mut rows = self.store.scan(&query)?;
        if scan.form == Form::Strings {
            for batch in ArrowScan::new(rows) {
                sink(&plain(&batch?)?);
            }
            return Ok(());
        }
        let mut batch = Codes {
            columns: rows.new_batch(),
            schema: self.store.schema(),
        };
        while rows.read(&mut batch.columns)? {
            sink(&batch);
        }
        Ok(())
    }
}

fn event(item: &str, timestamp: i64, event_type: &str) -> u64 {
    checksum::text(item.as_bytes(), checksum::ITEM)
        .wrapping_add(checksum::number(timestamp as u64, checksum::TIMESTAMP))
        .wrapping_add(checksum::text(event_type.as_bytes(), checksum::EVENT_TYPE))
}

fn query(scan: &Scan<'_>) -> ScanQuery {
    ScanQuery {
        time: match scan.time {
            Some((since, until)) => TimeRange::new(Some(since), Some(until)),
            None => TimeRange::ALL,
        },
        users: UserRange {
            from: scan.from.map(str::to_owned),
            to: scan.to.map(str::to_owned),
        },
        projection: match scan.fields {
            Fields::All => Projection::All,
            Fields::Three => Projection::names(["USER_ID", "ITEM_ID", "TIMESTAMP"]),
        },
        ..ScanQuery::default()
    }
}

/// Dictionaries turned into plain strings.
fn plain(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(|column| {
        let wanted = match column.data_type() {
            DataType::Dictionary(..) => DataType::Utf8,
            DataType::List(item) => {
                let item = Field::new(item.name(), DataType::Utf8, item.is_nullable());
                DataType::List(item.into())
            }
            _ => return Ok(column.clone()),
        };
        cast(column, &wanted)
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let fields = batch
        .schema()
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| {
            Field::new(
                field.name(),
                column.data_type().clone(),
                field.is_nullable(),
            )
        })
        .collect::<Vec<_>>();
    let schema = arrow::datatypes::Schema::new(fields);
    Ok(RecordBatch::try_new(schema.into(), columns)?)
}

/// A batch of a scan: codes, and the dictionaries they belong to.
struct Codes<'a> {
    columns: Columns,
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

struct OurWriter<'a> {
    store: &'a Annals,
    durability: Durability,
}

impl Writer for OurWriter<'_> {
    fn put(&mut self, events: &[Event<'_>], _first: u32) -> Result<()> {
        let batch: WriteBatch = events.iter().map(interaction).collect();
        self.store.write(batch, self.durability)?;
        Ok(())
    }
}

fn interaction(event: &Event<'_>) -> Interaction {
    let interaction = Interaction::new(event.user, event.item, event.timestamp)
        .event_type(event.event_type)
        .with("EVENT_VALUE", event.value)
        .with("LOCATION", event.location)
        .with("DEVICE", event.device);
    match event.shown.len() {
        0 => interaction,
        _ => interaction.impression(event.shown.iter()),
    }
}
