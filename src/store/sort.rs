//! The (user, timestamp, arrival) order of rows.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::codec::Word;
use crate::segment::{Ordered, OrderedUsers, run_side_by_side};
use crate::types::{Error, NarrowRows, Result, Strings, Timestamps, with_pages};

/// Finds the order of rows by user id, then timestamp; rows equal in both keep their order, which is
/// that of arrival. Cost: a counting sort by user on `threads` threads, then, unless all rows came in
/// the order of time, only the users whose timestamps fall somewhere.
pub(super) fn sort(rows: NarrowRows, threads: usize) -> Result<Ordered> {
    let ids = rows
        .user_ids
        .as_ref()
        .ok_or_else(|| Error::invalid("columns without users"))?;
    let sorted = sorted_codes(&**ids)?;
    let (mut order, ends) = with_pages!(&rows.users, pages => {
        let pages: Vec<_> = pages.pages().collect();
        order_by_rank(&pages, &ranks(&sorted), threads)?
    });
    if !rows.are_in_time_order() {
        sort_users(&mut order, &ends, &rows.timestamps);
    }
    let users = OrderedUsers {
        codes: sorted,
        ends,
    };
    Ok(Ordered { rows, order, users })
}

/// Sorts the rows of each user by time, where they are not.
fn sort_users(order: &mut [u32], ends: &[u32], timestamps: &Timestamps) {
    let at = |row: &u32| timestamps.get(*row as usize);
    let mut start = 0;
    for end in ends {
        let rows = order.get_mut(start..*end as usize);
        if let Some(rows) = rows.filter(|rows| !rows.is_sorted_by_key(at)) {
            rows.sort_by_key(at);
        }
        start = *end as usize;
    }
}

/// The codes of ids in the order of the ids.
fn sorted_codes(ids: &dyn Strings) -> Result<Vec<u32>> {
    let mut sorted: Vec<(u64, &str, u32)> = Vec::with_capacity(ids.len());
    for code in 1..=ids.len() as u32 {
        let id = ids.get(code)?;
        sorted.push((prefix_of(id), id, code));
    }
    sorted.sort_unstable();
    Ok(sorted.into_iter().map(|(_, _, code)| code).collect())
}

/// The first bytes as a number that sorts as they do; most ids are told apart by them alone.
fn prefix_of(id: &str) -> u64 {
    let mut first = [0; 8];
    for (slot, byte) in first.iter_mut().zip(id.bytes()) {
        *slot = byte;
    }
    u64::from_be_bytes(first)
}

/// The rank of each code among `sorted`; that of code 0 is not used.
fn ranks(sorted: &[u32]) -> Vec<u32> {
    let mut ranks = vec![0; sorted.len() + 1];
    for (rank, code) in (0..).zip(sorted) {
        if let Some(slot) = ranks.get_mut(*code as usize) {
            *slot = rank;
        }
    }
    ranks
}

/// Rows ordered by their user's rank, stably, and where the rows of each rank end. Each thread counts
/// and places the rows of some pages, whose rows stand behind those of earlier pages.
fn order_by_rank<T: Word + Sync>(
    pages: &[&[T]],
    ranks: &[u32],
    threads: usize,
) -> Result<(Vec<u32>, Vec<u32>)> {
    let rows: usize = pages.iter().map(|page| page.len()).sum();
    if u32::try_from(rows).is_err() {
        return Err(Error::invalid("more than 2^32 rows in one sort"));
    }
    let shares = pages.chunks(pages.len().div_ceil(threads.max(1)).max(1));
    let counts = shares.clone().map(|share| {
        let count = move || count_ranks(share, ranks);
        (0, count)
    });
    let counts = run_side_by_side(threads, counts.collect());
    let mut next: Vec<Vec<u32>> = counts.into_iter().collect::<Result<_>>()?;
    let ends = place_shares(&mut next, ranks.len().saturating_sub(1));
    let order: Vec<AtomicU32> = (0..rows).map(|_| AtomicU32::new(0)).collect();
    let mut first = 0;
    let placed = shares.zip(next).map(|(share, next)| {
        let (from, order) = (first, &order);
        first += share.iter().map(|page| page.len() as u32).sum::<u32>();
        (0, move || place(share, ranks, next, from, order))
    });
    let placed = run_side_by_side(threads, placed.collect());
    placed.into_iter().collect::<Result<()>>()?;
    Ok((order.into_iter().map(AtomicU32::into_inner).collect(), ends))
}

fn outside() -> Error {
    Error::corrupt("a user code outside its dictionary")
}

fn rank_of<T: Word>(user: T, ranks: &[u32]) -> Option<usize> {
    ranks.get(user.wide() as usize).map(|rank| *rank as usize)
}

/// How many rows each rank has.
fn count_ranks<T: Word>(pages: &[&[T]], ranks: &[u32]) -> Result<Vec<u32>> {
    let mut counts = vec![0; ranks.len()];
    for user in pages.iter().copied().flatten() {
        let count = rank_of(*user, ranks).and_then(|rank| counts.get_mut(rank));
        *count.ok_or_else(outside)? += 1;
    }
    Ok(counts)
}

/// Turns the counts of each share into where its first row of each rank goes, and gives where the
/// ranks end.
fn place_shares(counts: &mut [Vec<u32>], ranks: usize) -> Vec<u32> {
    let mut sum = 0;
    let ends = (0..ranks).map(|rank| {
        for counts in &mut *counts {
            if let Some(slot) = counts.get_mut(rank) {
                sum += std::mem::replace(slot, sum);
            }
        }
        sum
    });
    ends.collect()
}

/// Puts the rows of a share, which begin with `row`, into their places. These are the share's own; that
/// they are atomic costs nothing.
fn place<T: Word>(
    pages: &[&[T]],
    ranks: &[u32],
    mut next: Vec<u32>,
    row: u32,
    order: &[AtomicU32],
) -> Result<()> {
    for (row, user) in (row..).zip(pages.iter().copied().flatten()) {
        let slot = rank_of(*user, ranks).and_then(|rank| next.get_mut(rank));
        let slot = slot.ok_or_else(outside)?;
        let place = order.get(*slot as usize).ok_or_else(outside)?;
        place.store(row, Ordering::Relaxed);
        *slot += 1;
    }
    Ok(())
}
