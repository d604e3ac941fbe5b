//! An export, checked against the store, that all its threads share.

use std::sync::Arc;

use super::arrow::ArrowStrings;
use super::layout::{ArrowLists, Layout, OutColumns};
use super::learned::Learned;
use super::selection::{Rules, Sessions};
use super::split::{Partition, Split};
use crate::model::{Origins, Projection, ScanOrder, ScanQuery, Schema};

/// What an export does.
pub(super) struct Plan {
    pub(super) schema: Arc<Schema>,
    pub(super) rules: Arc<Rules>,
    pub(super) learned: Arc<Learned>,
    pub(super) layout: Layout,
    pub(super) split: Option<Split>,
    pub(super) partition: Option<Partition>,
    pub(super) strings: ArrowStrings,
    pub(super) lists: ArrowLists,
    pub(super) columns: OutColumns,
    /// The fields that are read.
    pub(super) read: Vec<bool>,
    /// Whether histories are checked.
    pub(super) guard: bool,
    pub(super) order: ScanOrder,
    /// Whether digests of what is taken are made.
    pub(super) digests: bool,
}

impl Plan {
    /// Whether all rows of a user have to be there, those too that the selection does not take.
    pub(super) fn needs_whole_users(&self) -> bool {
        self.layout.negatives().is_some()
    }

    /// Whether a user's rows have to come together: a row that is judged and written by itself need not wait for the
    /// others of its user.
    pub(super) fn needs_users_together(&self) -> bool {
        let rows = self.layout == Layout::Rows && self.rules.are_of_rows();
        !rows || matches!(self.split, Some(Split::LeaveLast(_)))
    }

    /// The scan that records are made of.
    pub(super) fn query(&self) -> ScanQuery {
        let selection = &self.rules.selection;
        let whole = self.needs_whole_users();
        let fields = self.schema.fields().iter().zip(&self.read);
        let names = fields.filter(|(_, read)| **read);
        ScanQuery {
            time: match whole {
                true => crate::model::TimeRange::ALL,
                false => selection.time(),
            },
            origins: match whole {
                true => Origins::All,
                false => selection.origin,
            },
            arrival: self.digests
                || self.layout.as_known()
                || self.rules.are_of_commits()
                || whole && selection.origin != Origins::All,
            session_keys: selection.sessions == Sessions::Drop,
            projection: Projection::names(names.map(|(field, _)| field.name())),
            order: self.order,
            ..ScanQuery::default()
        }
    }
}
