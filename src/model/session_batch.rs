//! The events of one session, and what was recommended.

use super::{Commit, Interaction};

/// Checked events of one session, as the engine takes them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SessionBatch {
    /// The session, 1 character or more.
    pub(crate) session: String,
    /// The user of all events; without one they belong to the session.
    pub(crate) user: Option<String>,
    /// In the order of arrival.
    pub(crate) events: Vec<SessionEvent>,
}

/// One event of a session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SessionEvent {
    /// The first event with an id counts, later ones are duplicates.
    pub(crate) event_id: Option<String>,
    /// The recommendation that the event follows.
    pub(crate) recommendation: Option<String>,
    /// The engine says whose it is: its user id is not looked at.
    pub(crate) interaction: Interaction,
}

/// What the recording of events answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventsCommit {
    /// The commit of the events that were written; where all were duplicates, the newest commit.
    pub commit: Commit,
    /// The events that were not written since their id had come before: their positions in the
    /// request, from 0, rising.
    pub duplicates: Vec<usize>,
    /// The events that were not written since they name no item, where the request let unknown names
    /// be ignored: their positions in the request, from 0, rising.
    pub skipped: Vec<usize>,
}

/// What was shown to someone: the items of one recommendation.
///
/// ```
/// use annals::events::Recommendation;
///
/// let shown = Recommendation::new("rec-1", ["tea", "cake"]).source("front page");
/// assert_eq!(shown.items.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recommendation {
    /// The id that events name.
    pub id: String,
    /// The items that were shown, in their order.
    pub items: Vec<String>,
    /// Who recommended, for `EVENT_ATTRIBUTION_SOURCE`.
    pub source: Option<String>,
}

impl Recommendation {
    /// A recommendation with the id that events name, 1 to 40 characters, and the items that were shown, in their
    /// order; at least one.
    pub fn new<S: Into<String>>(id: impl Into<String>, items: impl IntoIterator<Item = S>) -> Self {
        Self {
            id: id.into(),
            items: items.into_iter().map(Into::into).collect(),
            source: None,
        }
    }

    /// Who recommended, for `EVENT_ATTRIBUTION_SOURCE`: up to 1,024 printable ASCII characters. Default: nobody.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }
}
