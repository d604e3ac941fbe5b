//! What the store remembers beside rows: event ids, users of sessions, recommendations.
//!
//! Everything lies in tables of the log and is written with the rows it belongs to, in one append.
//! A table is made when it is needed first: a store that uses none of this has none.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use xxhash_rust::xxh3::xxh3_128;

use super::periods::Periods;
use super::records::{self, KnownRecommendation, LateRecord, Link, Tombstone};
use crate::hot::log::{Log, Notes, Table, TableKind, Visit};
use crate::model::{Clock, Error, ErrorKind, Recommendation, Result, Retention, Settings};

const LAST: &[u8] = b"last";
const RETENTION: &[u8] = b"retention";
const FORGOTTEN: &[u8] = b"forgotten";

/// How many things a store remembers beside its rows. What has outlived its retention counts until it is
/// dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Remembered {
    /// Event ids.
    pub event_ids: u64,
    /// Sessions whose user is known.
    pub sessions: u64,
    /// Recommendations, and ids that events wait for.
    pub recommendations: u64,
}

/// The newest user of a session, and the table that says so.
pub(crate) struct NotedUser {
    pub(crate) user: String,
    table: Table,
}

/// The tables of a log. Lookups see what was appended; callers take turns.
pub(crate) struct Registry {
    log: Arc<dyn Log>,
    clock: Clock,
    ids: Mutex<Periods>,
    sessions: Mutex<Periods>,
    recommendations: Mutex<Periods>,
    /// The tables that never expire.
    lasting: Mutex<BTreeSet<Table>>,
}

impl Registry {
    /// The registry of an open log.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn open(log: Arc<dyn Log>, clock: Clock, settings: &Settings) -> Result<Self> {
        let tables = log.tables()?;
        let periods = |kind, retention| Mutex::new(Periods::new(kind, retention, &tables));
        Ok(Self {
            ids: periods(TableKind::Ids, settings.event_id_retention_seconds),
            sessions: periods(TableKind::Sessions, settings.session_retention_seconds),
            recommendations: periods(
                TableKind::Recommendations,
                settings.recommendation_retention_seconds,
            ),
            lasting: Mutex::new(tables.iter().copied().collect()),
            log,
            clock,
        })
    }

    /// Whether nothing was ever noted.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn is_empty(&self) -> Result<bool> {
        Ok(self.log.tables()?.is_empty())
    }

    /// Whether an event with this id was written.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn has_event(&self, id: &str) -> Result<bool> {
        let key = event_key(id);
        for table in self.ids.lock().tables() {
            if self.log.get(table, &key)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Notes that an event with this id is written.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn note_event(&self, id: &str, notes: &mut Notes) -> Result<()> {
        let table = self.turn(&self.ids)?;
        notes.put(table, &event_key(id), &[]);
        Ok(())
    }

    /// The newest user of a session, where it is remembered.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn user_of(&self, session: &str) -> Result<Option<NotedUser>> {
        for table in self.sessions.lock().tables() {
            if let Some(value) = self.log.get(table, session.as_bytes())? {
                let user = records::decode_user(&value)?;
                return Ok(Some(NotedUser { user, table }));
            }
        }
        Ok(None)
    }

    /// Has a session's newest user remembered from now on; `noted` is what was known.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn note_user(
        &self,
        session: &str,
        user: &str,
        noted: Option<&NotedUser>,
        notes: &mut Notes,
    ) -> Result<()> {
        let table = self.turn(&self.sessions)?;
        if noted.is_none_or(|noted| noted.user != user || noted.table != table) {
            notes.put(table, session.as_bytes(), user.as_bytes());
        }
        Ok(())
    }

    /// Notes a link of earlier events to a user.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn note_link(&self, link: &Link, notes: &mut Notes) -> Result<()> {
        let table = self.lasting(TableKind::Links)?;
        let value = records::encode_link(link);
        if let Some(earlier) = self.log.get(table, link.session.as_bytes())? {
            let earlier = records::decode_link(link.session.as_bytes(), &earlier)?;
            self.note_forgotten(earlier.sequence, notes)?;
        }
        notes.put(table, link.session.as_bytes(), &value);
        Ok(())
    }

    /// Notes that a link is not needed any more.
    pub(crate) fn forget_link(&self, link: &Link, notes: &mut Notes) {
        notes.remove(Table::only(TableKind::Links), link.session.as_bytes());
    }

    /// The links that are still needed.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn links(&self) -> Result<Vec<Link>> {
        self.all(TableKind::Links, records::decode_link)
    }

    /// What is known of a recommendation.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn recommendation(&self, id: &str) -> Result<Option<KnownRecommendation>> {
        for table in self.recommendations.lock().tables() {
            if let Some(value) = self.log.get(table, id.as_bytes())? {
                let known = records::decode_known(&value);
                let within = |error: Error| error.within(format!("recommendation {id:?}"));
                return known.map(Some).map_err(within);
            }
        }
        Ok(None)
    }

    /// Notes what is known of a recommendation.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn note_known(
        &self,
        id: &str,
        known: &KnownRecommendation,
        notes: &mut Notes,
    ) -> Result<()> {
        let table = self.turn(&self.recommendations)?;
        notes.put(table, id.as_bytes(), &records::encode_known(known));
        Ok(())
    }

    /// Notes a record that came after events that name it.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn note_late(&self, late: &LateRecord, notes: &mut Notes) -> Result<()> {
        let table = self.lasting(TableKind::Late)?;
        let value = records::encode_late(late);
        notes.put(table, &late.sequence.to_be_bytes(), &value);
        Ok(())
    }

    /// Notes that a late record is not needed any more.
    pub(crate) fn forget_late(&self, late: &LateRecord, notes: &mut Notes) {
        notes.remove(Table::only(TableKind::Late), &late.sequence.to_be_bytes());
    }

    /// The late records that are still needed.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn late(&self) -> Result<Vec<LateRecord>> {
        self.all(TableKind::Late, records::decode_late)
    }

    /// Notes a deletion.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn note_tombstone(&self, tombstone: &Tombstone, notes: &mut Notes) -> Result<()> {
        let table = self.lasting(TableKind::Tombstones)?;
        let value = records::encode_tombstone(tombstone);
        notes.put(table, &tombstone.sequence.to_be_bytes(), &value);
        Ok(())
    }

    /// What was deleted and not purged yet, by rising commit.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn tombstones(&self) -> Result<Vec<Tombstone>> {
        self.all(TableKind::Tombstones, records::decode_tombstone)
    }

    /// Notes that a deletion is not needed any more.
    pub(crate) fn forget_tombstone(&self, tombstone: &Tombstone, notes: &mut Notes) {
        let table = Table::only(TableKind::Tombstones);
        notes.remove(table, &tombstone.sequence.to_be_bytes());
    }

    /// Notes the rules of retention, as JSON.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn note_retention(&self, json: &[u8], notes: &mut Notes) -> Result<()> {
        let table = self.lasting(TableKind::Rules)?;
        notes.put(table, RETENTION, json);
        Ok(())
    }

    /// The rules of retention.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn retention(&self) -> Result<Retention> {
        let found = self.all(TableKind::Rules, |_, value| records::decode_rules(value))?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// The time of the store's clock, in Unix epoch seconds.
    pub(crate) fn now_seconds(&self) -> u64 {
        self.clock.now_seconds()
    }

    /// Notes a commit that has no rows.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn note_commit(&self, sequence: u64, notes: &mut Notes) -> Result<()> {
        let table = self.lasting(TableKind::Commits)?;
        notes.put(table, LAST, &sequence.to_be_bytes());
        Ok(())
    }

    /// Notes that what commits up to this did to earlier rows may be forgotten.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn note_forgotten(&self, sequence: u64, notes: &mut Notes) -> Result<()> {
        if sequence > self.forgotten()? {
            let table = self.lasting(TableKind::Commits)?;
            notes.put(table, FORGOTTEN, &sequence.to_be_bytes());
        }
        Ok(())
    }

    /// The newest commit of which what it did to earlier rows may be forgotten; 0 for none.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn forgotten(&self) -> Result<u64> {
        let is_it = |key: &[u8], value: &[u8]| match key == FORGOTTEN {
            true => records::decode_commit(value),
            false => Ok(0),
        };
        let found = self.all(TableKind::Commits, is_it)?;
        Ok(found.into_iter().max().unwrap_or(0))
    }

    /// The newest commit that has no rows; 0 when there was none.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn last_commit(&self) -> Result<u64> {
        let found = self.all(TableKind::Commits, |_, value| records::decode_commit(value))?;
        Ok(found.into_iter().max().unwrap_or(0))
    }

    /// Counts what is remembered. Cost: every entry is read.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn remembered(&self) -> Result<Remembered> {
        let mut found = Remembered::default();
        for table in self.log.tables()? {
            let count = match table.kind {
                TableKind::Ids => &mut found.event_ids,
                TableKind::Sessions => &mut found.sessions,
                TableKind::Recommendations => &mut found.recommendations,
                TableKind::Links
                | TableKind::Late
                | TableKind::Commits
                | TableKind::Tombstones
                | TableKind::Rules => {
                    continue;
                }
            };
            self.visit(table, &mut |_, _| {
                *count += 1;
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// Reads every table and decodes each value.
    ///
    /// # Errors
    /// The first damage.
    pub(crate) fn verify(&self) -> Result<()> {
        for table in self.log.tables()? {
            let check = &mut |key: &[u8], value: &[u8]| records::check(table.kind, key, value);
            match self.visit(table, check) {
                // It has expired meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                read => read?,
            }
        }
        Ok(())
    }

    fn turn(&self, periods: &Mutex<Periods>) -> Result<Table> {
        periods.lock().turn(&*self.log, || self.clock.now_seconds())
    }

    fn lasting(&self, kind: TableKind) -> Result<Table> {
        let table = Table::only(kind);
        let mut lasting = self.lasting.lock();
        if !lasting.contains(&table) {
            self.log.create_table(table)?;
            lasting.insert(table);
        }
        Ok(table)
    }

    fn all<T>(
        &self,
        kind: TableKind,
        decode: impl Fn(&[u8], &[u8]) -> Result<T>,
    ) -> Result<Vec<T>> {
        let table = Table::only(kind);
        let mut found = Vec::new();
        if self.lasting.lock().contains(&table) {
            self.visit(table, &mut |key, value| {
                found.push(decode(key, value)?);
                Ok(())
            })?;
        }
        Ok(found)
    }

    pub(in crate::hot) fn tables(&self) -> Result<Vec<Table>> {
        self.log.tables()
    }

    pub(in crate::hot) fn visit(&self, table: Table, visit: &mut Visit<'_>) -> Result<()> {
        self.log.replay_table(table, &mut |key, value| {
            visit(key, value).map_err(|error| {
                let place = format!("table {}, key {}", table.name(), key.escape_ascii());
                error.within(place)
            })
        })
    }
}

/// The hash of an event id stands for it. Of ten billion ids two are the same with a probability of
/// 1.5e-19; and who could make another's event a duplicate by a made-up collision could do so by
/// the id itself.
fn event_key(id: &str) -> [u8; 16] {
    xxh3_128(id.as_bytes()).to_be_bytes()
}

impl KnownRecommendation {
    /// What the commit `sequence` records is known.
    pub(crate) fn of(given: &Recommendation, sequence: u64) -> Self {
        Self::Recorded {
            items: given.items.clone(),
            source: given.source.clone(),
            sequence,
        }
    }
}
