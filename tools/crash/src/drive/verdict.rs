//! What a check found, judged. All of the policy is here.

use std::fmt;

use super::child::{End, Ended};
use crate::marks::Bounds;
use crate::workload::{Refusal, Report};

/// How many commits must be there.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub least: u64,
    pub most: u64,
}

impl Wanted {
    /// After power loss.
    pub fn after_power_loss(bounds: Bounds) -> Self {
        Self {
            least: bounds.synced,
            most: bounds.tried,
        }
    }

    /// After the end of the process.
    pub fn after_a_kill(bounds: Bounds) -> Self {
        Self {
            least: bounds.acknowledged,
            most: bounds.tried,
        }
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A commit that had to be there is not.
    Lost,
    /// What is there is no prefix of the commits.
    Wrong,
    /// Readers and writers do not find the same commits.
    ReadersDiffer,
    /// `verify` finds something in a store that answers right.
    Unsound,
    /// The store does not open, or does not go on, and it is no refusal.
    Error,
    /// The same of a store that was being made: it is one for some and none for others.
    HalfMade,
    /// The process did not end in time.
    Hang,
    /// The process panicked or was killed.
    Panic,
    /// The error does not say what failed.
    Vague,
}

#[derive(Debug)]
pub enum Verdict {
    /// So many commits are there, and more could be made.
    Sound(u64),
    /// There is no store, and no commit had to be there.
    NoStore,
    /// The store says which file is damaged, and opens neither way.
    Refused(String),
    /// The same, but for reading it opens, and shows what precedes the damage.
    ReadsAlone(String),
    Failed(Fault, String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sound(commits) => write!(f, "sound: {commits} commits"),
            Self::NoStore => f.write_str("no store"),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::ReadsAlone(why) => write!(f, "reads alone: {why}"),
            Self::Failed(fault, what) => write!(f, "{fault:?}: {what}"),
        }
    }
}

/// Judges a check.
pub fn verdict(checked: &Ended, wanted: Wanted) -> Verdict {
    let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
    match &checked.end {
        End::Hung => return Verdict::Failed(Fault::Hang, last(&checked.output)),
        End::Failed(status) => {
            return Verdict::Failed(Fault::Panic, format!("{status}: {}", checked.errors.trim()));
        }
        End::Done => {}
    }
    match serde_json::from_str(&last(&checked.output)) {
        Ok(report) => of_report(&report, wanted),
        Err(error) => Verdict::Failed(Fault::Panic, format!("no report: {error}")),
    }
}

fn of_report(report: &Report, wanted: Wanted) -> Verdict {
    let parts = [
        ("read", &report.read),
        ("opened", &report.opened),
        ("went on", &report.went_on),
        ("reopened", &report.reopened),
    ];
    // The damage of an answer counts more than that of none.
    for (part, seen) in parts {
        let Some(seen) = seen else { continue };
        if let Some(difference) = &seen.difference {
            return Verdict::Failed(Fault::Wrong, format!("{part}: {difference}"));
        }
        if seen.commits < wanted.least {
            let what = format!("{part}: {} of {} commits", seen.commits, wanted.least);
            return Verdict::Failed(Fault::Lost, what);
        }
        if let Some(unsound) = &seen.unsound {
            return Verdict::Failed(Fault::Unsound, format!("{part}: {unsound}"));
        }
    }
    let found = report.opened.as_ref().map(|seen| seen.commits);
    if found.is_some_and(|found| found > wanted.most) {
        let what = format!("{found:?} commits, {} were begun", wanted.most);
        return Verdict::Failed(Fault::Wrong, what);
    }
    let went_on = report.went_on.as_ref().map(|seen| seen.commits).or(found);
    let reopened = report.reopened.as_ref().map(|seen| seen.commits);
    if reopened.is_some() && reopened != went_on {
        let what = format!("{went_on:?} commits were closed, {reopened:?} are there");
        return Verdict::Failed(Fault::Lost, what);
    }
    of_refusals(report, wanted)
}

fn of_refusals(report: &Report, wanted: Wanted) -> Verdict {
    if let Some(refusal) = [&report.read_refused, &report.refused]
        .into_iter()
        .flatten()
        .find(|refusal| !is_refusal(refusal) && !is_no_store(refusal, wanted))
    {
        let fault = match wanted.most {
            0 => Fault::HalfMade,
            _ => Fault::Error,
        };
        return Verdict::Failed(fault, said(refusal));
    }
    match (&report.opened, &report.refused, &report.read_refused) {
        (Some(_), Some(refusal), _) => Verdict::Failed(Fault::Error, said(refusal)),
        (None, Some(refusal), _) if is_no_store(refusal, wanted) => Verdict::NoStore,
        (None, Some(refusal), _) if report.read.is_some() => Verdict::ReadsAlone(said(refusal)),
        (None, Some(refusal), _) => Verdict::Refused(said(refusal)),
        (Some(_), None, Some(refusal)) => Verdict::Failed(Fault::ReadersDiffer, said(refusal)),
        (Some(opened), None, _) => match &report.read {
            Some(read) if read.commits != opened.commits => Verdict::Failed(
                Fault::ReadersDiffer,
                format!(
                    "{} commits for readers, {} for writers",
                    read.commits, opened.commits
                ),
            ),
            _ => Verdict::Sound(opened.commits),
        },
        (None, None, _) => Verdict::Failed(Fault::Panic, "an empty report".to_owned()),
    }
}

/// Whether an opening says that a file is damaged, and which.
fn is_refusal(refusal: &Refusal) -> bool {
    let names_file = ["MANIFEST", ".seg", "hot", ".log", ".sst", "CURRENT"];
    refusal.kind == "Corruption"
        && ["opening", "reading"].contains(&refusal.doing.as_str())
        && names_file.iter().any(|name| refusal.message.contains(name))
}

fn is_no_store(refusal: &Refusal, wanted: Wanted) -> bool {
    wanted.least == 0
        && refusal.kind == "NotFound"
        && ["opening", "reading"].contains(&refusal.doing.as_str())
        && refusal.message.contains("no store here")
}

fn said(refusal: &Refusal) -> String {
    format!("{}: {}: {}", refusal.doing, refusal.kind, refusal.message)
}
