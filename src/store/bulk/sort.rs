//! The (user, timestamp, arrival) order of rows.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::codec::Word;
use crate::column::{NarrowRows, Strings, no_such_code, with_pages};
use crate::model::{Error, Result};
use crate::segment::{Ordered, OrderedUsers, RowOrder, RowParts, run_side_by_side};

/// Finds the order of rows by user id, then timestamp; rows equal in both keep their order, which is
/// that of arrival. Cost: the rows are put into parts of neighbouring users, and each part has a
/// counting sort by user, on `threads` threads; then, unless all rows came in the order of time, only
/// the users whose timestamps fall somewhere are sorted.
pub(in crate::store) fn sort(rows: NarrowRows, threads: usize) -> Result<Ordered> {
    let ids = rows
        .user_ids
        .as_ref()
        .ok_or_else(|| Error::internal("columns without users"))?;
    let sorted = sorted_codes(&**ids)?;
    let ranks = Ranks::of(&sorted);
    let (parts, ranks) = with_pages!(&rows.users, pages => {
        let pages: Vec<_> = pages.pages().collect();
        part_ranks(&pages, &ranks, threads)?
    });
    let timestamps = match rows.are_in_time_order() {
        true => Vec::new(),
        false => parts.apply(rows.timestamps.iter()),
    };
    let (places, ends) = place_parts(&ranks, &timestamps, threads)?;
    let users = OrderedUsers {
        codes: sorted,
        ends,
    };
    Ok(Ordered {
        rows,
        order: RowOrder::Sorted {
            parts: Box::new(parts),
            places,
        },
        users,
        sequences: Vec::new(),
    })
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

/// The ranks of users, and the parts that they are in.
struct Ranks {
    /// By code; that of code 0 is not used.
    by_code: Vec<u32>,
    /// How many there are.
    count: usize,
    /// Bits of a rank that do not say its part.
    shift: u32,
}

impl Ranks {
    fn of(sorted: &[u32]) -> Self {
        let mut by_code = vec![0; sorted.len() + 1];
        for (rank, code) in (0..).zip(sorted) {
            if let Some(slot) = by_code.get_mut(*code as usize) {
                *slot = rank;
            }
        }
        let bits = usize::BITS - sorted.len().leading_zeros();
        Self {
            by_code,
            count: sorted.len(),
            shift: bits.saturating_sub(RowParts::MOST_BITS),
        }
    }

    #[inline]
    fn get<T: Word>(&self, user: T) -> Result<u32> {
        let rank = self.by_code.get(user.wide() as usize).copied();
        rank.ok_or_else(|| no_such_code(user.wide() as u32, self.count))
    }

    #[inline]
    fn part_of(&self, rank: u32) -> u8 {
        (rank >> self.shift) as u8
    }
}

/// The ranks of rows in parts.
struct PartedRanks {
    ranks: Vec<AtomicU32>,
    /// How many rows each part has.
    sizes: Vec<usize>,
    /// How many users there are, and in each part but the last.
    users: usize,
    users_of_part: usize,
}

type Counts = [u32; RowParts::SLOTS];

/// Puts the ranks of the rows' users into parts. Each thread takes the rows of some pages; in each part
/// they stand behind those of earlier pages.
fn part_ranks<T: Word + Sync>(
    pages: &[&[T]],
    ranks: &Ranks,
    threads: usize,
) -> Result<(RowParts, PartedRanks)> {
    let rows: usize = pages.iter().map(|page| page.len()).sum();
    if u32::try_from(rows).is_err() {
        return Err(Error::invalid("more than 2^32 rows in one sort"));
    }
    let shares = pages.chunks(pages.len().div_ceil(threads.max(1)).max(1));
    let counted = shares
        .clone()
        .map(|share| (0, || count_parts(share, ranks)));
    let counted = run_side_by_side(threads, counted.collect());
    let counted: Vec<(Vec<u8>, Counts)> = counted.into_iter().collect::<Result<_>>()?;
    let (of_rows, mut next): (Vec<_>, Vec<_>) = counted.into_iter().unzip();
    let sizes = place_shares(&mut next);
    let starts = next.first().copied().unwrap_or([0; RowParts::SLOTS]);
    let out: Vec<AtomicU32> = (0..rows).map(|_| AtomicU32::new(0)).collect();
    let placed = shares.zip(next).map(|(share, next)| {
        let out = &out;
        (0, move || place_ranks(share, ranks, next, out))
    });
    let placed = run_side_by_side(threads, placed.collect());
    placed.into_iter().collect::<Result<()>>()?;
    let parted = PartedRanks {
        ranks: out,
        sizes,
        users: ranks.count,
        users_of_part: 1 << ranks.shift,
    };
    Ok((RowParts::new(of_rows.concat(), starts), parted))
}

/// The part of each row, and how many rows each part has.
fn count_parts<T: Word>(pages: &[&[T]], ranks: &Ranks) -> Result<(Vec<u8>, Counts)> {
    let mut of_rows = Vec::with_capacity(pages.iter().map(|page| page.len()).sum());
    let mut counts = [0; RowParts::SLOTS];
    for page in pages {
        for user in *page {
            let part = ranks.part_of(ranks.get(*user)?);
            counts[usize::from(part)] += 1;
            of_rows.push(part);
        }
    }
    Ok((of_rows, counts))
}

/// Turns the counts of each share into where its first row of each part goes, and gives the sizes of
/// the parts.
fn place_shares(counts: &mut [Counts]) -> Vec<usize> {
    let mut sum = 0;
    let sizes = (0..RowParts::MOST).map(|part| {
        let before = sum;
        for counts in &mut *counts {
            if let Some(slot) = counts.get_mut(part) {
                sum += std::mem::replace(slot, sum);
            }
        }
        (sum - before) as usize
    });
    sizes.collect()
}

/// Puts the ranks of a share into their parts. The places are the share's own; that they are atomic
/// costs nothing.
fn place_ranks<T: Word>(
    pages: &[&[T]],
    ranks: &Ranks,
    mut next: Counts,
    out: &[AtomicU32],
) -> Result<()> {
    for page in pages {
        for user in *page {
            let rank = ranks.get(*user)?;
            let at = &mut next[usize::from(ranks.part_of(rank))];
            let slot = out.get(*at as usize).ok_or_else(outside)?;
            slot.store(rank, Ordering::Relaxed);
            *at += 1;
        }
    }
    Ok(())
}

/// Which of the rows in parts comes at each place, and where the rows of each rank end. `timestamps` are
/// those of the rows in parts, or none where they need no look.
fn place_parts(
    parted: &PartedRanks,
    timestamps: &[i64],
    threads: usize,
) -> Result<(Vec<u32>, Vec<u32>)> {
    let mut places = vec![0; parted.ranks.len()];
    let mut ends = vec![0; parted.users];
    let (mut ranks, mut rest) = (&parted.ranks[..], &mut places[..]);
    let mut jobs = Vec::new();
    let (mut row, mut first_rank) = (0, 0);
    for (size, ends) in parted
        .sizes
        .iter()
        .zip(ends.chunks_mut(parted.users_of_part))
    {
        let (own_ranks, later_ranks) = ranks.split_at_checked(*size).ok_or_else(outside)?;
        let (own_places, later_places) = rest.split_at_mut_checked(*size).ok_or_else(outside)?;
        (ranks, rest) = (later_ranks, later_places);
        let part = SortPart {
            row,
            first_rank,
            ranks: own_ranks,
            places: own_places,
            ends,
        };
        row += *size as u32;
        first_rank += parted.users_of_part as u32;
        jobs.push((*size, move || part.sort(timestamps)));
    }
    let sorted = run_side_by_side(threads, jobs);
    sorted.into_iter().collect::<Result<()>>()?;
    Ok((places, ends))
}

/// One part on its way into order.
struct SortPart<'a> {
    /// Its first row and its first rank.
    row: u32,
    first_rank: u32,
    ranks: &'a [AtomicU32],
    places: &'a mut [u32],
    /// Where the rows of each of its ranks end.
    ends: &'a mut [u32],
}

impl SortPart<'_> {
    fn sort(self, timestamps: &[i64]) -> Result<()> {
        let index = |rank: &AtomicU32| {
            let rank = rank.load(Ordering::Relaxed);
            rank.wrapping_sub(self.first_rank) as usize
        };
        for rank in self.ranks {
            *self.ends.get_mut(index(rank)).ok_or_else(outside)? += 1;
        }
        let mut sum = self.row;
        for end in &mut *self.ends {
            sum += std::mem::replace(end, sum);
        }
        // Where its first row comes moves on to where its last one ends.
        for (row, rank) in (self.row..).zip(self.ranks) {
            let next = self.ends.get_mut(index(rank)).ok_or_else(outside)?;
            let place = self.places.get_mut((*next - self.row) as usize);
            *place.ok_or_else(outside)? = row;
            *next += 1;
        }
        if timestamps.is_empty() {
            return Ok(());
        }
        let at = |row: &u32| timestamps.get(*row as usize).copied();
        let mut start = self.row;
        for end in self.ends {
            let rows = (start - self.row) as usize..(*end - self.row) as usize;
            let rows = self.places.get_mut(rows).ok_or_else(outside)?;
            if !rows.is_sorted_by_key(at) {
                rows.sort_by_key(at);
            }
            start = *end;
        }
        Ok(())
    }
}

fn outside() -> Error {
    Error::internal("a user outside its part")
}
