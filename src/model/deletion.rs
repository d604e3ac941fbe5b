//! What a deletion hides.

use super::holds_mark;
use super::{Error, Result, TimeRange, shown};

/// Interactions to be deleted: those of some users, all or a part of them, or those with an item, whoever
/// they are of.
///
/// ```
/// use annals::Deletion;
///
/// // All that ann did.
/// let all = Deletion::user("ann");
/// // What ann and bob did with the item "tea" before the year 2024.
/// let some = Deletion::users(["ann", "bob"]).with_item("tea").until(1_704_067_200);
/// // The item "tea", for everybody.
/// let item = Deletion::item("tea");
/// # assert_ne!(all, some);
/// # assert_ne!(all, item);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    pub(crate) users: Vec<String>,
    pub(crate) item: Option<String>,
    pub(crate) time: TimeRange,
    everybody: bool,
}

impl Deletion {
    /// The interactions of a user. Sessions that are shown under this id, because they never became a
    /// user's, are meant, too.
    pub fn user(id: impl Into<String>) -> Self {
        Self::users([id])
    }

    /// The interactions of several users, in one commit.
    pub fn users(ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            users: ids.into_iter().map(Into::into).collect(),
            item: None,
            time: TimeRange::ALL,
            everybody: false,
        }
    }

    /// The interactions of everybody with an item. It is taken out of the impressions of other
    /// interactions and of recorded recommendations, too.
    pub fn item(id: impl Into<String>) -> Self {
        Self {
            users: Vec::new(),
            item: Some(id.into()),
            time: TimeRange::ALL,
            everybody: true,
        }
    }

    /// Of the users' interactions only those with this item. Impressions stay as they are.
    #[must_use]
    pub fn with_item(mut self, id: impl Into<String>) -> Self {
        self.item = Some(id.into());
        self
    }

    /// Of the users' interactions only those from this time on, in epoch seconds.
    #[must_use]
    pub fn since(mut self, timestamp: i64) -> Self {
        self.time.since = timestamp;
        self
    }

    /// Of the users' interactions only those before this time, in epoch seconds.
    #[must_use]
    pub fn until(mut self, timestamp: i64) -> Self {
        self.time.until = Some(timestamp);
        self
    }

    /// Checks that it says whose interactions are meant, by ids that there can be.
    pub(crate) fn check(&self) -> Result<()> {
        if self.everybody && self.time != TimeRange::ALL {
            return Err(Error::invalid(
                "a deletion of an item for everybody takes no time range; name users, or leave the times out",
            ));
        }
        if self.users.is_empty() && !self.everybody {
            return Err(Error::invalid(
                "a deletion without users; name one at least, or an item for everybody",
            ));
        }
        if let Some(until) = self.time.until
            && until <= self.time.since
        {
            return Err(Error::invalid(format!(
                "a deletion of interactions from {} to before {until}, which are none; since must be before until",
                self.time.since
            )));
        }
        let users = self.users.iter().map(|id| ("user", id));
        for (what, id) in users.chain(self.item.iter().map(|id| ("item", id))) {
            if id.is_empty() || holds_mark(id) {
                return Err(Error::invalid(format!(
                    "{what} id {}: no id is empty or holds U+0000",
                    shown(id)
                )));
            }
        }
        Ok(())
    }
}
