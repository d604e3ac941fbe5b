//! What a store costs after a restart of the machine: opening and first lookups with nothing in the page cache.

use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use rustix::fs::{Advice, fadvise};

use crate::checksum::Checksum;
use crate::data::Rows;
use crate::peer::Store;
use crate::protocol::Reply;
use crate::questions::Questions;
use crate::times::median;

/// Openings, after each of which users are asked for whom none before asked for.
const OPENINGS: usize = 15;
/// Users that are asked for after each.
const USERS: usize = 2;
/// What is measured: the opening, and each of the users.
const STEPS: usize = 1 + USERS;

pub fn cold(store: &Store, folder: &Path, questions: &Questions) -> Result<Reply> {
    let asked = questions.uniform.chunks_exact(USERS);
    let mut asked = asked.take(1 + OPENINGS);
    // The first does not count: the program's own pages come from the disk, too.
    let unmeasured = asked.next().context("too few users")?;
    let mut sum = Checksum::default();
    opening(store, folder, unmeasured, &mut sum)?;
    let mut costs: [Vec<Cost>; STEPS] = Default::default();
    for users in asked {
        let opening = opening(store, folder, users, &mut sum)?;
        costs
            .iter_mut()
            .zip(opening)
            .for_each(|(costs, cost)| costs.push(cost));
    }
    let mut reply = Reply::default();
    for (name, costs) in ["open", "first", "second"].into_iter().zip(costs) {
        let of = |part: fn(&Cost) -> f64| median(&costs.iter().map(part).collect::<Vec<_>>());
        reply.figure(format!("cold_{name}_us"), of(|cost| cost.micros));
        reply.figure(format!("cold_{name}_kib"), of(|cost| cost.kibibytes));
        reply.figure(format!("cold_{name}_faults"), of(|cost| cost.faults));
    }
    reply.answer("cold", sum.text());
    Ok(reply)
}

/// Opens a store that is not in the page cache and asks for users; gives what each step cost.
fn opening(
    store: &Store,
    folder: &Path,
    users: &[String],
    sum: &mut Checksum,
) -> Result<[Cost; STEPS]> {
    drop_from_cache(folder)?;
    let [first_user, second_user] = users else {
        bail!("{} users for an opening", users.len());
    };
    let rows = Rows::default();
    let (peer, opening) = Cost::of(|| (store.open)(folder, &rows))?;
    let (mut reader, first) = Cost::of(|| {
        let mut reader = peer.reader()?;
        reader.history(first_user)?;
        Ok(reader)
    })?;
    reader.check(sum)?;
    let ((), second) = Cost::of(|| reader.history(second_user))?;
    reader.check(sum)?;
    Ok([opening, first, second])
}

/// Writes a store's files out and drops them from the page cache. Nobody may have them mapped.
fn drop_from_cache(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            drop_from_cache(&path)?;
            continue;
        }
        let file = File::open(&path).with_context(|| format!("{}", path.display()))?;
        file.sync_all()?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Cost {
    micros: f64,
    /// What this process read from the disk, what the disk read ahead included.
    kibibytes: f64,
    /// Page faults that waited for the disk.
    faults: f64,
}

impl Cost {
    fn of<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Self)> {
        let [bytes, faults] = reads()?;
        let start = Instant::now();
        let done = work()?;
        let micros = start.elapsed().as_secs_f64() * 1e6;
        let [bytes_after, faults_after] = reads()?;
        let cost = Self {
            micros,
            kibibytes: (bytes_after - bytes) / 1024.0,
            faults: faults_after - faults,
        };
        Ok((done, cost))
    }
}

/// Bytes that this process has read from the disk, and faults that waited for it.
fn reads() -> Result<[f64; 2]> {
    let io = fs::read_to_string("/proc/self/io")?;
    let bytes = io
        .lines()
        .find_map(|line| line.strip_prefix("read_bytes: "))
        .context("no read_bytes in /proc/self/io")?;
    let stat = fs::read_to_string("/proc/self/stat")?;
    // Behind the name in parentheses: state, five ids, flags, minor faults, those of children, major ones.
    let faults = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.split(' ').nth(9))
        .context("no faults in /proc/self/stat")?;
    Ok([bytes.parse()?, faults.parse()?])
}
