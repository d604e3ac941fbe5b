use std::path::{Path, PathBuf};

use annals::copies::Sharing;
use annals::query::ScanOrder;
use annals::{Projection, Retention as Rules, ScanQuery, Store};
use clap::Args;
use tempfile::TempDir;

use crate::args::{ReportFormat, age_in_seconds};
use crate::failure::{Failure, Outcome};
use crate::output::{Align, count, print, print_done, print_json, say, table, thousands};
use crate::unmatched::warn_of_names;

/// Shows how long interactions are kept, or has other rules hold from now on. Those that are not given
/// stay as they are. What is too old is dropped at once, and from then on as the store is open for writing;
/// compactions give the space back.
///
/// Ages count from the timestamp of an interaction to the clock of the machine: 90s, 30m, 12h, 365d, 52w. `none`
/// lifts a rule.
#[derive(Args)]
pub struct Retention {
    /// The folder of the store
    store: PathBuf,
    /// Drop interactions that are older
    #[arg(long, value_name = "AGE", value_parser = rule)]
    max_age: Option<Rule>,
    /// Drop interactions of an event type that are older: view=30d; may be given several times
    #[arg(long, value_name = "TYPE=AGE", value_parser = typed)]
    event_type: Vec<(String, Rule)>,
    /// Drop sessions that never became a user's once their last event is older
    #[arg(long, value_name = "AGE", value_parser = rule)]
    sessions: Option<Rule>,
    /// Of each user keep only the newest N interactions, and those of the same second as the oldest of these
    #[arg(long, value_name = "N", value_parser = newest)]
    newest: Option<Newest>,
    /// Only tell how many interactions the rules would drop, by a checkpoint that is made beside the store and removed
    #[arg(long)]
    dry_run: bool,
    /// Only show the rules
    #[arg(long, conflicts_with_all = ["max_age", "event_type", "sessions", "newest"])]
    show: bool,
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

/// An age in seconds, or none.
#[derive(Clone, Copy)]
struct Rule(Option<u64>);

fn rule(text: &str) -> Result<Rule, String> {
    match text {
        "none" => Ok(Rule(None)),
        _ => age_in_seconds(text).map(|seconds| Rule(Some(seconds))),
    }
}

/// How many of a user's newest, or all.
#[derive(Clone, Copy)]
struct Newest(Option<u32>);

fn newest(text: &str) -> Result<Newest, String> {
    match text {
        "none" => Ok(Newest(None)),
        _ => match text.parse() {
            Ok(count) => Ok(Newest(Some(count))),
            Err(_) => Err("write a number, such as 500, or none".to_owned()),
        },
    }
}

fn typed(text: &str) -> Result<(String, Rule), String> {
    let (event_type, age) = text
        .rsplit_once('=')
        .ok_or("write an event type and its age, such as view=30d")?;
    Ok((event_type.to_owned(), rule(age)?))
}

impl Retention {
    /// A copy to try the rules on.
    fn copy(&self) -> Outcome<TempDir> {
        let parent = self.store.parent();
        let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let folder = tempfile::Builder::new()
            .prefix(".annals-")
            .tempdir_in(parent);
        let folder = folder.map_err(|error| {
            Failure::io(
                format_args!("making a folder in {}", parent.display()),
                &error,
            )
        })?;
        Store::builder().checkpoint(&self.store, folder.path().join("store"), &Sharing::Link)?;
        Ok(folder)
    }

    /// Changes the rules, and tells what they drop.
    fn change(&self, store: &Store, rules: &mut Rules) -> Outcome {
        if let Some(Rule(age)) = self.max_age {
            rules.max_age_seconds = age;
        }
        if let Some(Rule(age)) = self.sessions {
            rules.session_seconds = age;
        }
        if let Some(Newest(count)) = self.newest {
            rules.newest_of_user = count;
        }
        let names: Vec<&String> = self.event_type.iter().map(|(name, _)| name).collect();
        warn_of_names(store, &names);
        for (event_type, Rule(age)) in &self.event_type {
            let of_types = &mut rules.max_age_seconds_of;
            of_types.retain(|other, _| !other.eq_ignore_ascii_case(event_type));
            of_types.extend(age.map(|age| (event_type.clone(), age)));
        }
        let before = rows(store)?;
        store.set_retention(rules)?;
        let dropped = before.saturating_sub(rows(store)?);
        let done = match self.dry_run {
            true => "would be dropped",
            false => "dropped",
        };
        say(format_args!(
            "{} of {} {done}",
            count(dropped, "interaction"),
            thousands(before)
        ));
        Ok(())
    }

    pub fn run(self) -> Outcome {
        let changes = self.max_age.is_some()
            || self.sessions.is_some()
            || self.newest.is_some()
            || !self.event_type.is_empty();
        if self.dry_run && !changes {
            return Err(Failure::usage(
                "--dry-run: say which rules, such as --max-age 365d",
            ));
        }
        let copy = self.dry_run.then(|| self.copy()).transpose()?;
        let path = copy.as_ref().map(|copy| copy.path().join("store"));
        let path = path.as_deref().unwrap_or(&self.store);
        let store = match changes {
            true => Store::open(path)?,
            false => Store::open_read_only(path)?,
        };
        let mut rules = store.retention();
        if changes {
            self.change(&store, &mut rules)?;
        }
        match self.format {
            ReportFormat::Json => print_json(&rules),
            ReportFormat::Table if rules.is_for_ever() => {
                print_done(format_args!("everything is kept for ever"))
            }
            ReportFormat::Table => print(said(&rules)),
        }
    }
}

/// Interactions that reads show.
fn rows(store: &Store) -> Outcome<u64> {
    let mut rows = 0;
    for batch in store.scan(
        &ScanQuery::default()
            .projection(Projection::Names(Vec::new()))
            .order(ScanOrder::Any),
    )? {
        rows += batch?.rows() as u64;
    }
    Ok(rows)
}

fn said(rules: &Rules) -> String {
    let mut rows = Vec::new();
    let mut add = |what: String, seconds: u64| rows.push(vec![what, age(seconds)]);
    if let Some(seconds) = rules.max_age_seconds {
        add("all interactions".to_owned(), seconds);
    }
    for (event_type, seconds) in &rules.max_age_seconds_of {
        add(format!("event type {event_type}"), *seconds);
    }
    if let Some(seconds) = rules.session_seconds {
        add("sessions without a user".to_owned(), seconds);
    }
    if let Some(count) = rules.newest_of_user {
        let kept = format!("the newest {}", thousands(count.into()));
        rows.push(vec!["interactions of a user".to_owned(), kept]);
    }
    table(&[("what", Align::Left), ("kept for", Align::Right)], rows)
}

/// In the largest unit that it is a whole number of.
fn age(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let unit = units.iter().find(|(unit, _)| seconds.is_multiple_of(*unit));
    unit.map_or_else(String::new, |(unit, name)| {
        format!("{}{name}", seconds / unit)
    })
}
