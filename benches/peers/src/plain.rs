//! Plain columns: what a scan of a row store is decoded into.

use anyhow::Result;

use crate::checksum::{self, Checksum, NULL};
use crate::peer::{Batch, Fields, Texts};

/// Rows of a batch, at most.
pub const BATCH: usize = 1 << 14;

/// One interaction as it lies in a store.
pub struct Decoded<'a, I> {
    pub user: &'a [u8],
    pub item: &'a [u8],
    pub timestamp: i64,
    pub event_type: &'a [u8],
    pub value: Option<f32>,
    pub location: &'a [u8],
    pub device: Option<&'a [u8]>,
    pub shown: I,
}

/// Reused from batch to batch.
#[derive(Default)]
pub struct Columns {
    pub users: Texts,
    pub items: Texts,
    pub timestamps: Vec<i64>,
    pub event_types: Texts,
    pub values: Vec<f32>,
    pub value_valid: Vec<bool>,
    pub locations: Texts,
    pub devices: Texts,
    pub device_valid: Vec<bool>,
    pub shown: Texts,
    /// Where each row's list ends in `shown`.
    pub lists: Vec<u32>,
}

impl Columns {
    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    pub fn clear(&mut self) {
        self.timestamps.clear();
        self.values.clear();
        self.value_valid.clear();
        self.device_valid.clear();
        self.lists.clear();
        for texts in [
            &mut self.users,
            &mut self.items,
            &mut self.event_types,
            &mut self.locations,
            &mut self.devices,
            &mut self.shown,
        ] {
            texts.clear();
        }
    }

    #[inline]
    pub fn push_three(&mut self, user: &[u8], item: &[u8], timestamp: i64) {
        self.users.push(user);
        self.items.push(item);
        self.timestamps.push(timestamp);
    }

    #[inline]
    pub fn push<'a>(&mut self, row: Decoded<'_, impl Iterator<Item = &'a [u8]>>) {
        self.push_three(row.user, row.item, row.timestamp);
        self.event_types.push(row.event_type);
        self.values.push(row.value.unwrap_or(0.0));
        self.value_valid.push(row.value.is_some());
        self.locations.push(row.location);
        self.devices.push(row.device.unwrap_or_default());
        self.device_valid.push(row.device.is_some());
        row.shown.for_each(|item| self.shown.push(item));
        self.lists.push(self.shown.ends.len() as u32);
    }

    fn row(&self, row: usize, fields: Fields) -> u64 {
        let three = [
            checksum::text(self.users.get(row), checksum::USER),
            checksum::text(self.items.get(row), checksum::ITEM),
            checksum::number(self.timestamps[row] as u64, checksum::TIMESTAMP),
        ];
        let sum = three.into_iter().fold(0, u64::wrapping_add);
        if fields == Fields::Three {
            return sum;
        }
        let value = match self.value_valid[row] {
            true => u64::from(self.values[row].to_bits()),
            false => NULL,
        };
        let device = match self.device_valid[row] {
            true => checksum::word(self.devices.get(row)),
            false => NULL,
        };
        let start = match row {
            0 => 0,
            _ => self.lists[row - 1],
        };
        let list = (start..self.lists[row]).map(|item| self.shown.get(item as usize));
        let others = [
            checksum::text(self.event_types.get(row), checksum::EVENT_TYPE),
            checksum::number(value, checksum::VALUE),
            checksum::text(self.locations.get(row), checksum::LOCATION),
            checksum::number(device, checksum::DEVICE),
            checksum::list(list),
        ];
        others.into_iter().fold(sum, u64::wrapping_add)
    }
}

impl Batch for Columns {
    fn rows(&self) -> usize {
        self.len()
    }

    fn check(&self, fields: Fields, sum: &mut Checksum) -> Result<()> {
        (0..self.len()).for_each(|row| sum.push(self.row(row, fields)));
        Ok(())
    }
}
