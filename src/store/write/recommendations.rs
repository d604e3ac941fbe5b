//! What was shown, and the events that follow from it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::hot::{EncodedRows, KnownRecommendation, LateRecord, Notes, Registry};
use crate::model::{Cell, Commit, Durability, Recommendation, Result, Role};
use crate::store::engine::Engine;
use crate::store::joins::{Deletions, left_of};

/// What is known of a recommendation, as events take it.
pub(in crate::store) struct Shown {
    id: String,
    known: Option<KnownRecommendation>,
    /// The items, joined by bars, and the source, where it was recorded.
    impression: String,
    source: Option<String>,
}

impl Shown {
    /// Items that were deleted for everybody since it was recorded are not shown any more.
    pub(super) fn look_up(registry: &Registry, deletions: &Deletions, id: &str) -> Result<Self> {
        let known = registry.recommendation(id)?;
        let (impression, source) = match &known {
            Some(KnownRecommendation::Recorded {
                items,
                source,
                sequence,
            }) => {
                let items = left_of(items, *sequence, deletions);
                (items.join("|"), source.clone())
            }
            _ => (String::new(), None),
        };
        Ok(Self {
            id: id.to_owned(),
            known,
            impression,
            source,
        })
    }
}

impl Engine {
    /// Records what was shown, for the events that name it; those that came before included. An id
    /// that is known keeps its first record.
    pub(crate) fn record_recommendation(
        &self,
        given: &Recommendation,
        durability: Durability,
    ) -> Result<Commit> {
        self.validator.check_recommendation(given)?;
        let sequence = self.append_recommendation(given)?;
        self.settle(sequence, durability)?;
        Ok(Commit { sequence, rows: 0 })
    }

    fn append_recommendation(&self, given: &Recommendation) -> Result<u64> {
        let (_held, generation) = self.room(self.commit.lock())?;
        let registry = self.registry()?;
        let before = self.visible.load(Ordering::Acquire);
        let awaited = match registry.recommendation(&given.id)? {
            Some(KnownRecommendation::Recorded { .. }) => return Ok(before),
            Some(KnownRecommendation::Awaited(commits)) => Some(commits),
            None => None,
        };
        let sequence = before + 1;
        let mut notes = Notes::default();
        registry.note_known(
            &given.id,
            &KnownRecommendation::of(given, sequence),
            &mut notes,
        )?;
        registry.note_commit(sequence, &mut notes)?;
        let late = awaited.map(|awaited| LateRecord {
            id: given.id.clone(),
            items: given.items.clone(),
            source: given.source.clone(),
            awaited,
            sequence,
        });
        if let Some(late) = &late {
            registry.note_late(late, &mut notes)?;
        }
        let no_rows = EncodedRows::default();
        self.apply(&generation, no_rows, &notes, sequence, || {
            if let Some(late) = late {
                self.version.load().joins.late.add(Arc::new(late));
            }
        })?;
        Ok(sequence)
    }

    /// Fills in what an event's cells lack of its recommendation, or notes that it waits for it.
    pub(super) fn fill_in<'a>(
        &self,
        registry: &Registry,
        id: &str,
        shown: &'a [Shown],
        sequence: u64,
        cells: &mut [Cell<'a>],
        notes: &mut Notes,
    ) -> Result<()> {
        let Some(shown) = shown.iter().find(|shown| shown.id == id) else {
            return Ok(());
        };
        let fields = [Role::Impression, Role::AttributionSource];
        let texts = [Some(shown.impression.as_str()), shown.source.as_deref()];
        let mut lacks = false;
        for (role, text) in fields.into_iter().zip(texts) {
            let field = self.schema.position_of(role);
            let cell = field.and_then(|field| cells.get_mut(field));
            if let Some(cell) = cell.filter(|cell| **cell == Cell::Null) {
                let text = text.filter(|text| !text.is_empty());
                *cell = text.map_or(Cell::Null, Cell::Text);
                lacks = true;
            }
        }
        let first = match &shown.known {
            Some(KnownRecommendation::Recorded { .. }) => return Ok(()),
            Some(KnownRecommendation::Awaited([first, _])) => *first,
            None => sequence,
        };
        // Without the field no row can be found again by its recommendation.
        if lacks && self.schema.position_of(Role::RecommendationId).is_some() {
            registry.note_known(id, &KnownRecommendation::Awaited([first, sequence]), notes)?;
        }
        Ok(())
    }
}
