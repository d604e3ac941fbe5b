//! What a process says about its commits, a line each.

use std::fmt;

/// A line of a process that works on a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The commit is begun.
    Tried(u64),
    /// All commits up to this one survive the end of the process.
    Acknowledged(u64),
    /// All commits up to this one survive power loss.
    Synced(u64),
    /// An opening found so many commits.
    Found(u64),
    /// The commit failed, or what was done before it; with the error.
    Failed(u64, String),
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tried(number) => write!(f, "tried {number}"),
            Self::Acknowledged(number) => write!(f, "acknowledged {number}"),
            Self::Synced(number) => write!(f, "synced {number}"),
            Self::Found(number) => write!(f, "found {number}"),
            Self::Failed(number, error) => {
                write!(f, "failed {number} {}", error.replace('\n', " "))
            }
        }
    }
}

impl Mark {
    /// Reads a line; `None` where it is something else, or cut short.
    pub fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ')?;
        let (number, error) = rest.split_once(' ').unwrap_or((rest, ""));
        let number = number.parse().ok()?;
        match word {
            "tried" => Some(Self::Tried(number)),
            "acknowledged" => Some(Self::Acknowledged(number)),
            "synced" => Some(Self::Synced(number)),
            "found" => Some(Self::Found(number)),
            "failed" => Some(Self::Failed(number, error.to_owned())),
            _ => None,
        }
    }

    /// The whole lines of an output.
    pub fn all(output: &str) -> impl Iterator<Item = Self> {
        let lines = output.split_inclusive('\n');
        lines.filter_map(|line| Self::parse(line.strip_suffix('\n')?))
    }
}

/// What marks promise about the number of commits that are there afterwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The last that survives power loss.
    pub synced: u64,
    /// The last that survives the end of the process.
    pub acknowledged: u64,
    /// The last that was begun.
    pub tried: u64,
}

impl Bounds {
    pub fn note(&mut self, mark: &Mark) {
        match mark {
            Mark::Tried(number) => self.tried = self.tried.max(*number),
            Mark::Acknowledged(number) => {
                self.acknowledged = self.acknowledged.max(*number);
            }
            // What an opening found was on disk: it must not vanish.
            Mark::Synced(number) | Mark::Found(number) => {
                self.synced = self.synced.max(*number);
                self.acknowledged = self.acknowledged.max(*number);
                self.tried = self.tried.max(*number);
            }
            Mark::Failed(..) => {}
        }
    }

    /// Those of all marks of an output.
    pub fn of(output: &str) -> Self {
        let mut bounds = Self::default();
        Mark::all(output).for_each(|mark| bounds.note(&mark));
        bounds
    }
}
