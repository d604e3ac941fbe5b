//! Many states that power loss may leave.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Args;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::recording::{Checking, Crash, Recording, STATES, check, crash, follow, seed_of};
use super::scratch::Scratch;
use super::tally::Tally;
use super::verdict::Verdict;
use crate::Outcome;
use crate::disk::{History, Style};
use crate::marks::Bounds;

/// One state in so many is crashed again while it is recovered.
const RECOVERIES: u64 = 4;
/// One in so many is opened for reading first.
const READERS: u64 = 3;

/// Crashes a recorded process at many points, and checks what power loss may leave of its files
#[derive(Args)]
pub struct Power {
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many states; they are numbered from 0
    #[arg(long, default_value_t = 20_000)]
    states: u64,
    /// Where recordings and results are kept, so that a run can go on where one was ended
    #[arg(long, default_value = "target/crash")]
    folder: PathBuf,
    /// Processes at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Only this kind of loss; results are not kept then
    #[arg(long, value_enum)]
    style: Option<Style>,
    /// Syncs of files whose names end so do not count: the run must then find losses. Results are not kept
    #[arg(long)]
    never_synced: Option<String>,
}

/// The results of one recording, a line of the results file.
#[derive(Serialize, Deserialize)]
struct Results {
    recording: u64,
    tally: Tally,
}

/// The folder of a seed's recordings and results.
pub fn folder_of(folder: &Path, seed: u64) -> PathBuf {
    folder.join(seed.to_string())
}

/// The file of a recording.
pub fn recording_file(folder: &Path, recording: u64) -> PathBuf {
    folder.join(format!("{recording}.trace"))
}

impl Power {
    pub fn run(&self) -> Outcome<bool> {
        let folder = folder_of(&self.folder, self.seed);
        std::fs::create_dir_all(&folder)?;
        begin_anew_for_another_build(&folder)?;
        let begun = Instant::now();
        let results = folder.join("results.jsonl");
        let recordings = self.states.div_ceil(STATES);
        let done = self.known(&results, recordings)?;
        let total = Mutex::new(Tally::default());
        for known in &done {
            total.lock().add(known.tally.clone());
        }
        let known: Vec<u64> = done.iter().map(|known| known.recording).collect();
        let next = AtomicU64::new(0);
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&results)?;
        let file = Mutex::new(file);
        let work = || -> Outcome<()> {
            let scratch = Scratch::new()?;
            loop {
                let recording = next.fetch_add(1, Ordering::SeqCst);
                if recording >= recordings {
                    return scratch.close();
                }
                if known.contains(&recording) {
                    continue;
                }
                let last = self.states.min((recording + 1) * STATES);
                let tally = self.states_of(&scratch, &folder, recording, last)?;
                if last == (recording + 1) * STATES {
                    self.keep(&file, recording, &tally)?;
                }
                eprintln!(
                    "recording {recording} of {recordings}: {:?} after {:.0?}",
                    tally.counts(),
                    begun.elapsed()
                );
                total.lock().add(tally);
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs.max(1))
                .map(|_| std::thread::Builder::new().spawn_scoped(scope, work))
                .collect::<Result<_, _>>()?;
            for worker in workers {
                worker.join().map_err(|_| "a worker panicked")??;
            }
            Outcome::Ok(())
        })?;
        let is_right = total.lock().print();
        println!("{} states, seed {}", self.states, self.seed);
        Ok(is_right)
    }

    fn is_experiment(&self) -> bool {
        self.style.is_some() || self.never_synced.is_some()
    }

    /// What earlier runs found.
    fn known(&self, results: &Path, recordings: u64) -> Outcome<Vec<Results>> {
        if self.is_experiment() || !results.exists() {
            return Ok(Vec::new());
        }
        let text = std::fs::read_to_string(results)?;
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        Ok(lines
            .filter(|known: &Results| known.recording < recordings)
            .collect())
    }

    fn keep(&self, file: &Mutex<std::fs::File>, recording: u64, tally: &Tally) -> Outcome<()> {
        if self.is_experiment() {
            return Ok(());
        }
        let line = serde_json::to_string(&Results {
            recording,
            tally: tally.clone(),
        })?;
        Ok(file.lock().write_all(format!("{line}\n").as_bytes())?)
    }

    fn states_of(
        &self,
        scratch: &Scratch,
        folder: &Path,
        recording: u64,
        behind: u64,
    ) -> Outcome<Tally> {
        let file = recording_file(folder, recording);
        let plan = seed_of(self.seed, recording);
        let made = Recording::load(&file, scratch, plan, self.never_synced.as_deref())?;
        let mut tally = Tally::default();
        for number in recording * STATES..behind {
            let state = State {
                seed: self.seed,
                number,
                style: self.style,
            };
            state.check(scratch, folder, &made, &mut tally)?;
        }
        Ok(tally)
    }
}

/// Who is told of states.
pub trait Watch {
    /// A state is on the disk, and was not opened yet.
    fn made(&mut self, name: &str, scratch: &Scratch) -> Outcome<()>;

    /// It was checked.
    fn checked(&mut self, name: &str, crash: &Crash, verdict: &Verdict);
}

impl Watch for Tally {
    fn made(&mut self, _name: &str, _scratch: &Scratch) -> Outcome<()> {
        Ok(())
    }

    fn checked(&mut self, name: &str, crash: &Crash, verdict: &Verdict) {
        if let Verdict::Failed(..) = verdict {
            self.count(&format!("  of these with loss {:?}", crash.style));
        }
        self.note(name, verdict);
    }
}

/// One state, by its number.
pub struct State {
    pub seed: u64,
    pub number: u64,
    pub style: Option<Style>,
}

impl State {
    /// Makes the state and checks it, and for some crashes the recovery and checks again.
    pub fn check(
        &self,
        scratch: &Scratch,
        folder: &Path,
        recording: &Recording,
        watch: &mut dyn Watch,
    ) -> Outcome<()> {
        let (seed, number) = (self.seed, self.number);
        let place = number % STATES;
        let share = place
            .is_multiple_of(2)
            .then_some(place as f64 / STATES as f64);
        let drawn = (seed_of(seed ^ 1, number), share, self.style);
        let history = &recording.history;
        let (came, image, bounds, wanted) = crash(scratch, history, Bounds::default(), drawn)?;
        let name = format!("{seed}/{number}");
        watch.made(&name, scratch)?;
        let recorded = number % RECOVERIES == RECOVERIES - 1;
        let checking = Checking {
            plan: recording.plan,
            wanted,
            reads_first: number.is_multiple_of(READERS),
            recorded,
        };
        let verdict = check(scratch, checking)?;
        watch.checked(&name, &came, &verdict);
        if !recorded || !matches!(verdict, Verdict::Sound(_)) {
            return Ok(());
        }
        // The recovery may differ a little from one time to the next: one that needs a look is kept.
        let kept = folder.join(format!("{number}.recovery"));
        let (trace, recovery) = if kept.exists() {
            let trace = std::fs::read(&kept)?;
            let recovery = History::of(&trace, &image, None)?;
            (trace, recovery)
        } else {
            let trace = std::fs::read(scratch.trace())?;
            let recovery = follow(&trace, &image, scratch)?;
            (trace, recovery)
        };
        let drawn = (seed_of(seed ^ 2, number), None, self.style);
        // What power loss took no recovery brings back.
        let before = Bounds {
            acknowledged: wanted.least,
            ..bounds
        };
        let (came, _, _, wanted) = crash(scratch, &recovery, before, drawn)?;
        let name = format!("{seed}/{number}-recovery");
        watch.made(&name, scratch)?;
        let checking = Checking {
            wanted,
            recorded: false,
            ..checking
        };
        let verdict = check(scratch, checking)?;
        if !matches!(verdict, Verdict::Sound(_)) {
            std::fs::write(&kept, &trace)?;
        }
        watch.checked(&name, &came, &verdict);
        Ok(())
    }
}

/// Recordings and results of another build of this program say nothing about this one.
fn begin_anew_for_another_build(folder: &Path) -> Outcome<()> {
    use std::hash::Hasher;
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(&std::fs::read(std::env::current_exe()?)?);
    let build = format!("{:016x}\n", hasher.finish());
    let file = folder.join("build");
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    if known != build {
        std::fs::remove_dir_all(folder)?;
        std::fs::create_dir_all(folder)?;
        std::fs::write(file, build)?;
    }
    Ok(())
}
