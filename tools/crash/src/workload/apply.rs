//! Makes the commits of a plan.

use annals::columns::{Cell, Row};
use annals::events::{PutEvent, PutEvents, Recommendation};
use annals::{BulkImport, Deletion, Durability, Interaction, Result, Store, WriteBatch};

use super::plan::{Commit, Deleted, Event, Plan, Record, Step};

/// What the store answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub sequence: u64,
    /// Positions of events that were left out.
    pub left_out: Vec<usize>,
}

impl Commit {
    pub fn apply(&self, store: &Store) -> Result<Answer> {
        let mut left_out = Vec::new();
        let commit = match self {
            Self::Write(records, durability) => {
                let batch: WriteBatch = records.iter().map(interaction).collect();
                store.write(batch, *durability)?
            }
            Self::Import(records, mode) => {
                let mut import = store.import(*mode)?;
                push(records, &mut import)?;
                import.commit()?
            }
            Self::Put {
                session,
                user,
                events,
                durability,
            } => {
                let mut request = PutEvents::new(session).events(events.iter().map(put_event));
                request.user_id = user.as_deref().map(Into::into);
                let done = store.put_events(&request, *durability)?;
                left_out = done.duplicates;
                done.commit
            }
            Self::Recommend {
                id,
                items,
                durability,
            } => {
                let recommendation = Recommendation::new(id.clone(), items.clone()).source("home");
                store.record_recommendation(&recommendation, *durability)?
            }
            Self::Delete {
                deleted,
                durability,
            } => store.delete(&deletion(deleted), *durability)?,
        };
        Ok(Answer {
            sequence: commit.sequence,
            left_out,
        })
    }
}

impl Step {
    /// Does it; a reopening is the caller's.
    pub fn apply(self, plan: Plan, number: u64, store: &Store) -> Result<()> {
        match self {
            Self::Nothing | Self::Reopen => Ok(()),
            Self::Flush => store.flush(),
            Self::Compact => store.compact(),
            Self::Maintain => store.maintain(),
            Self::Sync => store
                .write(WriteBatch::new(), Durability::Synced)
                .map(|_| ()),
            Self::Abandon => {
                let mut import = store.import(annals::ImportMode::Full)?;
                push(&plan.abandoned(number), &mut import)
            }
        }
    }

    /// Whether all that was acknowledged before survives power loss afterwards.
    pub fn syncs(self) -> bool {
        matches!(
            self,
            Self::Flush | Self::Compact | Self::Sync | Self::Reopen
        )
    }
}

fn deletion(deleted: &Deleted) -> Deletion {
    match deleted {
        Deleted::User(user, None) => Deletion::user(user),
        Deleted::User(user, Some(until)) => Deletion::user(user).until(*until),
        Deleted::Item(item) => Deletion::item(item),
    }
}

fn interaction(record: &Record) -> Interaction {
    Interaction::new(&record.user, &record.item, record.timestamp)
        .event_type(record.event_type)
        .with("NOTE", record.note.clone())
}

fn put_event(event: &Event) -> PutEvent<'_> {
    let mut put = PutEvent::new(event.event_type, event.timestamp)
        .event_id(&event.id)
        .item_id(&event.item)
        .impression(&event.impression);
    put.recommendation_id = event.recommendation.as_deref().map(Into::into);
    put
}

fn push(records: &[Record], import: &mut BulkImport) -> Result<()> {
    for record in records {
        let note = record.note.as_deref().map_or(Cell::Null, Cell::Text);
        let (item, event_type) = (Cell::Text(&record.item), Cell::Text(record.event_type));
        let none = Cell::Null;
        import.push_row(&Row {
            user: &record.user,
            timestamp: record.timestamp,
            cells: &[none, item, none, event_type, none, none, none, note],
        })?;
    }
    Ok(())
}
