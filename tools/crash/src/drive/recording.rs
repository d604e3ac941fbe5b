//! What a process did to a new store, call by call, and the states that a crash may leave of it.

use std::path::Path;
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::child::{self, End};
use super::scratch::Scratch;
use super::verdict::{Verdict, Wanted, verdict};
use crate::Outcome;
use crate::disk::{History, Image, Loss, Style};
use crate::marks::Bounds;

/// States of one recording.
pub const STATES: u64 = 100;
/// How long a process may take. Most take some hundredths of a second.
pub const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Longest pause of a sync, in which other threads go on, in microseconds.
const MOST_PAUSE: u64 = 400;

/// A seed for one of many.
pub fn seed_of(seed: u64, number: u64) -> u64 {
    let word =
        seed.wrapping_mul(0xA24B_AED4_963E_E407) ^ number.wrapping_mul(0x9FB2_1C65_1E98_DF25);
    Xoshiro256PlusPlus::seed_from_u64(word).random::<u64>() >> 1
}

/// Arguments of a process that works on the commits of a plan.
pub fn arguments(kind: &str, store: &Path, plan: u64) -> Vec<String> {
    let store = store.display().to_string();
    vec![
        kind.to_owned(),
        store,
        "--seed".to_owned(),
        plan.to_string(),
    ]
}

/// A recorded process.
pub struct Recording {
    /// The seed of the plan that it followed.
    pub plan: u64,
    pub history: History,
}

/// Where and how a crash came.
pub struct Crash {
    pub at: usize,
    pub points: usize,
    pub style: Style,
}

impl Recording {
    /// Reads a recording from a file, or makes it and keeps it there.
    pub fn load(
        file: &Path,
        scratch: &Scratch,
        plan: u64,
        never_synced: Option<&str>,
    ) -> Outcome<Self> {
        if !file.exists() {
            let made = record(scratch, plan)?;
            // Whole or not at all.
            let unfinished = file.with_extension("unfinished");
            std::fs::write(&unfinished, made)?;
            std::fs::rename(&unfinished, file)?;
        }
        let trace = std::fs::read(file)?;
        Ok(Self {
            plan,
            history: History::of(&trace, &Image::default(), never_synced)?,
        })
    }
}

/// Has a process follow a plan on an empty disk; gives what the recorder wrote.
fn record(scratch: &Scratch, plan: u64) -> Outcome<Vec<u8>> {
    scratch.clear()?;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(plan);
    let mut arguments = arguments("work", &scratch.store(), plan);
    arguments.push("--last".to_owned());
    arguments.push(random.random_range(20..100).to_string());
    let mut command = child::command(&arguments)?;
    child::record(&mut command, &scratch.disk(), &scratch.trace());
    let pause = random.random_range(0..MOST_PAUSE).to_string();
    command.env("RECORDER_PAUSE", pause);
    let ended = child::run(command, TIME_LIMIT)?;
    if !matches!(ended.end, End::Done) {
        return Err(format!("the process to record (plan {plan}) failed: {ended:?}").into());
    }
    let trace = std::fs::read(scratch.trace())?;
    follow(&trace, &Image::default(), scratch)?;
    Ok(trace)
}

/// Reads what the recorder wrote about the disk, which held `base` before. Played to its end it must
/// give what is there now.
pub fn follow(trace: &[u8], base: &Image, scratch: &Scratch) -> Outcome<History> {
    let history = History::of(trace, base, None)?;
    let followed = history.image(history.points(), &mut Loss::none());
    let differences = followed.differences(&Image::read(&scratch.disk())?);
    if !differences.is_empty() {
        return Err(format!(
            "the recorder missed something: files as recorded, and as they are: {differences:#?}"
        )
        .into());
    }
    Ok(history)
}

/// Draws a crash: half of them right behind the begin or the end of a sync, `share` of the way
/// through all of these, and half anywhere.
fn draw(history: &History, seed: u64, share: Option<f64>, style: Option<Style>) -> (Crash, Loss) {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let points = history.points();
    let syncs = history.sync_points();
    let at_sync = share.and_then(|share| syncs.get((share * syncs.len() as f64) as usize));
    let at = match at_sync {
        Some(point) => *point,
        None => random.random_range(0..=points),
    };
    let loss = Loss::draw(random.random(), at, style);
    let crash = Crash {
        at,
        points,
        style: loss.style,
    };
    (crash, loss)
}

/// Puts the state of a crash onto the disk; gives it, with what has to be there.
pub fn crash(
    scratch: &Scratch,
    history: &History,
    before: Bounds,
    (seed, share, style): (u64, Option<f64>, Option<Style>),
) -> Outcome<(Crash, Image, Bounds, Wanted)> {
    let (crash, mut loss) = draw(history, seed, share, style);
    let image = history.image(crash.at, &mut loss);
    image.write(&scratch.disk())?;
    let said = history.bounds(crash.at);
    let bounds = Bounds {
        synced: said.synced.max(before.synced),
        acknowledged: said.acknowledged.max(before.acknowledged),
        tried: said.tried.max(before.tried),
    };
    let wanted = match crash.style {
        Style::Nothing => Wanted::after_a_kill(bounds),
        _ => Wanted::after_power_loss(bounds),
    };
    Ok((crash, image, bounds, wanted))
}

/// How a state is checked.
#[derive(Clone, Copy)]
pub struct Checking {
    pub plan: u64,
    pub wanted: Wanted,
    pub reads_first: bool,
    /// Whether the check itself is recorded, so that it can be crashed, too.
    pub recorded: bool,
}

/// Checks the store on the disk, in a process of its own.
pub fn check(scratch: &Scratch, checking: Checking) -> Outcome<Verdict> {
    let mut arguments = arguments("check", &scratch.store(), checking.plan);
    arguments.push("--tried".to_owned());
    arguments.push(checking.wanted.most.to_string());
    if checking.reads_first {
        arguments.push("--reads-first".to_owned());
    }
    let mut command = child::command(&arguments)?;
    if checking.recorded {
        child::record(&mut command, &scratch.disk(), &scratch.trace());
    }
    let ended = child::run(command, TIME_LIMIT)?;
    Ok(verdict(&ended, checking.wanted))
}
