//! Record batches of chosen rows.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder, StringViewBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, ListArray, ListViewArray, RecordBatch,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType as ArrowType, FieldRef};

use super::arrow::{Arrays, ArrowStrings, unfit};
use super::blocks::new_columns;
use super::gather::{Gather, Picked};
use super::layout::{ArrowLists, Source};
use super::plan::Plan;
use super::select::codes_of;
use super::split::SplitPart;
use crate::column::{Column, Columns};
use crate::model::{Error, FieldId, Result};

/// Records of a batch, at most.
pub(super) const MAX_RECORDS: usize = 1 << 13;
/// Items of all lists of a column of a batch, about at most.
pub(super) const MAX_ITEMS: usize = 1 << 17;

/// Where a record goes: the part of the split, and the number of the partition.
pub(super) type PartKey = (Option<SplitPart>, Option<i64>);

/// One chunk of records.
pub(super) struct Chunk<'a> {
    pub(super) columns: &'a Columns,
    pub(super) key: PartKey,
    /// The rows that the records are of; of sequences, one of each user.
    pub(super) rows: &'a [u32],
    pub(super) weights: &'a [f64],
    /// The rows that the lists hold, and where each list ends.
    pub(super) items: &'a [u32],
    pub(super) item_weights: &'a [f64],
    pub(super) ends: &'a [i32],
    /// Of views, where each list begins, and its length; `ends` is empty then.
    pub(super) views: (&'a [i32], &'a [i32]),
    pub(super) extra: Extra,
}

/// Columns that only one layout has.
#[derive(Default)]
pub(super) struct Extra {
    pub(super) negatives: Option<ArrayRef>,
    pub(super) shown: Vec<u32>,
    pub(super) positions: Vec<i32>,
}

impl<'a> Chunk<'a> {
    pub(super) fn new(columns: &'a Columns, key: PartKey) -> Self {
        Self {
            columns,
            key,
            rows: &[],
            weights: &[],
            items: &[],
            item_weights: &[],
            ends: &[],
            views: (&[], &[]),
            extra: Extra::default(),
        }
    }
}

/// Records with lists, of one place.
#[derive(Default)]
pub(super) struct Lists {
    pub(super) rows: Vec<u32>,
    pub(super) weights: Vec<f64>,
    pub(super) items: Vec<u32>,
    pub(super) item_weights: Vec<f64>,
    pub(super) ends: Vec<i32>,
    pub(super) starts: Vec<i32>,
    pub(super) sizes: Vec<i32>,
    pub(super) negatives: NegativeTexts,
    /// Of views, what of a user's rows the end of `items` holds.
    viewed: Option<Viewed>,
}

/// Rows of a user that views share.
#[derive(Clone, Copy)]
struct Viewed {
    /// Where the user's rows begin among all that were taken.
    user: usize,
    /// Which of them are there.
    from: usize,
    upto: usize,
    /// Where the first lies.
    at: usize,
}

impl Lists {
    /// Adds the items at these positions of `rows`, which rise.
    pub(super) fn add(&mut self, rows: &[u32], positions: &[u32]) -> Result<()> {
        let (Some(first), Some(last)) = (positions.first(), positions.last()) else {
            return Ok(());
        };
        let (first, last) = (*first as usize, *last as usize);
        let items = rows.get(first..=last).ok_or_else(no_items)?;
        if items.len() == positions.len() {
            self.items.extend_from_slice(items);
            return Ok(());
        }
        for position in positions {
            let item = rows.get(*position as usize).ok_or_else(no_items)?;
            self.items.push(*item);
        }
        Ok(())
    }

    /// Adds a view of the items of a user in a range of `rows`. Ranges of one user do not go back.
    pub(super) fn view(&mut self, user: usize, rows: &[u32], range: Range<usize>) -> Result<()> {
        let (start, size) = match range.is_empty() {
            true => (0, 0),
            false => {
                let of_user = self.viewed.filter(|viewed| viewed.user == user);
                let mut viewed = of_user.unwrap_or(Viewed {
                    user,
                    from: range.start,
                    upto: range.start,
                    at: self.items.len(),
                });
                if range.start > viewed.upto {
                    // What lies between is in no list.
                    viewed = Viewed {
                        from: range.start,
                        upto: range.start,
                        at: self.items.len(),
                        ..viewed
                    };
                }
                if range.end > viewed.upto {
                    let more = rows.get(viewed.upto..range.end).ok_or_else(no_items)?;
                    self.items.extend_from_slice(more);
                    viewed.upto = range.end;
                }
                self.viewed = Some(viewed);
                let before = range.start.checked_sub(viewed.from);
                (viewed.at + before.ok_or_else(no_items)?, range.len())
            }
        };
        self.starts
            .push(i32::try_from(start).map_err(|_| too_long())?);
        self.sizes
            .push(i32::try_from(size).map_err(|_| too_long())?);
        Ok(())
    }

    /// Adds a list of these items.
    pub(super) fn whole(&mut self, lists: ArrowLists, items: &[u32]) -> Result<()> {
        match lists {
            ArrowLists::Plain => {
                self.items.extend_from_slice(items);
                self.close()
            }
            ArrowLists::View => {
                let user = self.rows.len();
                self.view(user, items, 0..items.len())
            }
        }
    }

    /// Ends the list whose items were added.
    pub(super) fn close(&mut self) -> Result<()> {
        let end = i32::try_from(self.items.len());
        self.ends.push(end.map_err(|_| too_long())?);
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= MAX_RECORDS || self.items.len() >= MAX_ITEMS
    }
}

/// Negatives, list behind list.
#[derive(Default)]
pub(super) struct NegativeTexts {
    pub(super) texts: String,
    pub(super) ends: Vec<usize>,
    pub(super) counts: Vec<usize>,
}

impl NegativeTexts {
    pub(super) fn array(&self, strings: ArrowStrings) -> ArrayRef {
        let mut start = 0;
        let mut texts = self.ends.iter().map(|end| {
            let text = self.texts.get(start..*end).unwrap_or("");
            start = *end;
            text
        });
        if strings == ArrowStrings::View {
            let mut lists =
                ListBuilder::new(StringViewBuilder::new()).with_field(item_of(ArrowType::Utf8View));
            for count in &self.counts {
                for text in texts.by_ref().take(*count) {
                    lists.values().append_value(text);
                }
                lists.append(true);
            }
            return Arc::new(lists.finish());
        }
        let mut lists = ListBuilder::new(StringBuilder::new()).with_field(item_of(ArrowType::Utf8));
        for count in &self.counts {
            for text in texts.by_ref().take(*count) {
                lists.values().append_value(text);
            }
            lists.append(true);
        }
        Arc::new(lists.finish())
    }
}

fn item_of(data_type: ArrowType) -> FieldRef {
    Arc::new(arrow_schema::Field::new("item", data_type, false))
}

/// Items that were shown, of one place.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) rows: Vec<u32>,
    pub(super) weights: Vec<f64>,
    pub(super) codes: Vec<u32>,
    pub(super) positions: Vec<i32>,
}

/// Arrays of a chunk.
struct Arranging<'a> {
    plan: &'a Plan,
    arrays: &'a mut Arrays,
    list_arrays: &'a mut Arrays,
    chunk: &'a Chunk<'a>,
    rows: Picked<'a>,
    items: Option<Picked<'a>>,
}

impl Arranging<'_> {
    fn array(&mut self, source: Source, field: &FieldRef) -> Result<ArrayRef> {
        let chunk = self.chunk;
        let item = self.plan.schema.item();
        Ok(match source {
            Source::Field(id) => self.of_rows(id)?,
            Source::EventItem => self.of_rows(item)?,
            Source::Weight => Arc::new(Float64Array::from(chunk.weights.to_vec())),
            Source::List(id) => {
                let items = self.items.as_ref().ok_or_else(no_items)?;
                let (columns, rows) = (items.columns, items.rows.clone());
                let values = self.list_arrays.of(&self.plan.schema, columns, id, rows)?;
                self.list(field, values.ok_or_else(too_long)?)?
            }
            Source::WeightList => {
                let values = Float64Array::from(chunk.item_weights.to_vec());
                self.list(field, Arc::new(values))?
            }
            Source::Negatives => chunk.extra.negatives.clone().ok_or_else(no_items)?,
            Source::Shown => self.shown(item)?,
            Source::Position => Arc::new(Int32Array::from(chunk.extra.positions.clone())),
            Source::Clicked => {
                let items = codes_of(chunk.columns, item)?;
                let shown = chunk.rows.iter().zip(&chunk.extra.shown);
                let clicked = shown.map(|(row, shown)| items.get(*row as usize) == Some(shown));
                Arc::new(BooleanArray::from(clicked.collect::<Vec<_>>()))
            }
        })
    }

    fn of_rows(&mut self, id: FieldId) -> Result<ArrayRef> {
        let (columns, rows) = (self.rows.columns, self.rows.rows.clone());
        let array = self.arrays.of(&self.plan.schema, columns, id, rows)?;
        array.ok_or_else(too_long)
    }

    /// The items that were shown, as the item field has them.
    fn shown(&mut self, item: FieldId) -> Result<ArrayRef> {
        let mut columns = new_columns(&self.plan.schema, &self.plan.read);
        columns
            .dictionaries
            .clone_from(&self.chunk.columns.dictionaries);
        if let Some(slot) = columns.fields.get_mut(item) {
            *slot = Column::Strings(self.chunk.extra.shown.clone());
        }
        let rows = 0..self.chunk.extra.shown.len();
        let array = self
            .list_arrays
            .of(&self.plan.schema, &columns, item, rows)?;
        array.ok_or_else(too_long)
    }

    fn list(&self, field: &FieldRef, values: ArrayRef) -> Result<ArrayRef> {
        Ok(match field.data_type() {
            ArrowType::List(item) => {
                let offsets = std::iter::once(0).chain(self.chunk.ends.iter().copied());
                let offsets = OffsetBuffer::new(ScalarBuffer::from_iter(offsets));
                let list = ListArray::try_new(item.clone(), offsets, values, None);
                Arc::new(list.map_err(unfit)?)
            }
            ArrowType::ListView(item) => {
                let (starts, sizes) = self.chunk.views;
                let (starts, sizes) = (starts.to_vec().into(), sizes.to_vec().into());
                let list = ListViewArray::try_new(item.clone(), starts, sizes, values, None);
                Arc::new(list.map_err(unfit)?)
            }
            _ => return Err(Error::internal("a list that is no list column")),
        })
    }
}

/// Makes the batches of chunks.
pub(super) struct Batches {
    plan: Arc<Plan>,
    arrays: Arrays,
    list_arrays: Arrays,
    gather: Gather,
    list_gather: Gather,
}

impl Batches {
    pub(super) fn new(plan: &Arc<Plan>) -> Self {
        let gather = || Gather::new(new_columns(&plan.schema, &plan.read));
        Self {
            arrays: Arrays::new(plan.strings),
            list_arrays: Arrays::new(plan.strings),
            gather: gather(),
            list_gather: gather(),
            plan: plan.clone(),
        }
    }

    pub(super) fn of(&mut self, chunk: &Chunk<'_>) -> Result<RecordBatch> {
        let rows = self.gather.pick(chunk.columns, chunk.rows)?;
        let items = match chunk.ends.is_empty() && chunk.views.0.is_empty() {
            true => None,
            false => Some(self.list_gather.pick(chunk.columns, chunk.items)?),
        };
        let mut made = Arranging {
            plan: &self.plan,
            arrays: &mut self.arrays,
            list_arrays: &mut self.list_arrays,
            chunk,
            rows,
            items,
        };
        let out = &self.plan.columns;
        let columns = out.sources.iter().zip(out.schema.fields());
        let arrays: Vec<ArrayRef> = columns
            .map(|(source, field)| made.array(*source, field))
            .collect::<Result<_>>()?;
        RecordBatch::try_new(out.schema.clone(), arrays).map_err(unfit)
    }
}

pub(super) fn no_items() -> Error {
    Error::internal("records without what they are made of")
}

fn too_long() -> Error {
    Error::invalid(
        "the strings or lists of a few records take more than 2 GiB; take less of each user (max_length, history, \
         --max-length, --history)",
    )
}
