//! The order that the stores which want sorted input are fed in: user, timestamp, arrival.
//!
//! What a user of such a store would write: give each id a number by hashing it, sort the few ids,
//! then one stable counting sort of the rows, since they arrive in time order.

use hashbrown::HashMap;

use crate::data::Rows;

/// The positions of the rows by user id, then arrival.
pub fn order(rows: &Rows) -> Vec<u32> {
    let (numbers, counts) = ranks(rows);
    let mut next = Vec::with_capacity(counts.len());
    let mut start = 0u32;
    for count in counts {
        next.push(start);
        start += count;
    }
    let mut order = vec![0u32; rows.len()];
    for (row, number) in numbers.iter().enumerate() {
        let slot = &mut next[*number as usize];
        order[*slot as usize] = row as u32;
        *slot += 1;
    }
    order
}

/// The rank of each row's user among the sorted ids, and the rows of each rank.
fn ranks(rows: &Rows) -> (Vec<u32>, Vec<u32>) {
    let mut known: HashMap<&str, u32> = HashMap::new();
    let mut ids: Vec<(&str, u32)> = Vec::new();
    let mut numbers = Vec::with_capacity(rows.len());
    for user in &rows.users {
        let id = rows.user_ids.get(*user as usize);
        let fresh = ids.len() as u32;
        let number = *known.entry(id).or_insert_with(|| {
            ids.push((id, fresh));
            fresh
        });
        numbers.push(number);
    }
    ids.sort_unstable();
    let mut rank_of = vec![0u32; ids.len()];
    for (rank, (_, number)) in ids.iter().enumerate() {
        rank_of[*number as usize] = rank as u32;
    }
    let mut counts = vec![0u32; ids.len()];
    for number in &mut numbers {
        *number = rank_of[*number as usize];
        counts[*number as usize] += 1;
    }
    (numbers, counts)
}
