use std::path::PathBuf;

use annals::{Retention as Rules, Store};
use clap::Args;

use crate::args::{ReportFormat, age_in_seconds};
use crate::failure::Outcome;
use crate::output::{Align, print, print_done, print_json, table, thousands};

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
    pub fn run(self) -> Outcome {
        let changes = self.max_age.is_some()
            || self.sessions.is_some()
            || self.newest.is_some()
            || !self.event_type.is_empty();
        let store = match changes {
            true => Store::open(&self.store)?,
            false => Store::open_read_only(&self.store)?,
        };
        let mut rules = store.retention();
        if changes {
            if let Some(Rule(age)) = self.max_age {
                rules.max_age_seconds = age;
            }
            if let Some(Rule(age)) = self.sessions {
                rules.session_seconds = age;
            }
            if let Some(Newest(count)) = self.newest {
                rules.newest_of_user = count;
            }
            for (event_type, Rule(age)) in self.event_type {
                let of_types = &mut rules.max_age_seconds_of;
                of_types.retain(|other, _| !other.eq_ignore_ascii_case(&event_type));
                of_types.extend(age.map(|age| (event_type, age)));
            }
            store.set_retention(&rules)?;
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
