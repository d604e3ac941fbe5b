//! The interactions that every store is given: built once, kept in a file, read by every process.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use annals_generate as generate;
use anyhow::{Context, Result, ensure};

/// Strings one behind the other.
#[derive(Default)]
pub struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
    }

    pub fn get(&self, index: usize) -> &str {
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1],
        };
        &self.text[start as usize..self.ends[index] as usize]
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }
}

/// Rows in the order of arrival, by column and by number, with the strings of the numbers.
#[derive(Default)]
pub struct Rows {
    pub users: Vec<u32>,
    pub items: Vec<u32>,
    pub timestamps: Vec<i64>,
    pub event_types: Vec<u8>,
    /// Not a number where there is no value.
    pub values: Vec<f32>,
    pub locations: Vec<u16>,
    /// [`NO_DEVICE`] where there is none.
    pub devices: Vec<u8>,
    /// Where each row's list ends in `shown`.
    pub ends: Vec<u32>,
    pub shown: Vec<u32>,
    pub user_ids: Strings,
    pub item_ids: Strings,
    pub location_ids: Strings,
}

pub const NO_DEVICE: u8 = u8::MAX;

/// One interaction, as a caller has it.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    pub user: &'a str,
    pub item: &'a str,
    pub timestamp: i64,
    pub event_type: &'static str,
    pub value: Option<f32>,
    pub location: &'a str,
    pub device: Option<&'static str>,
    pub shown: Shown<'a>,
}

/// The items of an impression.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    items: &'a [u32],
    ids: &'a Strings,
}

impl<'a> Shown<'a> {
    pub fn len(self) -> usize {
        self.items.len()
    }

    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        self.items
            .iter()
            .map(move |item| self.ids.get(*item as usize))
    }

    /// Writes the items joined by bars over `out`.
    pub fn join(self, out: &mut String) {
        out.clear();
        for item in self.iter() {
            if !out.is_empty() {
                out.push('|');
            }
            out.push_str(item);
        }
    }
}

impl Rows {
    pub fn generate(options: &generate::Options) -> Result<Self> {
        let mut generator = generate::Generator::new(options.clone())?;
        let mut rows = Rows::default();
        rows.name(options.users, options.items);
        let mut row = generate::Row::default();
        while generator.next(&mut row) {
            rows.users.push(row.user);
            rows.items.push(row.item);
            rows.timestamps.push(row.timestamp);
            rows.event_types.push(row.event_type as u8);
            rows.values.push(row.event_value.unwrap_or(f32::NAN));
            rows.locations.push(row.location);
            rows.devices
                .push(row.device.map_or(NO_DEVICE, |device| device as u8));
            rows.shown.extend_from_slice(&row.impression);
            rows.ends.push(rows.shown.len() as u32);
        }
        ensure!(
            rows.timestamps.is_sorted(),
            "rows do not arrive in time order"
        );
        Ok(rows)
    }

    fn name(&mut self, users: u32, items: u32) {
        (0..users).for_each(|user| self.user_ids.push(&generate::user_id(user)));
        (0..items).for_each(|item| self.item_ids.push(&generate::item_id(item)));
        (0..generate::LOCATIONS).for_each(|code| self.location_ids.push(&generate::location(code)));
    }

    pub fn len(&self) -> usize {
        self.users.len()
    }

    pub fn event(&self, row: usize) -> Event<'_> {
        let start = match row {
            0 => 0,
            _ => self.ends[row - 1],
        };
        let device = self.devices[row];
        Event {
            user: self.user_ids.get(self.users[row] as usize),
            item: self.item_ids.get(self.items[row] as usize),
            timestamp: self.timestamps[row],
            event_type: generate::EventType::ALL[self.event_types[row] as usize].name(),
            value: Some(self.values[row]).filter(|value| !value.is_nan()),
            location: self.location_ids.get(self.locations[row] as usize),
            device: (device != NO_DEVICE).then(|| generate::Device::ALL[device as usize].name()),
            shown: Shown {
                items: &self.shown[start as usize..self.ends[row] as usize],
                ids: &self.item_ids,
            },
        }
    }

    /// Keeps the rows in a file.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        let counts = [
            self.len() as u64,
            self.shown.len() as u64,
            self.user_ids.len() as u64,
            self.item_ids.len() as u64,
        ];
        out.write_all(bytemuck::cast_slice(&counts))?;
        out.write_all(bytemuck::cast_slice(&self.users))?;
        out.write_all(bytemuck::cast_slice(&self.items))?;
        out.write_all(bytemuck::cast_slice(&self.timestamps))?;
        out.write_all(&self.event_types)?;
        out.write_all(bytemuck::cast_slice(&self.values))?;
        out.write_all(bytemuck::cast_slice(&self.locations))?;
        out.write_all(&self.devices)?;
        out.write_all(bytemuck::cast_slice(&self.ends))?;
        out.write_all(bytemuck::cast_slice(&self.shown))?;
        Ok(out.flush()?)
    }

    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("{}", path.display()))?;
        let mut input = BufReader::with_capacity(1 << 20, file);
        let counts: Vec<u64> = column(&mut input, 4)?;
        let rows = counts[0] as usize;
        let mut out = Rows {
            users: column(&mut input, rows)?,
            items: column(&mut input, rows)?,
            timestamps: column(&mut input, rows)?,
            event_types: column(&mut input, rows)?,
            values: column(&mut input, rows)?,
            locations: column(&mut input, rows)?,
            devices: column(&mut input, rows)?,
            ends: column(&mut input, rows)?,
            shown: column(&mut input, counts[1] as usize)?,
            ..Rows::default()
        };
        out.name(counts[2] as u32, counts[3] as u32);
        Ok(out)
    }
}

fn column<T: bytemuck::Pod>(input: &mut impl Read, len: usize) -> Result<Vec<T>> {
    let mut values = vec![T::zeroed(); len];
    input.read_exact(bytemuck::cast_slice_mut(&mut values))?;
    Ok(values)
}
