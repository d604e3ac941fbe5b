//! The interactions that every store is given: built once, kept in a file, read by every process.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use annals_generate as generate;
use annals_generate::Shape;
use anyhow::{Context, Result, ensure};

/// Strings one behind the other.
#[derive(Default)]
pub struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// Strings that a function appends for each number.
    fn numbered(count: u32, mut append: impl FnMut(&mut String, u32)) -> Result<Self> {
        let mut strings = Self::default();
        for number in 0..count {
            append(&mut strings.text, number);
            let end = u32::try_from(strings.text.len());
            strings.ends.push(end.context("ids of more than 4 GiB")?);
        }
        Ok(strings)
    }

    fn save(&self, out: &mut impl Write) -> Result<()> {
        let counts = [self.ends.len() as u64, self.text.len() as u64];
        out.write_all(bytemuck::cast_slice(&counts))?;
        out.write_all(bytemuck::cast_slice(&self.ends))?;
        Ok(out.write_all(self.text.as_bytes())?)
    }

    fn read(input: &mut impl Read) -> Result<Self> {
        let counts: Vec<u64> = column(input, 2)?;
        let ends = column(input, counts[0] as usize)?;
        let text = String::from_utf8(column(input, counts[1] as usize)?)?;
        Ok(Self { text, ends })
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
        rows.name(options.shape, options.users, options.items)?;
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

    fn name(&mut self, shape: Shape, users: u32, items: u32) -> Result<()> {
        self.user_ids = Strings::numbered(users, |out, user| shape.push_user_id(out, user))?;
        self.item_ids = Strings::numbered(items, |out, item| shape.push_item_id(out, item))?;
        self.location_ids = Strings::numbered(generate::LOCATIONS.into(), |out, code| {
            generate::push_location(out, code as u16);
        })?;
        Ok(())
    }

    /// Users and items that appear.
    pub fn seen(&self) -> [usize; 2] {
        let of = |numbers: &[u32], count: usize| {
            let mut seen = vec![false; count];
            numbers
                .iter()
                .for_each(|number| seen[*number as usize] = true);
            seen.into_iter().filter(|seen| *seen).count()
        };
        [
            of(&self.users, self.user_ids.len()),
            of(&self.items, self.item_ids.len()),
        ]
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
        let counts = [self.len() as u64, self.shown.len() as u64];
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
        for ids in [&self.user_ids, &self.item_ids, &self.location_ids] {
            ids.save(&mut out)?;
        }
        Ok(out.flush()?)
    }

    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("{}", path.display()))?;
        let mut input = BufReader::with_capacity(1 << 20, file);
        let counts: Vec<u64> = column(&mut input, 2)?;
        let rows = counts[0] as usize;
        Ok(Rows {
            users: column(&mut input, rows)?,
            items: column(&mut input, rows)?,
            timestamps: column(&mut input, rows)?,
            event_types: column(&mut input, rows)?,
            values: column(&mut input, rows)?,
            locations: column(&mut input, rows)?,
            devices: column(&mut input, rows)?,
            ends: column(&mut input, rows)?,
            shown: column(&mut input, counts[1] as usize)?,
            user_ids: Strings::read(&mut input)?,
            item_ids: Strings::read(&mut input)?,
            location_ids: Strings::read(&mut input)?,
        })
    }
}

fn column<T: bytemuck::Pod>(input: &mut impl Read, len: usize) -> Result<Vec<T>> {
    let mut values = vec![T::zeroed(); len];
    input.read_exact(bytemuck::cast_slice_mut(&mut values))?;
    Ok(values)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed call fails the test")]
mod tests {
    use super::*;

    #[test]
    fn rows_of_each_shape_come_back_from_their_file() {
        let path = std::env::temp_dir().join(format!("annals-peers-{}", std::process::id()));
        for shape in Shape::ALL {
            let rows = Rows::generate(&generate::Options::of_shape(shape, 3_000)).unwrap();
            rows.save(&path).unwrap();
            let read = Rows::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            assert_eq!(rows.len(), read.len());
            for row in 0..rows.len() {
                let texts = |rows: &Rows| {
                    let event = rows.event(row);
                    let shown: Vec<String> = event.shown.iter().map(str::to_owned).collect();
                    let (user, item) = (event.user.to_owned(), event.item.to_owned());
                    (
                        user,
                        item,
                        event.timestamp,
                        event.location.to_owned(),
                        shown,
                    )
                };
                assert_eq!(texts(&rows), texts(&read));
            }
        }
    }
}
