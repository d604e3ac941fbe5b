//! annals with its default settings, through its public interface.

mod load;
mod scans;

use annals::query::{TextBuffer, Unseen};
use annals::{
    Durability, History, HistoryQuery, Interaction, Projection, Store as Annals, WriteBatch,
};
use anyhow::{Context, Result};

use crate::checksum::{self, Checksum};
use crate::data::Event;
use crate::peer::{Batch, Form, NEWEST, Peer, Reader, Scan, Store, Writer};

pub const STORE: Store = Store {
    name: super::OURS,
    settings: "default settings (memory budget 1 GiB); load: BulkImport, batches filled on as \
               many threads as its settings say, appended in order of arrival; \
               lookups and scans on a fresh snapshot each, buffers reused; codes: columns of \
               Scan, strings: the same with their texts appended to reused buffers, arrow: ArrowScan \
               with plain strings, views: the same with string views; many users: Snapshot::histories; writes with validation, buffered: log in the page cache",
    load: load::load,
    open: |folder, _| {
        Ok(Box::new(Ours {
            store: Annals::open(folder)?,
        }))
    },
    load_csv: Some(load::load_csv),
    slow: false,
    forms: &[Form::Codes, Form::Strings, Form::Arrow, Form::Views],
    view: true,
    writes: true,
    cold: true,
};

struct Ours {
    store: Annals,
}

impl Peer for Ours {
    fn reader(&self) -> Result<Box<dyn Reader + '_>> {
        let schema = self.store.schema();
        let newest = HistoryQuery::default()
            .limit(NEWEST)
            .projection(Projection::names(["ITEM_ID", "EVENT_TYPE"]));
        Ok(Box::new(OurReader {
            store: &self.store,
            fields: FieldIds {
                item: schema.require("ITEM_ID")?,
                event_type: schema.require("EVENT_TYPE")?,
            },
            copied: newest.clone().copies_text(true),
            newest,
            taken: ["purchase", "watch"].map(str::to_owned),
            history: History::new(),
            out: Copied::default(),
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

/// The fields of a history.
#[derive(Clone, Copy)]
struct FieldIds {
    item: annals::columns::FieldId,
    event_type: annals::columns::FieldId,
}

/// A history, copied out.
#[derive(Default)]
struct Copied {
    items: TextBuffer,
    event_types: TextBuffer,
    timestamps: Vec<i64>,
}

impl Copied {
    fn copy(&mut self, history: &History, fields: FieldIds) -> Result<()> {
        history.copy_timestamps(&mut self.timestamps);
        history.copy_text(fields.event_type, &mut self.event_types)?;
        // Last, as their strings come from memory meanwhile.
        history.copy_text(fields.item, &mut self.items)?;
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
}

struct OurReader<'a> {
    store: &'a Annals,
    fields: FieldIds,
    newest: HistoryQuery,
    copied: HistoryQuery,
    taken: [String; 2],
    history: History,
    out: Copied,
    unseen: Unseen,
}

impl Reader for OurReader<'_> {
    fn history(&mut self, user: &str) -> Result<()> {
        self.store.history(user, &self.copied, &mut self.history)?;
        self.out.copy(&self.history, self.fields)
    }

    fn check(&self, sum: &mut Checksum) -> Result<()> {
        self.out.check(sum)
    }

    fn many(&mut self, users: &[&str], mut sums: Option<&mut [Checksum]>) -> Result<()> {
        let (fields, out) = (self.fields, &mut self.out);
        let snapshot = self.store.snapshot();
        snapshot.histories(
            users,
            &self.copied,
            &mut self.history,
            |position, history| {
                out.copy(history, fields)?;
                match sums.as_mut().and_then(|sums| sums.get_mut(position)) {
                    Some(sum) => out.check(sum),
                    None => Ok(()),
                }
            },
        )
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
                text(self.fields.item)?,
                seen.timestamp(),
                text(self.fields.event_type)?,
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
        scans::scan(self.store, scan, sink)
    }
}

fn event(item: &str, timestamp: i64, event_type: &str) -> u64 {
    checksum::text(item.as_bytes(), checksum::ITEM)
        .wrapping_add(checksum::number(timestamp as u64, checksum::TIMESTAMP))
        .wrapping_add(checksum::text(event_type.as_bytes(), checksum::EVENT_TYPE))
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
