//! What a store costs right after a restart: opening, first lookups and a scan, with nothing in the page cache.
//!
//! ```sh
//! annals generate --rows 10000000 --schema-out schema.json --output rows.csv
//! annals init store --schema schema.json && annals import store rows.csv
//! cargo bench --bench cold -- store
//! ```
//!
//! Without a store, as `make bench` runs it, it does nothing. In each round `dd` drops the store's files from the page cache, which
//! needs no privileges; the store is opened, and users are asked for, one after the other, whom no round before
//! asked for. It prints medians of the rounds: time, bytes read from the disk (`/proc/self/io`), and page faults that
//! waited for it (`/proc/self/stat`). Scans and warm lookups of the same store stand below.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use annals::columns::FieldId;
use annals::query::{TextBuffer, UserRange};
use annals::{History, HistoryQuery, Projection, ScanQuery, Store};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Openings with an empty page cache.
const ROUNDS: usize = 25;

/// Users that are asked for after each.
const USERS: usize = 20;

/// Users that are asked for in one call.
const MANY: usize = 200;

/// Openings for them.
const MANY_ROUNDS: usize = 7;

/// Scans, cold and warm.
const SCANS: usize = 9;

/// Histories of a warm store.
const WARM: usize = 200_000;

fn main() -> Result<()> {
    for folder in std::env::args().skip(1).filter(|arg| arg != "--bench") {
        let folder = Path::new(&folder);
        let users = users_of(folder)?;
        println!("{}: {} users", folder.display(), users.len());
        lookups(folder, &users)?;
        many(folder, &users)?;
        scans(folder)?;
        warm(folder, &users)?;
    }
    Ok(())
}

/// All users, in an order that has nothing to do with where they lie.
fn users_of(folder: &Path) -> Result<Vec<String>> {
    let snapshot = Store::open_read_only(folder)?.snapshot();
    let users = snapshot.users(UserRange::default())?;
    let mut users = users.collect::<annals::Result<Vec<String>>>()?;
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for at in (1..users.len()).rev() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        users.swap(at, (random % (at as u64 + 1)) as usize);
    }
    Ok(users)
}

fn lookups(folder: &Path, users: &[String]) -> Result<()> {
    let mut asked = users.chunks_exact(USERS);
    let (mut openings, mut firsts, mut seconds, mut others) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        drop_from_cache(folder)?;
        let (store, cost) = measured(|| Ok(Store::open_read_only(folder)?))?;
        openings.push(cost);
        let mut asker = Asker::new(&store)?;
        let users = asked.next().ok_or("too few users")?;
        for (place, user) in users.iter().enumerate() {
            let cost = measured(|| asker.ask(user))?.1;
            match place {
                0 => firsts.push(cost),
                1 => seconds.push(cost),
                _ => others.push(cost),
            }
        }
    }
    print("opening", openings);
    print("newest 100 as strings, the first user", firsts);
    print("  the second user", seconds);
    print("  each of the next 18", others);
    Ok(())
}

/// Users one by one, and in one call, after an opening each.
fn many(folder: &Path, users: &[String]) -> Result<()> {
    let mut asked = users.rchunks_exact(MANY);
    let (mut singles, mut together) = (vec![], vec![]);
    for _ in 0..MANY_ROUNDS {
        for (costs, in_one_call) in [(&mut singles, false), (&mut together, true)] {
            drop_from_cache(folder)?;
            let store = Store::open_read_only(folder)?;
            let mut asker = Asker::new(&store)?;
            let users = asked.next().ok_or("too few users")?;
            let ask = || match in_one_call {
                true => asker.ask_in_one_call(users),
                false => users.iter().try_for_each(|user| asker.ask(user)),
            };
            costs.push(measured(ask)?.1);
        }
    }
    print(
        &format!("newest 100 as strings, {MANY} users one by one"),
        singles,
    );
    print(&format!("  {MANY} users in one call"), together);
    Ok(())
}

fn scans(folder: &Path) -> Result<()> {
    for (name, projection) in [
        ("all columns", Projection::All),
        (
            "user, item, time",
            Projection::names(["USER_ID", "ITEM_ID", "TIMESTAMP"]),
        ),
    ] {
        let query = ScanQuery::default().projection(projection);
        let (mut cold, mut warm) = (vec![], vec![]);
        for _ in 0..SCANS {
            drop_from_cache(folder)?;
            let store = Store::open_read_only(folder)?;
            cold.push(measured(|| scan(&store, &query))?.1);
            warm.push(measured(|| scan(&store, &query))?.1);
        }
        print(&format!("scan of {name}, codes, cold"), cold);
        print(&format!("scan of {name}, codes, warm"), warm);
    }
    Ok(())
}

fn scan(store: &Store, query: &ScanQuery) -> Result<usize> {
    let mut scan = store.scan(query)?;
    let (mut batch, mut rows) = (scan.new_batch(), 0);
    while scan.read(&mut batch)? {
        rows += black_box(&batch).rows();
    }
    Ok(rows)
}

fn warm(folder: &Path, users: &[String]) -> Result<()> {
    let store = Store::open_read_only(folder)?;
    let mut asker = Asker::new(&store)?;
    let mut times = vec![];
    for user in users.iter().cycle().take(2 * WARM) {
        let begin = Instant::now();
        asker.ask(user)?;
        times.push(begin.elapsed().as_nanos() as u64);
    }
    let mut times = times.split_off(WARM);
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or(0);
    println!(
        "  newest 100 as strings, warm: p50 {} ns, p99 {} ns",
        at(50),
        at(99)
    );
    Ok(())
}

struct Asker<'a> {
    store: &'a Store,
    query: HistoryQuery,
    fields: [FieldId; 2],
    history: History,
    text: TextBuffer,
}

impl<'a> Asker<'a> {
    fn new(store: &'a Store) -> Result<Self> {
        let schema = store.schema();
        Ok(Self {
            store,
            query: HistoryQuery::default()
                .limit(100)
                .projection(Projection::names(["ITEM_ID", "EVENT_TYPE"]))
                .copies_text(true),
            fields: [schema.require("EVENT_TYPE")?, schema.require("ITEM_ID")?],
            history: History::new(),
            text: TextBuffer::new(),
        })
    }

    fn ask(&mut self, user: &str) -> Result<()> {
        self.store.history(user, &self.query, &mut self.history)?;
        copy(&self.history, self.fields, &mut self.text)
    }

    fn ask_in_one_call(&mut self, users: &[String]) -> Result<()> {
        let (fields, text) = (self.fields, &mut self.text);
        let snapshot = self.store.snapshot();
        snapshot.histories(users, &self.query, &mut self.history, |_, history| {
            copy(history, fields, text)
        })
    }
}

fn copy(history: &History, fields: [FieldId; 2], text: &mut TextBuffer) -> Result<()> {
    for field in fields {
        history.copy_text(field, text)?;
        black_box(text.len());
    }
    Ok(())
}

/// Writes a store's files out and drops them from the page cache. Nobody may have them mapped.
fn drop_from_cache(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let (path, kind) = entry.map(|entry| (entry.path(), entry.file_type()))?;
        match kind? {
            kind if kind.is_dir() => drop_from_cache(&path)?,
            kind if kind.is_file() => {
                let mut file = std::ffi::OsString::from("if=");
                file.push(&path);
                let dropped = Command::new("dd")
                    .arg(file)
                    .args(["iflag=nocache", "count=0", "status=none"])
                    .status()?;
                if !dropped.success() {
                    return Err(
                        format!("dd does not drop {} from the cache", path.display()).into(),
                    );
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Nanoseconds, bytes read from the disk, faults that waited for it.
type Cost = [u64; 3];

fn measured<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Cost)> {
    let [bytes, faults] = reads()?;
    let begin = Instant::now();
    let done = work()?;
    let time = begin.elapsed().as_nanos() as u64;
    let [bytes_after, faults_after] = reads()?;
    Ok((done, [time, bytes_after - bytes, faults_after - faults]))
}

/// Bytes that this process has read from the disk, and faults that waited for it.
fn reads() -> Result<[u64; 2]> {
    let io = fs::read_to_string("/proc/self/io")?;
    let bytes = io
        .lines()
        .find_map(|line| line.strip_prefix("read_bytes: "));
    let stat = fs::read_to_string("/proc/self/stat")?;
    // Behind the name in parentheses: state, five ids, flags, minor faults, those of children, major ones.
    let faults = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.split(' ').nth(9));
    Ok([
        bytes.ok_or("no read_bytes in /proc/self/io")?.parse()?,
        faults.ok_or("no faults in /proc/self/stat")?.parse()?,
    ])
}

fn print(name: &str, costs: Vec<Cost>) {
    let median = |part: usize| {
        let mut values: Vec<u64> = costs
            .iter()
            .filter_map(|cost| cost.get(part).copied())
            .collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or(0)
    };
    let [time, bytes, faults] = [0, 1, 2].map(median);
    println!(
        "  {name}: {} us, {} KiB, {faults} faults",
        time / 1000,
        bytes / 1024
    );
}
