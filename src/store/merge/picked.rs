//! Users of one segment or generation that are read one by one.

use std::sync::Arc;

use super::mask::{Held, Mask};
use super::owners::Owners;
use super::user_codes::UserCodes;
use crate::column::{Columns, Strings};
use crate::hot::Generation;
use crate::model::{HashedKey, Result, Schema, TierQuery, UserRange};
use crate::segment::Segment;
use crate::store::engine::LiveSegment;

/// The users of a generation at one moment, or sessions of a segment that belong elsewhere than
/// where they lie; in the order of the owners.
pub(in crate::store) struct PickedSource {
    part: PickedPart,
    schema: Arc<Schema>,
    /// Commits up to this are worked into the rows.
    joined: u64,
    users: Vec<Picked>,
    next: usize,
}

enum PickedPart {
    Generation(Arc<Generation>),
    Segment(Arc<Segment>),
}

struct Picked {
    owner: Arc<str>,
    /// Where the rows lie; `None` for the owner's own.
    key: Option<Arc<str>>,
    /// What is left out of them.
    mask: Option<Box<Mask>>,
}

impl Picked {
    fn key(&self) -> &str {
        self.key.as_ref().unwrap_or(&self.owner)
    }
}

impl PickedSource {
    /// The users of a generation whose owner is in the range.
    pub(in crate::store) fn of_generation(
        generation: &Arc<Generation>,
        users: &UserRange,
        owners: &Owners,
    ) -> Self {
        let users = match generation.holds_sessions() {
            true => owned(generation.users(&UserRange::default()), users, owners),
            false => generation.users(users).into_iter().map(own).collect(),
        };
        Self {
            part: PickedPart::Generation(generation.clone()),
            schema: owners.schema().clone(),
            joined: 0,
            users: masked(users, Held::of_generation(generation), owners),
            next: 0,
        }
    }

    /// Keys of a segment with their owners, in the owners' order.
    pub(in crate::store) fn of_segment(
        live: &LiveSegment,
        moved: impl Iterator<Item = (String, String)>,
        owners: &Owners,
    ) -> Self {
        let users = moved.map(|(owner, key)| Picked {
            owner: owner.into(),
            key: Some(key.into()),
            mask: None,
        });
        Self {
            part: PickedPart::Segment(live.segment.clone()),
            schema: owners.schema().clone(),
            joined: live.entry.joined,
            users: masked(users.collect(), Held::of_segment(live), owners),
            next: 0,
        }
    }

    /// The owner of the next rows; `None` at the end.
    pub(in crate::store) fn user(&self) -> Option<&str> {
        self.users.get(self.next).map(|user| &*user.owner)
    }

    /// Whether the next user's rows lie in several places, each in order by itself.
    pub(super) fn is_scattered(&self) -> bool {
        let next = |ahead| self.users.get(self.next + ahead);
        matches!((next(0), next(1)), (Some(a), Some(b)) if a.owner == b.owner)
    }

    /// Commits up to this are worked into the rows.
    pub(in crate::store) fn joined(&self) -> u64 {
        self.joined
    }

    /// Whether this is so for any user.
    pub(in crate::store) fn scatters(&self) -> bool {
        let left = self.users.get(self.next..).unwrap_or_default();
        left.windows(2)
            .any(|pair| matches!(pair, [a, b] if a.owner == b.owner))
    }

    pub(in crate::store) fn dictionary(&self, field: usize) -> Option<Arc<dyn Strings>> {
        match &self.part {
            PickedPart::Generation(generation) => generation.dictionary(field),
            PickedPart::Segment(segment) => segment.dictionary(field),
        }
    }

    /// Appends the matching rows of whole users, up to about `rows`; those of a user whose rows are
    /// scattered alone, place by place.
    pub(in crate::store) fn take(
        &mut self,
        rows: usize,
        query: &TierQuery,
        out: &mut Columns,
        codes: &mut UserCodes<'_>,
    ) -> Result<()> {
        if self.is_scattered() {
            while self.is_scattered() {
                self.take_place(query, out, codes)?;
            }
            return self.take_place(query, out, codes);
        }
        let full = out.rows().saturating_add(rows);
        while out.rows() < full && self.user().is_some() && !self.is_scattered() {
            self.take_place(query, out, codes)?;
        }
        Ok(())
    }

    /// Appends the matching rows that lie in the next place.
    fn take_place(
        &mut self,
        query: &TierQuery,
        out: &mut Columns,
        codes: &mut UserCodes<'_>,
    ) -> Result<()> {
        if let Some(user) = self.users.get(self.next) {
            match &user.mask {
                None => self.read(user.key(), query, out)?,
                Some(mask) => mask.read(
                    &self.schema,
                    query,
                    out,
                    |query, out| self.read(user.key(), query, out),
                    |field| self.dictionary(field),
                )?,
            }
            codes.append(&user.owner, out)?;
            self.next += 1;
        }
        Ok(())
    }

    fn read(&self, key: &str, query: &TierQuery, out: &mut Columns) -> Result<()> {
        match &self.part {
            PickedPart::Generation(generation) => generation.history(key, query, out),
            PickedPart::Segment(segment) => segment.history(HashedKey::of(key), query, out),
        }
    }
}

fn own(owner: Arc<str>) -> Picked {
    Picked {
        owner,
        key: None,
        mask: None,
    }
}

/// The same, with what is left out of their rows.
fn masked(mut users: Vec<Picked>, held: Held, owners: &Owners) -> Vec<Picked> {
    for user in &mut users {
        user.mask = owners.mask(user.key(), held).map(Box::new);
    }
    users
}

fn owned(keys: Vec<Arc<str>>, users: &UserRange, owners: &Owners) -> Vec<Picked> {
    let picked = keys.into_iter().map(|key| {
        let owner = owners.of(&key);
        match *owner == *key {
            true => own(key),
            false => Picked {
                owner: owner.into(),
                key: Some(key),
                mask: None,
            },
        }
    });
    let mut picked: Vec<Picked> = picked.filter(|user| users.contains(&user.owner)).collect();
    picked.sort_by(|a, b| (&*a.owner, a.key()).cmp(&(&*b.owner, b.key())));
    picked
}
