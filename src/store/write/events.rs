//! Events of a session: which of them count, and whose they are.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::recommendations::Shown;
use crate::hot::{EncodedRows, Generation, Link, Notes, Registry};
use crate::model::{
    Cell, Commit, Durability, Error, EventsCommit, Interaction, Result, Role, Row, SessionBatch,
    Value, session_key,
};
use crate::store::engine::Engine;

/// What is looked up about events, beside their rows.
struct Named {
    event_id: Option<String>,
    recommendation: Option<String>,
}

/// The user of a session, as of the commit at hand.
struct Owner {
    /// What the rows lie under.
    key: String,
    /// The link that this commit makes of earlier events.
    link: Option<Link>,
}

impl Engine {
    /// Writes the events of a session, all or none, as one commit. Those with the id of an earlier
    /// one are left out.
    pub(crate) fn put_events(
        &self,
        batch: SessionBatch,
        durability: Durability,
    ) -> Result<EventsCommit> {
        self.put_session(batch, durability, false)
    }

    /// As [`Engine::put_events`], of a request of which events were passed over: where none is left, it
    /// still tells whose the session is.
    pub(crate) fn put_events_left(
        &self,
        batch: SessionBatch,
        durability: Durability,
    ) -> Result<EventsCommit> {
        self.put_session(batch, durability, true)
    }

    fn put_session(
        &self,
        batch: SessionBatch,
        durability: Durability,
        tells_user: bool,
    ) -> Result<EventsCommit> {
        self.validator.check_session(&batch.session)?;
        let shown = batch.user.as_deref().unwrap_or(&batch.session);
        let mut interactions = Vec::with_capacity(batch.events.len());
        let mut named = Vec::with_capacity(batch.events.len());
        for event in batch.events {
            let recommendation = event.recommendation.as_deref();
            let interaction = self.prepared(event.interaction, shown, recommendation)?;
            interactions.push(interaction);
            named.push(Named {
                event_id: event.event_id,
                recommendation: event.recommendation,
            });
        }
        let cells = self.cells(&interactions)?;
        let session = (batch.session.as_str(), batch.user.as_deref());
        let done = self.append_events(session, tells_user, &interactions, &named, &cells)?;
        self.settle(done.commit.sequence, durability)?;
        Ok(done)
    }

    /// The interaction with its user and the id of its recommendation.
    fn prepared(
        &self,
        mut interaction: Interaction,
        user: &str,
        recommendation: Option<&str>,
    ) -> Result<Interaction> {
        interaction.user_id = user.to_owned();
        if let (Some(id), Some(field)) = (
            recommendation,
            self.schema.position_of(Role::RecommendationId),
        ) && let Some(field) = self.schema.fields().get(field)
        {
            let is_it = |(name, _): &(std::borrow::Cow<'_, str>, Value)| name == field.name();
            interaction.fields.retain(|field| !is_it(field));
            interaction = interaction.with(field.name().to_owned(), id);
        }
        self.validator.join_lists(&mut interaction)?;
        Ok(interaction)
    }

    fn append_events(
        &self,
        (session, user): (&str, Option<&str>),
        tells_user: bool,
        interactions: &[Interaction],
        named: &[Named],
        cells: &[Cell<'_>],
    ) -> Result<EventsCommit> {
        let (_held, generation) = self.room(self.commit.lock())?;
        let registry = self.registry()?;
        let before = self.visible.load(Ordering::Acquire);
        let mut notes = Notes::default();
        let fresh = fresh_events(registry, named)?;
        let duplicates: Vec<usize> = (0..named.len())
            .filter(|position| !fresh.contains(position))
            .collect();
        let tells_user = tells_user && named.is_empty() && user.is_some();
        if fresh.is_empty() && !tells_user {
            let commit = Commit {
                sequence: before,
                rows: 0,
            };
            return Ok(EventsCommit {
                commit,
                duplicates,
                skipped: Vec::new(),
            });
        }
        let sequence = before + 1;
        for event in fresh.iter().filter_map(|position| named.get(*position)) {
            if let Some(id) = &event.event_id {
                registry.note_event(id, &mut notes)?;
            }
        }
        let owner = self.owner_of(registry, session, user, sequence, &mut notes)?;
        if fresh.is_empty() {
            return self.append_link(&generation, owner, notes, before);
        }
        let shown = self.shown_of(registry, named, &fresh)?;
        let width = self.schema.fields().len();
        let mut row_cells = Vec::with_capacity(fresh.len() * width);
        for position in &fresh {
            let start = row_cells.len();
            let own = cells.get(position * width..(position + 1) * width);
            row_cells.extend_from_slice(own.ok_or_else(incomplete)?);
            let own = row_cells.get_mut(start..).ok_or_else(incomplete)?;
            if let Some(id) = named
                .get(*position)
                .and_then(|one| one.recommendation.as_deref())
            {
                self.fill_in(registry, id, &shown, sequence, own, &mut notes)?;
            }
        }
        let fresh_ones = fresh.iter().filter_map(|at| interactions.get(*at));
        let rows: Vec<Row<'_>> = fresh_ones
            .zip(row_cells.chunks(width))
            .map(|(interaction, cells)| Row {
                user: &owner.key,
                timestamp: interaction.timestamp,
                cells,
            })
            .collect();
        if rows.len() != fresh.len() {
            return Err(incomplete());
        }
        let most = self.settings.max_commit_bytes();
        let encoded = self.writable()?.encode(&rows, most)?;
        self.apply(&generation, encoded, &notes, sequence, || {
            if let Some(link) = &owner.link {
                self.version.load().joins.links.add(Arc::new(link.clone()));
            }
        })?;
        Ok(EventsCommit {
            commit: Commit {
                sequence,
                rows: rows.len() as u64,
            },
            duplicates,
            skipped: Vec::new(),
        })
    }

    /// Writes whose a session is, without a row, where that is news.
    fn append_link(
        &self,
        generation: &Generation,
        owner: Owner,
        mut notes: Notes,
        before: u64,
    ) -> Result<EventsCommit> {
        let mut commit = Commit {
            sequence: before,
            rows: 0,
        };
        if notes.len() > 0 {
            commit.sequence += 1;
            self.registry()?.note_commit(commit.sequence, &mut notes)?;
            let no_rows = EncodedRows::default();
            self.apply(generation, no_rows, &notes, commit.sequence, || {
                if let Some(link) = owner.link {
                    self.version.load().joins.links.add(Arc::new(link));
                }
            })?;
        }
        Ok(EventsCommit {
            commit,
            duplicates: Vec::new(),
            skipped: Vec::new(),
        })
    }

    /// Under whom the events lie. The first user of a session is linked with its earlier events; the
    /// newest takes those that come without one, for as long as it is remembered. While a link is
    /// there, no rows come under the session, as readers rely on.
    fn owner_of(
        &self,
        registry: &Registry,
        session: &str,
        user: Option<&str>,
        sequence: u64,
        notes: &mut Notes,
    ) -> Result<Owner> {
        let noted = registry.user_of(session)?;
        let known = match &noted {
            Some(noted) => Some(noted.user.clone()),
            None => {
                let version = self.version.load();
                let link = version.joins.links.of_session(session, u64::MAX);
                link.map(|link| link.user.clone())
            }
        };
        if let Some(user) = user.or(known.as_deref()) {
            registry.note_user(session, user, noted.as_ref(), notes)?;
        }
        let Some(user) = user else {
            let key = known.unwrap_or_else(|| session_key(session));
            return Ok(Owner { key, link: None });
        };
        let link = Link {
            session: session.to_owned(),
            user: user.to_owned(),
            sequence,
        };
        let needed = known.is_none() && self.version.load().needs_link(&link);
        if needed {
            registry.note_link(&link, notes)?;
        }
        Ok(Owner {
            key: user.to_owned(),
            link: needed.then_some(link),
        })
    }

    /// What is known of the recommendations that the fresh events name.
    fn shown_of(
        &self,
        registry: &Registry,
        named: &[Named],
        fresh: &BTreeSet<usize>,
    ) -> Result<Vec<Shown>> {
        let named = fresh.iter().filter_map(|position| named.get(*position));
        let ids: BTreeSet<&str> = named
            .filter_map(|one| one.recommendation.as_deref())
            .collect();
        let joins = self.version.load().joins.clone();
        ids.into_iter()
            .map(|id| Shown::look_up(registry, &joins.deletions, id))
            .collect()
    }
}

fn incomplete() -> Error {
    Error::internal("events without their rows")
}

/// The positions of the events that count: without an id, or with one that did not come before.
fn fresh_events(registry: &Registry, named: &[Named]) -> Result<BTreeSet<usize>> {
    let mut fresh = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (position, event) in named.iter().enumerate() {
        let counts = match &event.event_id {
            Some(id) => ids.insert(id.as_str()) && !registry.has_event(id)?,
            None => true,
        };
        if counts {
            fresh.insert(position);
        }
    }
    Ok(fresh)
}
