//! One state again.

use std::path::{Path, PathBuf};

use clap::Args;

use super::power::{State, Watch, folder_of, recording_file};
use super::recording::{Crash, Recording, STATES, seed_of};
use super::scratch::Scratch;
use super::verdict::Verdict;
use crate::Outcome;
use crate::disk::Style;

/// Makes one state of `power` again and checks it
#[derive(Args)]
pub struct Replay {
    /// The state, as SEED/NUMBER
    state: String,
    /// That of the run
    #[arg(long, default_value = "target/crash")]
    folder: PathBuf,
    #[arg(long, value_enum)]
    style: Option<Style>,
    /// Leaves the files as the crash left them there, those of a crashed recovery beside them
    #[arg(long)]
    keep: Option<PathBuf>,
}

impl Replay {
    pub fn run(&self) -> Outcome<bool> {
        let (seed, number) = self
            .state
            .split_once('/')
            .and_then(|(seed, number)| Some((seed.parse().ok()?, number.parse().ok()?)))
            .ok_or_else(|| format!("{}: not a state, write SEED/NUMBER", self.state))?;
        let folder = folder_of(&self.folder, seed);
        let recording: u64 = number / STATES;
        let file = recording_file(&folder, recording);
        if !file.exists() {
            eprintln!("{}: not there, so it is recorded anew", file.display());
            std::fs::create_dir_all(&folder)?;
        }
        let scratch = Scratch::new()?;
        let made = Recording::load(&file, &scratch, seed_of(seed, recording), None)?;
        let state = State {
            seed,
            number,
            style: self.style,
        };
        let mut watcher = Watcher {
            keep: self.keep.as_deref(),
            is_right: true,
        };
        state.check(&scratch, &folder, &made, &mut watcher)?;
        scratch.close()?;
        Ok(watcher.is_right)
    }
}

struct Watcher<'a> {
    keep: Option<&'a Path>,
    is_right: bool,
}

impl Watch for Watcher<'_> {
    fn made(&mut self, name: &str, scratch: &Scratch) -> Outcome<()> {
        match self.keep {
            Some(keep) => scratch.keep(&keep.join(name.replace('/', "-"))),
            None => Ok(()),
        }
    }

    fn checked(&mut self, name: &str, crash: &Crash, verdict: &Verdict) {
        println!(
            "{name}, behind call {} of {}, loss {:?}: {verdict}",
            crash.at, crash.points, crash.style
        );
        self.is_right &= !matches!(verdict, Verdict::Failed(..));
    }
}
