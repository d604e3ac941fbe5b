//! What power loss leaves of what was not synced, drawn at random.

use clap::ValueEnum;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Bytes that a disk writes as a whole.
pub const UNIT_BYTES: usize = 512;
/// Units of a page, which the system mostly writes as a whole.
const PAGE_UNITS: u64 = 8;

/// How things are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Style {
    /// Nothing: the process died, the machine did not.
    Nothing,
    /// All that was not synced.
    Everything,
    /// All behind one moment, over all files and folders.
    Moment,
    /// Of each file and each folder all behind a moment of its own; the last write may be torn.
    Tails,
    /// The bytes of files, not their lengths: what is missing reads as zeros.
    Zeros,
    /// Of each page all behind a moment of its own; lengths likewise, names in order.
    Pages,
    /// The same of sectors.
    Sectors,
    /// Each change of a name by itself; of each file all behind a moment of its own.
    Names,
    /// Pages and names each by themselves.
    Chaos,
}

/// Of styles that differ in what they find, some of each.
const DRAWN: [Style; 14] = [
    Style::Nothing,
    Style::Everything,
    Style::Moment,
    Style::Moment,
    Style::Tails,
    Style::Tails,
    Style::Tails,
    Style::Zeros,
    Style::Pages,
    Style::Pages,
    Style::Sectors,
    Style::Names,
    Style::Names,
    Style::Chaos,
];

/// The losses of one crash.
pub struct Loss {
    pub style: Style,
    seed: u64,
    /// Calls from this one on are lost, where all have one moment.
    moment: usize,
}

impl Loss {
    /// Draws the losses of a crash after the first `at` calls; a given style is taken as it is.
    pub fn draw(seed: u64, at: usize, style: Option<Style>) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let drawn = DRAWN.get(random.random_range(0..DRAWN.len()));
        let style = style.or(drawn.copied()).unwrap_or(Style::Chaos);
        // Mostly a short while: the system does not keep changes for long.
        let span = match random.random_bool(0.5) {
            true => 200,
            false => at.max(1),
        };
        Self {
            style,
            seed: random.random(),
            moment: at.saturating_sub(random.random_range(0..=span)),
        }
    }

    /// All is kept.
    pub fn none() -> Self {
        Self {
            style: Style::Nothing,
            seed: 0,
            moment: 0,
        }
    }

    fn random(&self, of: u64, number: usize) -> Xoshiro256PlusPlus {
        let word =
            self.seed ^ of.rotate_left(56) ^ (number as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        Xoshiro256PlusPlus::seed_from_u64(word)
    }

    /// Whether a change of a name, made by the call `place` in a folder that was not synced since,
    /// is kept.
    pub fn keeps_name(&mut self, folder: usize, place: usize) -> bool {
        match self.style {
            Style::Nothing => true,
            Style::Everything => false,
            Style::Moment => place < self.moment,
            Style::Names | Style::Chaos => self.random(1, place).random_bool(0.5),
            Style::Tails | Style::Zeros | Style::Pages | Style::Sectors => {
                let mut random = self.random(2, folder);
                // All, none, or up to a moment.
                match random.random_range(0..4) {
                    0 => true,
                    1 => false,
                    _ => place < self.moment + random.random_range(0..100),
                }
            }
        }
    }

    /// What becomes of the changes of a file that were not synced, by the numbers of their calls.
    pub fn fate(&mut self, file: usize, places: &[usize]) -> Fate {
        let all = places.len();
        let mut random = self.random(3, file);
        let mut cut = match random.random_range(0..4) {
            0 => all,
            1 => 0,
            _ => random.random_range(0..=all),
        };
        let seed = random.random();
        let mut unit_fate = UnitFate::Same;
        let mut length = None;
        match self.style {
            Style::Nothing => cut = all,
            Style::Everything => cut = 0,
            Style::Moment => cut = places.partition_point(|place| *place < self.moment),
            Style::Tails | Style::Names => unit_fate = UnitFate::TornLast,
            Style::Zeros => length = Some(all),
            Style::Pages | Style::Chaos => unit_fate = UnitFate::Each(PAGE_UNITS),
            Style::Sectors => unit_fate = UnitFate::Each(1),
        }
        if unit_fate != UnitFate::Same && random.random_bool(0.5) {
            length = Some(random.random_range(cut..=all));
        }
        Fate {
            seed,
            all,
            cut,
            length: length.unwrap_or(cut),
            unit_fate,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum UnitFate {
    /// That of the file.
    Same,
    /// The first change that is lost is kept in part.
    TornLast,
    /// So many units together have a moment of their own.
    Each(u64),
}

/// What becomes of a file's changes, which are numbered from 0.
pub struct Fate {
    seed: u64,
    all: usize,
    /// Changes from here on are lost.
    cut: usize,
    /// Those from here on do not change the length.
    length: usize,
    unit_fate: UnitFate,
}

impl Fate {
    pub fn keeps_length(&self, change: usize) -> bool {
        change < self.length
    }

    /// Whether a change is kept in a unit of the file.
    pub fn keeps(&self, change: usize, unit: u64) -> bool {
        match self.unit_fate {
            UnitFate::Same => change < self.cut,
            UnitFate::TornLast => {
                change < self.cut || change == self.cut && self.drawn(unit).is_multiple_of(2)
            }
            UnitFate::Each(units) => {
                let drawn = self.drawn(unit / units);
                let kept = match drawn % 4 {
                    0 => self.all,
                    1 => 0,
                    2 => self.cut,
                    _ => ((drawn >> 2) % (self.all as u64 + 1)) as usize,
                };
                change < kept
            }
        }
    }

    fn drawn(&self, unit: u64) -> u64 {
        Xoshiro256PlusPlus::seed_from_u64(self.seed ^ unit.wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .random()
    }
}
