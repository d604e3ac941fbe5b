//! The whole store as columnar batches.

use std::collections::VecDeque;
use std::mem::discriminant;
use std::sync::Arc;

use crate::column::{Column, Columns, Dictionary, Strings};
use crate::model::{
    Error, FieldHint, Result, ScanOrder, ScanQuery, Schema, TierQuery, check_asked_user,
};
use crate::segment::Origin;
use crate::store::engine::{Run, Snapshot};
use crate::store::joins::LateJoin;
use crate::store::merge::{Merge, Owners, Source, UserCodes};

/// Batches of rows of a [`Snapshot`], in the query's order.
///
/// String columns are codes into dictionaries that the batch carries. The dictionaries of one
/// segment are shared by all its batches and never copied. Where several parts are merged
/// ([`ScanOrder::UserTime`] over more than one, or rows that are given to their users and
/// recommendations only now), codes are translated into dictionaries of the scan,
/// which grow from batch to batch; codes that were given out stay what they were.
pub struct Scan {
    snapshot: Snapshot,
    rows: usize,
    asked: Vec<bool>,
    query: TierQuery,
    /// Whether batches say how each row came.
    arrival: bool,
    form: Form,
}

enum Form {
    /// One source after the other, each with its own dictionaries.
    Parts(VecDeque<Source>),
    /// All as one.
    Merged(Box<Merge>),
}

/// Bytes of files whose rows a merging scan reads ahead, about.
const AHEAD_BYTES: usize = 4 << 20;

impl Snapshot {
    /// Reads the whole store, or the part of it that the query asks for.
    ///
    /// # Errors
    /// `InvalidInput` for a field that the schema does not have, a hint with a value of another type than the
    /// field's, batches of no rows, or a bound on users that holds U+0000; `Corruption` when a user directory is damaged.
    pub fn scan(&self, query: &ScanQuery) -> Result<Scan> {
        if query.batch_rows == 0 {
            return Err(Error::invalid(
                "a scan's batch_rows is 0; it must be at least 1",
            ));
        }
        self.version.process.check()?;
        let bounds = [&query.users.from, &query.users.to];
        for bound in bounds.into_iter().flatten() {
            check_asked_user(bound).map_err(|error| error.within("a scan's users"))?;
        }
        let asked = query.projection.resolve(&self.schema)?;
        // Whatever is asked for: what is recorded late fills sources that are null where they lie.
        let filled = !self.version.joins.late.is_empty();
        let mut late = LateJoin::new(&self.version.joins, &self.schema, self.visible, &asked);
        late = late.filter(|late| self.version.may_lack(late));
        let sources = self.sources(query)?;
        let merged = query.order == ScanOrder::UserTime && sources.len() > 1
            || late.is_some()
            || sources.iter().any(Source::scatters);
        let mut read = asked.clone();
        let recommendation = late.as_ref().and_then(LateJoin::recommendation);
        if let Some(flag) = recommendation.and_then(|field| read.get_mut(field)) {
            *flag = true;
        }
        let tier_query = TierQuery {
            limit: usize::MAX,
            newest: true,
            event_types: query.event_types.clone(),
            time: query.time,
            visible: self.visible,
            asked: read,
            sequences: merged || query.arrival,
            copies_text: false,
            hints: FieldHint::resolve_all(&query.hints, &self.schema, filled)?,
        };
        let form = if merged {
            let mut merge =
                Merge::new(sources, tier_query.clone(), &self.schema, late, AHEAD_BYTES)?;
            if query.arrival {
                merge.tell_origins();
            }
            Form::Merged(Box::new(merge))
        } else {
            Form::Parts(sources.into())
        };
        Ok(Scan {
            snapshot: self.clone(),
            rows: query.batch_rows,
            asked,
            query: tier_query,
            arrival: query.arrival,
            form,
        })
    }
}

impl Snapshot {
    /// What has rows of the users that are asked for, oldest data first.
    fn sources(&self, query: &ScanQuery) -> Result<Vec<Source>> {
        self.version.check_users(&query.users)?;
        let owners = match query.session_keys {
            true => Owners::stored(&self.schema, &self.version.joins, self.visible),
            false => Owners::shown(&self.schema, &self.version.joins, self.visible),
        };
        let mut sources = Vec::new();
        let asked = |run: &&Run| query.origins.contain(run.origin == Origin::Recorded);
        for run in self.version.runs.iter().filter(asked) {
            sources.extend(Source::of_run(run, query, &owners)?);
        }
        let generations = self.version.generations.iter();
        for generation in generations.filter(|_| query.origins.contain(true)) {
            sources.push(Source::of_generation(generation, query, &owners));
        }
        let mut asked = Vec::with_capacity(sources.len());
        for source in sources {
            if source.user()?.is_some() {
                asked.push(source);
            }
        }
        Ok(asked)
    }
}

impl Scan {
    /// The schema of the rows.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.snapshot.schema
    }

    /// Which fields the batches have, by position; user and timestamp always come.
    pub fn asked(&self) -> &[bool] {
        &self.asked
    }

    /// The next rows; `None` at the end. A batch has at most `batch_rows` rows, or one user's
    /// where they come from the hot tier.
    ///
    /// # Errors
    /// `Corruption` when bytes it needs are damaged.
    pub fn next_batch(&mut self) -> Result<Option<Columns>> {
        let mut out = self.new_batch();
        Ok(self.read(&mut out)?.then_some(out))
    }

    /// An empty batch, for [`Scan::read`].
    pub fn new_batch(&self) -> Columns {
        Columns::for_schema(&self.snapshot.schema).asked_only(&self.asked)
    }

    /// The same as [`Scan::next_batch`], into a batch whose memory is used again; `false` at the
    /// end. `out` must come from [`Scan::new_batch`] of this scan.
    ///
    /// # Errors
    /// As [`Scan::next_batch`], and `InvalidInput` when `out` has other columns.
    pub fn read(&mut self, out: &mut Columns) -> Result<bool> {
        self.check_batch(out)?;
        out.clear();
        match &mut self.form {
            Form::Merged(merge) => merge.next(self.rows, out)?,
            Form::Parts(sources) => {
                let recorded = next_of_parts(sources, self.rows, &self.query, out)?;
                if self.arrival {
                    out.recorded.resize(out.rows(), recorded);
                }
            }
        }
        Ok(out.rows() > 0)
    }
}

impl Scan {
    fn check_batch(&self, batch: &Columns) -> Result<()> {
        let schema = &self.snapshot.schema;
        let fits = |(field, column): (usize, &Column)| match self.asked.get(field) {
            Some(true) => discriminant(column) == discriminant(&Column::for_field(schema, field)),
            _ => matches!(column, Column::Absent),
        };
        let fields = &batch.fields;
        match fields.len() == self.asked.len() && fields.iter().enumerate().all(fits) {
            true => Ok(()),
            false => Err(Error::invalid(
                "a batch with other columns than the scan; make it by Scan::new_batch",
            )),
        }
    }
}

impl Iterator for Scan {
    type Item = Result<Columns>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

/// Fills `out` with the next rows, all of one source, and tells whether they were recorded one by one.
fn next_of_parts(
    sources: &mut VecDeque<Source>,
    rows: usize,
    query: &TierQuery,
    out: &mut Columns,
) -> Result<bool> {
    while let Some(source) = sources.front_mut() {
        if source.user()?.is_none() {
            sources.pop_front();
            continue;
        }
        for (field, slot) in out.dictionaries.iter_mut().enumerate() {
            *slot = source.dictionary(field);
        }
        let own = source.user_ids();
        let mut batch = Dictionary::default();
        let mut users = UserCodes {
            batch: own.is_none().then_some(&mut batch),
        };
        source.take(rows, query, out, &mut users)?;
        if out.rows() > 0 {
            let batch: Arc<dyn Strings> = Arc::new(batch);
            out.user_ids = Some(own.unwrap_or(batch));
            return Ok(source.is_recorded());
        }
    }
    Ok(false)
}
