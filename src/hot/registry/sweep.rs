//! What a purge takes out of the tables, and looks at in them.

use super::records::{self, KnownRecommendation, Tombstone};
use super::registry::Registry;
use crate::hot::log::{Notes, Table, TableKind, Visit};
use crate::model::{ErrorKind, Result};

/// What is to be taken out of the tables.
pub(crate) struct Sweep<'a> {
    /// Whether sessions of this user are to be forgotten.
    pub(crate) forgets_user: &'a dyn Fn(&str) -> bool,
    /// Whether an item is to be taken out of a recommendation of this commit.
    pub(crate) forgets_item: &'a dyn Fn(&str, u64) -> bool,
    /// Deletions that are done.
    pub(crate) tombstones: &'a [Tombstone],
}

/// What an id in a table names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// A user, or a session that may stand in as one.
    User,
    Item,
}

/// Bytes of changes that are written at once.
const NOTES_BYTES: usize = 64 << 10;

impl Registry {
    /// The changes that take it out, in pieces.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn sweep(&self, sweep: &Sweep<'_>) -> Result<Vec<Notes>> {
        let mut pieces = vec![Notes::default()];
        let mut change = |table: Table, key: &[u8], value: Option<&[u8]>| {
            if pieces
                .last()
                .is_none_or(|notes| notes.bytes() >= NOTES_BYTES)
            {
                pieces.push(Notes::default());
            }
            if let Some(notes) = pieces.last_mut() {
                match value {
                    Some(value) => notes.put(table, key, value),
                    None => notes.remove(table, key),
                }
            }
        };
        for table in self.tables()? {
            match table.kind {
                TableKind::Sessions => self.visit_left(table, &mut |session, user| {
                    if (sweep.forgets_user)(&records::decode_user(user)?) {
                        change(table, session, None);
                    }
                    Ok(())
                })?,
                TableKind::Recommendations => self.visit_left(table, &mut |id, value| {
                    if let Some(left) = left_of(records::decode_known(value)?, sweep) {
                        change(table, id, Some(&records::encode_known(&left)));
                    }
                    Ok(())
                })?,
                _ => {}
            }
        }
        for tombstone in sweep.tombstones {
            let table = Table::only(TableKind::Tombstones);
            change(table, &tombstone.sequence.to_be_bytes(), None);
        }
        Ok(pieces)
    }

    /// Calls `visit` with each item of each recommendation, and the commit that recorded it.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn each_shown_item(&self, visit: &mut dyn FnMut(&str, u64)) -> Result<()> {
        for table in self.tables()? {
            if table.kind == TableKind::Recommendations {
                self.visit_left(table, &mut |_, value| {
                    if let KnownRecommendation::Recorded {
                        items, sequence, ..
                    } = records::decode_known(value)?
                    {
                        items.iter().for_each(|item| visit(item, sequence));
                    }
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    /// Calls `visit` with each session of which a user is remembered, and that user.
    ///
    /// # Errors
    /// Those of the log; `Corruption`.
    pub(crate) fn each_session(&self, visit: &mut dyn FnMut(&str, &str)) -> Result<()> {
        for table in self.tables()? {
            if table.kind == TableKind::Sessions {
                self.visit_left(table, &mut |session, user| {
                    visit(&records::text(session)?, &records::decode_user(user)?);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    /// Calls `visit` with each id in the tables, what it names, and what they call the table; ids of events
    /// are hashes.
    ///
    /// # Errors
    /// Those of the log; `Corruption`; what `visit` gives.
    pub(crate) fn each_id(
        &self,
        visit: &mut dyn FnMut(&str, Names, &str) -> Result<()>,
    ) -> Result<()> {
        for table in self.tables()? {
            let name = table.name();
            let mut found = |names: Names, id: &str| visit(&name, names, id);
            self.visit_left(table, &mut |key, value| match table.kind {
                TableKind::Ids | TableKind::Commits | TableKind::Rules => Ok(()),
                TableKind::Sessions => {
                    found(Names::User, &records::text(key)?)?;
                    found(Names::User, &records::decode_user(value)?)
                }
                TableKind::Links => {
                    let link = records::decode_link(key, value)?;
                    found(Names::User, &link.session)?;
                    found(Names::User, &link.user)
                }
                TableKind::Recommendations => match records::decode_known(value)? {
                    KnownRecommendation::Awaited(_) => Ok(()),
                    KnownRecommendation::Recorded { items, .. } => {
                        items.iter().try_for_each(|item| found(Names::Item, item))
                    }
                },
                TableKind::Late => {
                    let late = records::decode_late(key, value)?;
                    let mut items = late.items.iter();
                    items.try_for_each(|item| found(Names::Item, item))
                }
                TableKind::Tombstones => {
                    let tombstone = records::decode_tombstone(key, value)?;
                    let mut keys = tombstone.keys.iter();
                    keys.try_for_each(|key| found(Names::User, key))?;
                    let mut items = tombstone.item.iter();
                    items.try_for_each(|item| found(Names::Item, item))
                }
            })?;
        }
        Ok(())
    }
}

impl Registry {
    /// Calls `visit` with each entry of a table, unless it has expired meanwhile.
    fn visit_left(&self, table: Table, visit: &mut Visit<'_>) -> Result<()> {
        match self.visit(table, visit) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            read => read,
        }
    }
}

/// The record without what is forgotten of it, where that changes it.
fn left_of(known: KnownRecommendation, sweep: &Sweep<'_>) -> Option<KnownRecommendation> {
    let KnownRecommendation::Recorded {
        mut items,
        source,
        sequence,
    } = known
    else {
        return None;
    };
    let before = items.len();
    items.retain(|item| !(sweep.forgets_item)(item, sequence));
    (items.len() < before).then_some(KnownRecommendation::Recorded {
        items,
        source,
        sequence,
    })
}
