//! Columns into (user, timestamp, arrival) order.

use crate::types::{Column, Columns, Error, Result, Strings};

/// Sorts rows by user id, then timestamp; rows equal in both keep their order, which is that of
/// arrival. Cost: a counting sort by user, then only the users whose timestamps fall somewhere.
pub(super) fn sort(columns: Columns) -> Result<Columns> {
    let ids = columns
        .user_ids
        .clone()
        .ok_or_else(|| Error::invalid("columns without users"))?;
    let ranks = ranks(&*ids)?;
    let (mut order, starts) = count_by_rank(&columns.users, &ranks)?;
    for bounds in starts.windows(2) {
        let &[start, end] = bounds else { continue };
        if let Some(rows) = order.get_mut(start as usize..end as usize) {
            let at = |row: &u32| columns.timestamps.get(*row as usize).copied();
            if !rows.is_sorted_by_key(at) {
                rows.sort_by_key(at);
            }
        }
    }
    permute(columns, &order)
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

/// Moves rows into `order`, one column at a time, so that only one is in memory twice.
fn permute(mut columns: Columns, order: &[u32]) -> Result<Columns> {
    columns.users = picked(&columns.users, order);
    columns.timestamps = picked(&columns.timestamps, order);
    columns.sequences = picked(&columns.sequences, order);
    for column in &mut columns.fields {
        let from = std::mem::take(column);
        *column = match &from {
            Column::Absent => Column::Absent,
            Column::Strings(codes) => Column::Strings(picked(codes, order)),
            Column::Numbers(_) => rebuilt(Column::Numbers(Default::default()), &from, order)?,
            Column::Lists(_) => rebuilt(Column::Lists(Default::default()), &from, order)?,
        };
    }
    Ok(columns)
}

fn rebuilt(mut empty: Column, from: &Column, order: &[u32]) -> Result<Column> {
    empty.append_rows(from, order)?;
    Ok(empty)
}

fn picked<T: Copy>(from: &[T], order: &[u32]) -> Vec<T> {
    let rows = order.iter().map(|row| from.get(*row as usize).copied());
    rows.flatten().collect()
}
