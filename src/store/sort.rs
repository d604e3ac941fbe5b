//! Columns into (user, timestamp, arrival) order.

use crate::segment::run_side_by_side;
use crate::types::{Column, Columns, Error, Result, Strings};

/// Sorts rows by user id, then timestamp; rows equal in both keep their order, which is that of
/// arrival. Cost: a counting sort by user, then, unless all rows came in the order of time, only the
/// users whose timestamps fall somewhere; then columns are moved side by side on `threads` threads.
pub(super) fn sort(columns: Columns, threads: usize) -> Result<Columns> {
    let ids = columns
        .user_ids
        .clone()
        .ok_or_else(|| Error::invalid("columns without users"))?;
    let ranks = ranks(&*ids)?;
    let (mut order, starts) = count_by_rank(&columns.users, &ranks)?;
    if !columns.timestamps.is_sorted() {
        sort_users(&mut order, &starts, &columns.timestamps);
    }
    permute(columns, &order, threads)
}

/// Sorts the rows of each user by time, where they are not.
fn sort_users(order: &mut [u32], starts: &[u32], timestamps: &[i64]) {
    let at = |row: &u32| timestamps.get(*row as usize).copied();
    for bounds in starts.windows(2) {
        let &[start, end] = bounds else { continue };
        let rows = order.get_mut(start as usize..end as usize);
        if let Some(rows) = rows.filter(|rows| !rows.is_sorted_by_key(at)) {
            rows.sort_by_key(at);
        }
    }
}

/// The rank of each user code among the sorted ids; that of code 0 is not used.
fn ranks(ids: &dyn Strings) -> Result<Vec<u32>> {
    let mut sorted: Vec<(&str, u32)> = Vec::with_capacity(ids.len());
    for code in 1..=ids.len() as u32 {
        sorted.push((ids.get(code)?, code));
    }
    sorted.sort_unstable();
    let mut ranks = vec![0; ids.len() + 1];
    for (rank, (_, code)) in (0..).zip(sorted) {
        if let Some(slot) = ranks.get_mut(code as usize) {
            *slot = rank;
        }
    }
    Ok(ranks)
}

/// Rows ordered by their user's rank, stably, and where each rank starts.
fn count_by_rank(users: &[u32], ranks: &[u32]) -> Result<(Vec<u32>, Vec<u32>)> {
    let outside = || Error::corrupt("a user code outside its dictionary");
    let rank_of = |user: &u32| ranks.get(*user as usize).map(|rank| *rank as usize);
    let mut starts = vec![0u32; ranks.len()];
    for user in users {
        let rank = rank_of(user).ok_or_else(outside)?;
        *starts.get_mut(rank + 1).ok_or_else(outside)? += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    let mut next = starts.clone();
    let mut order = vec![0u32; users.len()];
    for (row, user) in (0..).zip(users) {
        let rank = rank_of(user).ok_or_else(outside)?;
        let slot = next.get_mut(rank).ok_or_else(outside)?;
        *order.get_mut(*slot as usize).ok_or_else(outside)? = row;
        *slot += 1;
    }
    Ok((order, starts))
}

/// One of the columns that are moved.
enum Part {
    Users(Vec<u32>),
    Timestamps(Vec<i64>),
    Sequences(Vec<u64>),
    Field(usize, Column),
}

impl Part {
    fn data_bytes(&self) -> usize {
        match self {
            Self::Users(codes) => size_of_val(&codes[..]),
            Self::Timestamps(timestamps) => size_of_val(&timestamps[..]),
            Self::Sequences(sequences) => size_of_val(&sequences[..]),
            Self::Field(_, column) => column.data_bytes(),
        }
    }

    /// The same values in `order`.
    fn moved(self, order: &[u32]) -> Result<Self> {
        Ok(match self {
            Self::Users(codes) => Self::Users(picked(&codes, order)),
            Self::Timestamps(timestamps) => Self::Timestamps(picked(&timestamps, order)),
            Self::Sequences(sequences) => Self::Sequences(picked(&sequences, order)),
            Self::Field(id, column) => {
                let mut moved = column.empty();
                moved.append_rows(&column, order)?;
                Self::Field(id, moved)
            }
        })
    }
}

/// Moves rows into `order`, column by column, so that only as many as there are threads are in
/// memory twice.
fn permute(mut columns: Columns, order: &[u32], threads: usize) -> Result<Columns> {
    let fields = columns.fields.iter_mut().map(std::mem::take).enumerate();
    let mut parts: Vec<Part> = fields.map(|(id, column)| Part::Field(id, column)).collect();
    parts.push(Part::Users(std::mem::take(&mut columns.users)));
    parts.push(Part::Timestamps(std::mem::take(&mut columns.timestamps)));
    parts.push(Part::Sequences(std::mem::take(&mut columns.sequences)));
    let jobs = parts
        .into_iter()
        .map(|part| (part.data_bytes(), || part.moved(order)));
    for part in run_side_by_side(threads, jobs.collect()) {
        match part? {
            Part::Users(users) => columns.users = users,
            Part::Timestamps(timestamps) => columns.timestamps = timestamps,
            Part::Sequences(sequences) => columns.sequences = sequences,
            Part::Field(id, column) => {
                if let Some(slot) = columns.fields.get_mut(id) {
                    *slot = column;
                }
            }
        }
    }
    Ok(columns)
}

fn picked<T: Copy + Default>(from: &[T], order: &[u32]) -> Vec<T> {
    if from.is_empty() {
        return Vec::new();
    }
    let row = |row: &u32| from.get(*row as usize).copied().unwrap_or_default();
    order.iter().map(row).collect()
}
