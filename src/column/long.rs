//! Strings that are longer than the service takes, and that a store holds all the same.

use crate::model::{Interaction, Limits, PutEvent, Recommendation, Role, Value};

impl Limits {
    /// Characters of a cell beyond which a string is longer than the service takes; `None` where there
    /// is no such bound. Ids, event types and attribution sources have limits beyond which
    /// they are refused.
    pub(crate) fn cell_chars(&self, role: Role) -> Option<usize> {
        match role {
            Role::User | Role::Item | Role::Timestamp => None,
            Role::EventType | Role::AttributionSource => None,
            Role::Impression => self.max_impression_chars,
            _ => self.max_string_chars,
        }
    }

    fn is_long(&self, role: Role, chars: impl FnOnce() -> usize) -> bool {
        self.cell_chars(role).is_some_and(|max| chars() > max)
    }
}

impl Interaction {
    /// The first field whose string is longer than the service takes in a cell, by
    /// [`Limits::max_string_chars`] and [`Limits::max_impression_chars`]. A store holds it all the same.
    pub fn long_field(&self, limits: &Limits) -> Option<&str> {
        let long = self.fields.iter().find(|(name, value)| {
            limits.is_long(Role::of_name(name), || match value {
                Value::String(text) => text.chars().count(),
                Value::Items(items) => joined_chars(items),
                _ => 0,
            })
        });
        long.map(|(name, _)| name.as_ref())
    }
}

impl PutEvent<'_> {
    /// The first parameter or property whose string is longer than the service takes in a cell, as
    /// [`Interaction::long_field`].
    pub fn long_field(&self, limits: &Limits) -> Option<&str> {
        if limits.is_long(Role::Impression, || joined_chars(&self.impression)) {
            return Some("impression");
        }
        let long = self.properties.iter().find(|(_, value)| {
            limits.is_long(Role::Metadata, || match value {
                Value::String(text) => text.chars().count(),
                _ => 0,
            })
        });
        long.map(|(name, _)| name.as_ref())
    }
}

impl Recommendation {
    /// What of it makes a cell that is longer than the service takes, once an event names it: `items`.
    /// As [`Interaction::long_field`].
    pub fn long_field(&self, limits: &Limits) -> Option<&'static str> {
        let long = limits.is_long(Role::Impression, || joined_chars(&self.items));
        long.then_some("items")
    }
}

/// Characters of items that bars join.
fn joined_chars(items: &[impl AsRef<str>]) -> usize {
    let chars: usize = items.iter().map(|item| item.as_ref().chars().count()).sum();
    chars + items.len().saturating_sub(1)
}
