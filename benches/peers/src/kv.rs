//! How rows lie in the key-value stores: key = user, 0, timestamp, arrival (big-endian, so that keys
//! sort as histories do); value = the other fields, each text behind its length, the two that lookups
//! ask for first.

use anyhow::{Context, Result, bail};

use crate::data::Event;
use crate::peer::{Fields, HistoryBuffer, NEWEST, Scan, is_taken};
use crate::plain::{BATCH, Columns, Decoded};
use crate::seen::Seen;

/// Bytes of a key behind the user.
const TAIL: usize = 1 + 8 + 4;

pub fn key(user: &str, timestamp: i64, number: u32, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(user.as_bytes());
    out.push(0);
    out.extend_from_slice(&timestamp.to_be_bytes());
    out.extend_from_slice(&number.to_be_bytes());
}

/// The first key that a user may have, and the first behind.
pub fn bounds(user: &str, from: &mut Vec<u8>, to: &mut Vec<u8>) {
    for (bound, end) in [(from, 0), (to, 1)] {
        bound.clear();
        bound.extend_from_slice(user.as_bytes());
        bound.push(end);
    }
}

pub fn value(event: &Event<'_>, out: &mut Vec<u8>) {
    out.clear();
    push_text(event.item, out);
    push_text(event.event_type, out);
    out.push(u8::from(event.value.is_some()));
    if let Some(value) = event.value {
        out.extend_from_slice(&value.to_le_bytes());
    }
    push_text(event.location, out);
    push_text(event.device.unwrap_or(""), out);
    push_number(event.shown.len(), out);
    event.shown.iter().for_each(|item| push_text(item, out));
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    push_number(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

/// Seven bits a byte, the lowest first; all but the last byte have the highest bit.
fn push_number(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[inline]
fn take_number(bytes: &mut &[u8]) -> Result<usize> {
    let mut number = 0;
    for shift in (0..usize::BITS).step_by(7) {
        let byte = take(bytes, 1)?[0];
        number |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    bail!("a length of a row has no end")
}

#[inline]
fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Result<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(len).context("a row is cut short")?;
    *bytes = rest;
    Ok(taken)
}

#[inline]
fn take_text<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let len = take_number(bytes)?;
    take(bytes, len)
}

#[inline]
fn split_key(key: &[u8]) -> Result<(&[u8], i64)> {
    let at = key.len().checked_sub(TAIL).context("a key is cut short")?;
    let mut time = [0; 8];
    time.copy_from_slice(&key[at + 1..at + 9]);
    Ok((&key[..at], i64::from_be_bytes(time)))
}

/// Takes one row of a history; tells whether there is room for more.
#[inline]
pub fn push_history(key: &[u8], mut value: &[u8], out: &mut HistoryBuffer) -> Result<bool> {
    let (_, timestamp) = split_key(key)?;
    let item = take_text(&mut value)?;
    out.push(item, timestamp, take_text(&mut value)?);
    Ok(out.timestamps.len() < NEWEST)
}

#[inline]
pub fn push_seen(mut value: &[u8], seen: &mut Seen) -> Result<()> {
    let item = take_text(&mut value)?;
    if is_taken(take_text(&mut value)?) {
        seen.insert(item);
    }
    Ok(())
}

/// Takes rows of a scan, in order, and hands on full batches.
pub struct Decoder<'a> {
    scan: &'a Scan<'a>,
    columns: Columns,
    sink: &'a mut dyn FnMut(&dyn crate::peer::Batch),
}

impl<'a> Decoder<'a> {
    pub fn new(scan: &'a Scan<'a>, sink: &'a mut dyn FnMut(&dyn crate::peer::Batch)) -> Self {
        Self {
            scan,
            columns: Columns::default(),
            sink,
        }
    }

    #[inline]
    pub fn push(&mut self, key: &[u8], mut value: &[u8]) -> Result<()> {
        let (user, timestamp) = split_key(key)?;
        if !self.scan.holds(timestamp) {
            return Ok(());
        }
        let item = take_text(&mut value)?;
        match self.scan.fields {
            Fields::Three => self.columns.push_three(user, item, timestamp),
            Fields::All => self.push_all(user, timestamp, item, value)?,
        }
        if self.columns.len() == BATCH {
            self.finish();
        }
        Ok(())
    }

    #[inline]
    fn push_all(&mut self, user: &[u8], timestamp: i64, item: &[u8], rest: &[u8]) -> Result<()> {
        let mut rest = rest;
        let event_type = take_text(&mut rest)?;
        let value = match take(&mut rest, 1)?[0] {
            0 => None,
            _ => {
                let mut bytes = [0; 4];
                bytes.copy_from_slice(take(&mut rest, 4)?);
                Some(f32::from_le_bytes(bytes))
            }
        };
        let location = take_text(&mut rest)?;
        let device = Some(take_text(&mut rest)?).filter(|device| !device.is_empty());
        let items = take_number(&mut rest)?;
        let mut whole = true;
        let shown = (0..items).map_while(|_| {
            let item = take_text(&mut rest).ok();
            whole &= item.is_some();
            item
        });
        self.columns.push(Decoded {
            user,
            item,
            timestamp,
            event_type,
            value,
            location,
            device,
            shown,
        });
        whole.then_some(()).context("a list is cut short")
    }

    /// Hands on what is left.
    pub fn finish(&mut self) {
        if self.columns.len() > 0 {
            (self.sink)(&self.columns);
            self.columns.clear();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed call fails the test")]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_comes_back() {
        for len in [0, 1, 127, 128, 300, 20_000] {
            let text = "x".repeat(len);
            let mut out = Vec::new();
            push_text(&text, &mut out);
            push_text("behind", &mut out);
            let mut rest = out.as_slice();
            assert_eq!(take_text(&mut rest).unwrap(), text.as_bytes());
            assert_eq!(take_text(&mut rest).unwrap(), b"behind");
        }
    }
}
