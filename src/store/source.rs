//! Rows of one run or generation, user by user, in order.

use std::collections::VecDeque;
use std::sync::Arc;

use super::version::Run;
use crate::hot::Generation;
use crate::segment::{Cursor, Segment};
use crate::types::{Columns, Error, Result, ScanQuery, Strings, TierQuery};

/// A source of rows in (user, timestamp, arrival) order.
pub(super) enum Source {
    Run(RunSource),
    Generation(GenerationSource),
}

impl Source {
    pub(super) fn of_run(run: &Run, query: &ScanQuery) -> Result<Self> {
        let segments = run
            .segments
            .iter()
            .filter(|live| {
                let [min, max] = &live.segment.footer().users;
                query.users.meets(min, max)
            })
            .map(|live| live.segment.clone());
        Self::of_segments(segments, query)
    }

    pub(super) fn of_segments(
        segments: impl Iterator<Item = Arc<Segment>>,
        query: &ScanQuery,
    ) -> Result<Self> {
        let cursors = segments
            .map(|segment| Cursor::new(segment, query))
            .collect::<Result<VecDeque<_>>>()?;
        let mut source = RunSource { cursors };
        source.drop_finished()?;
        Ok(Self::Run(source))
    }

    pub(super) fn of_generation(generation: &Arc<Generation>, query: &ScanQuery) -> Self {
        Self::Generation(GenerationSource {
            users: generation.users(&query.users),
            generation: generation.clone(),
            next: 0,
        })
    }

    /// Bytes that a row takes on average in the files of a run.
    pub(super) fn row_bytes(&self) -> usize {
        match self {
            Self::Run(run) => {
                let segments = || run.cursors.iter().map(Cursor::segment);
                let bytes: usize = segments().map(|segment| segment.bytes()).sum();
                bytes
                    / segments()
                        .map(|segment| segment.rows())
                        .sum::<usize>()
                        .max(1)
            }
            Self::Generation(_) => 0,
        }
    }

    /// The user of the next row; `None` at the end.
    pub(super) fn user(&self) -> Result<Option<&str>> {
        match self {
            Self::Run(run) => match run.cursors.front() {
                Some(cursor) => cursor.user(),
                None => Ok(None),
            },
            Self::Generation(hot) => Ok(hot.users.get(hot.next).map(|user| &**user)),
        }
    }

    /// The dictionary of a string field, of the part that the next rows come from.
    pub(super) fn dictionary(&self, field: usize) -> Option<Arc<dyn Strings>> {
        match self {
            Self::Run(run) => run.cursors.front()?.segment().dictionary(field),
            Self::Generation(hot) => hot.generation.dictionary(field),
        }
    }

    /// Tells apart the parts whose codes differ; it changes when a run goes on to its next segment.
    pub(super) fn part(&self) -> usize {
        match self {
            Self::Run(run) => run.cursors.len(),
            Self::Generation(_) => 0,
        }
    }

    /// The strings of the user codes that [`Source::take`] gives, of the next part.
    pub(super) fn user_ids(&self) -> Option<Arc<dyn Strings>> {
        match self {
            Self::Run(run) => Some(run.cursors.front()?.segment().user_ids()),
            Self::Generation(_) => None,
        }
    }

    /// Appends matching rows of the next part to `out`: from at most about `rows` stored ones, and
    /// only of users before `until`. A generation gives whole users.
    pub(super) fn take(
        &mut self,
        rows: usize,
        until: Option<&str>,
        query: &TierQuery,
        out: &mut Columns,
        users: &mut UserCodes<'_>,
    ) -> Result<()> {
        match self {
            Self::Run(run) => {
                let before = out.users.len();
                if let Some(cursor) = run.cursors.front_mut() {
                    cursor.take(rows, until, query, out)?;
                    users.translate(&cursor.segment().user_ids(), before, out)?;
                }
                run.drop_finished()
            }
            Self::Generation(hot) => hot.take(rows, until, query, out, users),
        }
    }

    /// Appends the matching rows of the next user that the next part has, `out.users` aside.
    pub(super) fn take_user(&mut self, query: &TierQuery, out: &mut Columns) -> Result<()> {
        match self {
            Self::Run(run) => {
                let before = out.users.len();
                if let Some(cursor) = run.cursors.front_mut() {
                    cursor.take_user(query, out)?;
                }
                out.users.truncate(before);
                run.drop_finished()
            }
            Self::Generation(hot) => {
                if let Some(user) = hot.users.get(hot.next) {
                    hot.generation.history(user, query, out)?;
                    hot.next += 1;
                }
                Ok(())
            }
        }
    }

    /// Bytes of memory that were read for its segments, memory maps aside.
    pub(super) fn loaded_bytes(&self) -> usize {
        match self {
            Self::Run(run) => {
                let cursors = run.cursors.iter();
                cursors.map(|cursor| cursor.segment().loaded_bytes()).sum()
            }
            Self::Generation(_) => 0,
        }
    }

    /// Replaces each segment by one that `reopen` gives for it, so that memory for what was read is
    /// let go.
    pub(super) fn reopen(
        &mut self,
        reopen: &mut dyn FnMut(&Arc<Segment>) -> Result<Arc<Segment>>,
    ) -> Result<()> {
        if let Self::Run(run) = self {
            for cursor in &mut run.cursors {
                let fresh = reopen(cursor.segment())?;
                cursor.replace_segment(fresh);
            }
        }
        Ok(())
    }
}

/// The segments of a run, one behind the other.
pub(super) struct RunSource {
    cursors: VecDeque<Cursor>,
}

impl RunSource {
    fn drop_finished(&mut self) -> Result<()> {
        while let Some(cursor) = self.cursors.front() {
            if cursor.user()?.is_some() {
                break;
            }
            self.cursors.pop_front();
        }
        Ok(())
    }
}

/// The users of a generation at one moment.
pub(super) struct GenerationSource {
    generation: Arc<Generation>,
    users: Vec<Arc<str>>,
    next: usize,
}

impl GenerationSource {
    fn take(
        &mut self,
        rows: usize,
        until: Option<&str>,
        query: &TierQuery,
        out: &mut Columns,
        codes: &mut UserCodes<'_>,
    ) -> Result<()> {
        let full = out.rows().saturating_add(rows);
        while let Some(user) = self.users.get(self.next) {
            if out.rows() >= full || until.is_some_and(|until| &**user >= until) {
                break;
            }
            self.generation.history(user, query, out)?;
            codes.append(user, out)?;
            self.next += 1;
        }
        Ok(())
    }
}

/// Gives users codes of the batch being filled.
pub(super) struct UserCodes<'a> {
    /// The batch's users so far, in order; `None` keeps the source's own codes.
    pub(super) batch: Option<&'a mut crate::types::Dictionary>,
}

impl UserCodes<'_> {
    /// Fills `out.users` up to its rows with the code of `user`.
    pub(super) fn append(&mut self, user: &str, out: &mut Columns) -> Result<()> {
        let Some(batch) = &mut self.batch else {
            return Err(Error::invalid("users need codes of their batch"));
        };
        if out.users.len() < out.rows() {
            let code = code_of(batch, user)?;
            out.users.resize(out.rows(), code);
        }
        Ok(())
    }

    /// Turns user codes of a segment, from row `start` on, into those of the batch.
    fn translate(&mut self, ids: &Arc<dyn Strings>, start: usize, out: &mut Columns) -> Result<()> {
        let Some(batch) = &mut self.batch else {
            return Ok(());
        };
        let added = out.users.get_mut(start..).unwrap_or_default();
        for run in added.chunk_by_mut(|a, b| a == b) {
            let Some(user) = run.first() else { continue };
            let code = code_of(batch, ids.get(*user)?)?;
            run.fill(code);
        }
        Ok(())
    }
}

/// The code of a user that is the batch's last one or a new one.
fn code_of(batch: &mut crate::types::Dictionary, user: &str) -> Result<u32> {
    let last = batch.len() as u32;
    if last > 0 && batch.get(last)? == user {
        return Ok(last);
    }
    batch.push(user)
}
