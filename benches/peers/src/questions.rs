//! What every store is asked, drawn once and kept in a file.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::data::Rows;

/// Lookups of a pass.
const LOOKUPS: usize = 20_000;
/// Users of one call.
const TOGETHER: usize = 1_000;
const FILTERS: usize = 2_000;
const CANDIDATES: usize = 500;
/// The same for stores that take a millisecond for each.
const FEW_LOOKUPS: usize = 500;
const FEW_FILTERS: usize = 100;
const FEW_TOGETHER: usize = 100;

#[derive(Serialize, Deserialize)]
pub struct Questions {
    /// Users of lookups, each as often as it acts.
    pub activity: Vec<String>,
    /// Users of lookups, each as often as any other.
    pub uniform: Vec<String>,
    pub filters: Vec<Filter>,
    pub few_lookups: usize,
    pub few_filters: usize,
    /// Users that are asked for in one call.
    pub together: usize,
    pub few_together: usize,
    /// The user at which half of the rows lie.
    pub border: String,
    /// A tenth of the time.
    pub window: (i64, i64),
    pub rows: usize,
}

/// Candidates for a user: one half as often as they are met, the other all alike.
#[derive(Serialize, Deserialize)]
pub struct Filter {
    pub user: String,
    pub candidates: Vec<String>,
}

impl Questions {
    pub fn draw(rows: &Rows, seed: u64) -> Result<Self> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut by_user = vec![0usize; rows.user_ids.len()];
        rows.users
            .iter()
            .for_each(|user| by_user[*user as usize] += 1);
        let seen: Vec<usize> = (0..by_user.len())
            .filter(|user| by_user[*user] > 0)
            .collect();
        let id = |user: usize| rows.user_ids.get(user).to_owned();
        let mut active = || id(rows.users[rng.random_range(0..rows.len())] as usize);
        let activity = (0..LOOKUPS).map(|_| active()).collect();
        let filtered: Vec<String> = (0..FILTERS).map(|_| active()).collect();
        let uniform = (0..LOOKUPS).map(|_| id(seen[rng.random_range(0..seen.len())]));
        let uniform = uniform.collect();
        let filters = filtered
            .into_iter()
            .map(|user| Filter {
                user,
                candidates: candidates(rows, &mut rng),
            })
            .collect();
        let year = annals_generate::END - annals_generate::START;
        let since = annals_generate::START + year * 45 / 100;
        Ok(Self {
            activity,
            uniform,
            filters,
            few_lookups: FEW_LOOKUPS,
            few_filters: FEW_FILTERS,
            together: TOGETHER,
            few_together: FEW_TOGETHER,
            border: id(border(rows, &by_user).context("no rows")?),
            window: (since, since + year / 10),
            rows: rows.len(),
        })
    }

    pub fn save(&self, path: &Path) -> Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        serde_json::to_writer(&mut out, self)?;
        Ok(out.flush()?)
    }

    pub fn read(path: &Path) -> Result<Self> {
        Ok(serde_json::from_reader(BufReader::new(File::open(path)?))?)
    }
}

fn candidates(rows: &Rows, rng: &mut impl Rng) -> Vec<String> {
    let mut items: Vec<u32> = Vec::with_capacity(CANDIDATES);
    while items.len() < CANDIDATES.min(rows.item_ids.len()) {
        let item = match items.len() % 2 {
            0 => rows.items[rng.random_range(0..rows.len())],
            _ => rng.random_range(0..rows.item_ids.len() as u32),
        };
        if !items.contains(&item) {
            items.push(item);
        }
    }
    let ids = items
        .into_iter()
        .map(|item| rows.item_ids.get(item as usize).to_owned());
    ids.collect()
}

/// The user at which half of the rows lie, in the order of ids.
fn border(rows: &Rows, by_user: &[usize]) -> Option<usize> {
    let mut users: Vec<usize> = (0..by_user.len()).collect();
    users.sort_unstable_by_key(|user| rows.user_ids.get(*user));
    let mut before = 0;
    users.into_iter().find(|user| {
        before += by_user[*user];
        before > rows.len() / 2
    })
}
