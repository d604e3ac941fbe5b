use std::path::{Path, PathBuf};

use annals::columns::Column;
use annals::query::ScanOrder;
use annals::shards::ShardSet;
use annals::{
    Deletion, Durability, History, HistoryQuery, Projection, ScanQuery, Snapshot, Store, TimeRange,
};
use clap::Args;

use crate::args::Window;
use crate::failure::{Failure, Outcome};
use crate::input;
use crate::output::{count, print_done, warn};
use crate::store::is_set;
use crate::unmatched::{has_user, warn_of_item, warn_of_time, warn_of_user};

/// Users whose interactions one commit deletes.
const USERS_AT_ONCE: usize = 10_000;
/// Users without interactions that are named, each with those that are near.
const NAMED: usize = 10;
/// What the column of a file of users is called, as in the service's deletion jobs.
const USER_ID: &str = "USER_ID";

/// Hides interactions from all reads from now on: those of users, all or a part of them, or those of
/// everybody with an item. What is written later stays. The bytes lie in the files until they are
/// rewritten; `annals compact` does that at once.
///
/// An item that is deleted for everybody is taken out of the impressions of other interactions and of
/// recommendations, too. A user or item that is not there is no error.
#[derive(Args)]
pub struct Delete {
    /// The folder of the store, or of a set of shards
    store: PathBuf,
    /// The user whose interactions are deleted; may be given several times
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    user: Vec<String>,
    /// A CSV file with the column USER_ID, a user a line, as the service's deletion jobs take; `-` for
    /// standard input
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Only interactions with this item; without users, those of everybody
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    item: Option<String>,
    #[command(flatten)]
    window: Window,
    /// Only count what would be deleted
    #[arg(long)]
    dry_run: bool,
}

impl Delete {
    pub fn run(self) -> Outcome {
        let mut users = self.user.clone();
        if let Some(file) = &self.users {
            users.extend(read_users(file)?);
        }
        if users.is_empty() && self.users.is_none() && self.item.is_none() {
            return Err(Failure::usage(
                "name whose interactions are deleted: --user ID, --users FILE or --item ID",
            ));
        }
        let is_of_users = self.users.is_some() || !users.is_empty();
        let (mut rows, mut commits) = (0, Vec::new());
        for (store, users) in self.stores(&users, is_of_users)? {
            rows += self.delete_in(&store, &users, is_of_users, &mut commits)?;
        }
        let rows = count(rows, "interaction");
        match commits.as_slice() {
            _ if self.dry_run => print_done(format_args!("{rows} would be deleted")),
            [] => print_done(format_args!("nobody to delete")),
            [sequence] => print_done(format_args!("{rows} deleted, commit {sequence}")),
            shards => print_done(format_args!(
                "{rows} deleted in {}",
                count(shards.len() as u64, "shard")
            )),
        }
    }

    /// The stores that may have something of it, each with its users.
    fn stores(&self, users: &[String], is_of_users: bool) -> Outcome<Vec<(Store, Vec<String>)>> {
        if !is_set(&self.store) {
            let store = match self.dry_run {
                true => Store::open_read_only(&self.store)?,
                false => Store::open(&self.store)?,
            };
            return Ok(vec![(store, users.to_vec())]);
        }
        let set = match self.dry_run {
            true => ShardSet::open_read_only(&self.store)?,
            false => ShardSet::open(&self.store)?,
        };
        let mut stores: Vec<(Store, Vec<String>)> = set
            .stores()?
            .into_iter()
            .map(|store| (store.clone(), Vec::new()))
            .collect();
        for user in users {
            if let Some((_, own)) = stores.get_mut(set.shard_of(user)) {
                own.push(user.clone());
            }
        }
        stores.retain(|(_, own)| !is_of_users || !own.is_empty());
        Ok(stores)
    }

    /// Deletes what one store has of it, and counts that.
    fn delete_in(
        &self,
        store: &Store,
        users: &[String],
        is_of_users: bool,
        commits: &mut Vec<u64>,
    ) -> Outcome<u64> {
        let deletions: Vec<Deletion> = match (&self.item, is_of_users) {
            (Some(item), false) => vec![self.bounded(Deletion::item(item))],
            (item, _) => {
                let of = |users: &[String]| {
                    let deletion = self.bounded(Deletion::users(users));
                    item.iter().fold(deletion, |all, item| all.with_item(item))
                };
                users.chunks(USERS_AT_ONCE).map(of).collect()
            }
        };
        let snapshot = store.snapshot();
        let rows = match is_of_users {
            true => self.rows_of(&snapshot, users)?,
            false => rows_with(&snapshot, self.item.as_deref().unwrap_or_default())?,
        };
        warn_of_time(store, &self.window);
        self.warn_of_unknown(store, users)?;
        if self.dry_run {
            return Ok(rows);
        }
        let mut last = None;
        for deletion in &deletions {
            last = Some(store.delete(deletion, Durability::Buffered)?.sequence);
        }
        // The deletions share a sync.
        store.write(annals::WriteBatch::new(), Durability::Synced)?;
        commits.extend(last);
        Ok(rows)
    }

    /// Warns of users and an item that the store has nothing of.
    fn warn_of_unknown(&self, store: &Store, users: &[String]) -> Outcome {
        let mut unknown = 0;
        for user in users {
            if !has_user(store, user)? {
                unknown += 1;
                if unknown <= NAMED {
                    warn_of_user(store, user)?;
                }
            }
        }
        if unknown > NAMED {
            let others = count((unknown - NAMED) as u64, "user");
            warn([format_args!("{others} more without any interactions")]);
        }
        self.item
            .iter()
            .try_for_each(|item| warn_of_item(store, item))
    }

    fn bounded(&self, mut deletion: Deletion) -> Deletion {
        let TimeRange { since, until, .. } = self.window.range();
        if since != i64::MIN {
            deletion = deletion.since(since);
        }
        until.into_iter().fold(deletion, Deletion::until)
    }

    /// Counts interactions of users.
    fn rows_of(&self, snapshot: &Snapshot, users: &[String]) -> Outcome<u64> {
        let query = HistoryQuery::default()
            .time(self.window.range())
            .projection(Projection::names(self.item.iter().map(|_| "ITEM_ID")));
        let mut distinct: Vec<&String> = users.iter().collect();
        distinct.sort();
        distinct.dedup();
        let (mut history, mut rows) = (History::new(), 0);
        for user in distinct {
            snapshot.history(user, &query, &mut history)?;
            rows += match &self.item {
                None => history.len() as u64,
                Some(item) => {
                    let mut same = 0;
                    for event in history.iter() {
                        same += u64::from(event.item()? == item);
                    }
                    same
                }
            };
        }
        Ok(rows)
    }
}

/// Counts everybody's interactions with an item.
fn rows_with(snapshot: &Snapshot, item: &str) -> Outcome<u64> {
    let query = ScanQuery::default()
        .projection(Projection::names(["ITEM_ID"]))
        .order(ScanOrder::Any);
    let field = snapshot.schema().item();
    let mut rows = 0;
    for batch in snapshot.scan(&query)? {
        let batch = batch?;
        let strings = batch.dictionaries.get(field).and_then(Option::as_ref);
        if let (Some(strings), Some(Column::Strings(codes))) = (strings, batch.fields.get(field)) {
            for code in codes {
                rows += u64::from(strings.get(*code)? == item);
            }
        }
    }
    Ok(rows)
}

/// The users of a CSV file of one column.
fn read_users(path: &Path) -> Outcome<Vec<String>> {
    let name = input::name(path);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(input::open(path)?);
    let within = |line: u64, what: &str| Failure::invalid(format!("{name}: line {line}: {what}"));
    let failed = |error: csv::Error| Failure::invalid(format!("{name}: {error}"));
    let header = reader.headers().map_err(failed)?;
    let names: Vec<&str> = header
        .iter()
        .map(|name| name.trim_start_matches('\u{FEFF}'))
        .collect();
    if names != [USER_ID] {
        let found = names.join(",");
        return Err(within(
            1,
            &format!("the header is {found:?}; a file of users has the one column {USER_ID}"),
        ));
    }
    let mut users = Vec::new();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        let line = record.position().map_or(0, csv::Position::line);
        match (record.get(0), record.len()) {
            (Some(user), 1) if !user.is_empty() => users.push(user.to_owned()),
            (Some(_), 1) => return Err(within(line, "an empty user id; take the line out")),
            _ => {
                let what = format!("{} values, and the header has one column", record.len());
                return Err(within(line, &what));
            }
        }
    }
    Ok(users)
}
