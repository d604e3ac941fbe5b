use annals::events::{EventsCommit, PutEvents as Request};
use annals::import::OddTimes;
use annals::import::put_events_of_json;
use annals::{Durability, Limits};
use clap::Args;

use super::records::Records;
use crate::failure::Outcome;
use crate::output::{count, thousands, warn, warn_of_long};
use crate::placeholders::Placeholders;

/// Records event requests: one JSON object a line, as the service's PutEvents call and its client
/// libraries have it.
///
/// A request is one commit: all of its events are written, or none. A request that breaks a rule is
/// named by its line, and the next one goes on; the command then ends with exit code 3.
#[derive(Args)]
pub struct PutEvents {
    #[command(flatten)]
    records: Records,
    /// Pass over names and properties that neither contract nor schema know, and events without an item
    #[arg(long)]
    ignore_unknown: bool,
}

/// What was written so far.
#[derive(Default)]
struct Written {
    events: u64,
    duplicates: u64,
    /// Events without an item, and what the first of them was.
    skipped: u64,
    first_skipped: String,
    sequence: Option<u64>,
    /// Where they are: in which session.
    odd_times: OddTimes<String>,
    /// Requests whose user or session is named so.
    placeholders: Placeholders,
    /// Events with a string that is longer than the service takes, and what it is in the first.
    long: u64,
    first_long: String,
}

impl PutEvents {
    pub fn run(self) -> Outcome {
        let mut written = Written::default();
        let done = self.records.each(|store, line| {
            let mut request = put_events_of_json(line, store.validator())?;
            request.ignore_unknown = self.ignore_unknown;
            // Lines share a sync.
            let commit = store.put_events(&request, Durability::Buffered)?;
            written.add(&request, &commit, store.limits());
            Ok(())
        })?;
        warn(written.odd_times.warnings());
        written.placeholders.warn("request");
        warn_of_long(written.long, "event", &written.first_long);
        written.warn_of_skipped();
        let summary = written.summary(done.taken);
        done.outcome("request", summary)
    }
}

impl Written {
    fn add(&mut self, request: &Request<'_>, done: &EventsCommit, limits: &Limits) {
        let session: &str = &request.session_id;
        let ids = request.user_id.as_deref().into_iter().chain([session]);
        let place = || format!("the request of session {session:?}");
        self.placeholders.look_at(ids, place);
        self.events += done.commit.rows;
        self.duplicates += done.duplicates.len() as u64;
        if done.commit.rows > 0 {
            self.sequence = Some(done.commit.sequence);
        }
        let mut skipped = done.skipped.iter().filter_map(|at| request.events.get(*at));
        if let Some(event) = skipped.next().filter(|_| self.skipped == 0) {
            let (kind, session) = (&event.event_type, &request.session_id);
            self.first_skipped = format!("the first of type {kind:?} in session {session:?}");
        }
        self.skipped += done.skipped.len() as u64;
        let events = request.events.iter().enumerate();
        let left_out = [&done.duplicates, &done.skipped];
        let fresh = events.filter(|(at, _)| !left_out.iter().any(|list| list.contains(at)));
        for (position, event) in fresh {
            let place = || format!("eventList[{position}] of session {:?}", request.session_id);
            self.odd_times.look_at(event.sent_at, place);
            if let Some(field) = event.long_field(limits) {
                if self.long == 0 {
                    self.first_long = field.to_owned();
                }
                self.long += 1;
            }
        }
    }

    fn warn_of_skipped(&self) {
        if self.skipped > 0 {
            warn([format_args!(
                "{} without an item passed over, {}",
                count(self.skipped, "event"),
                self.first_skipped
            )]);
        }
    }

    fn summary(&self, requests: u64) -> String {
        let mut line = format!(
            "{} written from {}",
            count(self.events, "event"),
            count(requests, "request")
        );
        if self.duplicates > 0 {
            line += &format!(", {} passed over", count(self.duplicates, "duplicate"));
        }
        if self.skipped > 0 {
            line += &format!(", {} without an item passed over", thousands(self.skipped));
        }
        if let Some(sequence) = self.sequence {
            line += &format!(", sequence {sequence}");
        }
        line
    }
}
