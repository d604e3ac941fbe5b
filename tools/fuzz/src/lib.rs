//! What the fuzz targets share: a schema, input taken apart, and files whose checksums fit.

use annals::{Limits, Schema};

/// Bytes that one checksum of a segment covers.
const PAGE_BYTES: usize = 1 << 14;

/// The head of a segment: magic, version, zeros.
const HEADER: &[u8; 16] = b"ANNALSEG\x05\0\0\0\0\0\0\0";

const SCHEMA: &str = r#"{"type":"record","name":"Interactions","fields":[
{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
{"name":"TIMESTAMP","type":"long"},{"name":"EVENT_TYPE","type":"string"},
{"name":"EVENT_VALUE","type":["float","null"]},{"name":"IMPRESSION","type":["string","null"]},
{"name":"COUNT","type":["int","null"]},{"name":"PRICE","type":["double","null"]},
{"name":"MEMBER","type":["boolean","null"]}]}"#;

/// A schema with a field of every type, under limits.
pub fn schema(limits: &Limits) -> Schema {
    Schema::parse(SCHEMA, limits).expect("the schema is valid")
}

/// An input, taken apart from its front; where it ends, zeros and empty slices follow.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// At most `count` bytes.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// A number of two bytes.
    pub fn number(&mut self) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()]))
    }

    /// Bytes with their length before them, in two bytes.
    pub fn part(&mut self) -> &'a [u8] {
        let len = self.number();
        self.take(len)
    }

    /// A range of `count` values: any of the first thousand, or any share of them all.
    pub fn range(&mut self, count: usize) -> std::ops::Range<usize> {
        let (start, len) = (self.number(), self.number());
        let start = match start {
            0..1000 => start,
            _ => (count as u128 * start as u128 / 65_536) as usize,
        };
        start..start + len
    }
}

/// A manifest file with this body, or of this version.
pub fn manifest_file(covered: &[u8]) -> Vec<u8> {
    let mut file = b"ANNALSMF".to_vec();
    file.extend_from_slice(&crc32fast::hash(covered).to_le_bytes());
    file.extend_from_slice(covered);
    file
}

/// A segment file with valid checksums (FORMAT.md section 4). `input` is the data behind the
/// header, with its length in two bytes before it, and the footer record without its schema.
pub fn segment_file(input: &[u8], schema: &Schema) -> Vec<u8> {
    let mut input = Input(input);
    let mut file = HEADER.to_vec();
    file.extend_from_slice(input.part());
    let sums: Vec<u8> = file
        .chunks(PAGE_BYTES)
        .flat_map(|page| crc32fast::hash(page).to_le_bytes())
        .collect();
    file.extend_from_slice(&sums);
    let mut footer = input.take(record_head(input.0)).to_vec();
    text(schema.json(), &mut footer);
    footer.extend_from_slice(input.0);
    footer.extend_from_slice(&crc32fast::hash(&sums).to_le_bytes());
    let footer_at = file.len() as u64;
    file.extend_from_slice(&footer);
    file.extend_from_slice(&footer_at.to_le_bytes());
    file.extend_from_slice(&(footer.len() as u32).to_le_bytes());
    file.extend_from_slice(&crc32fast::hash(&footer).to_le_bytes());
    file.extend_from_slice(&5u32.to_le_bytes());
    file.extend_from_slice(&[0; 4]);
    file.extend_from_slice(b"ANNALSEG");
    file
}

/// The input that [`segment_file`] makes this file of; `None` when it is longer than an input.
pub fn segment_input(file: &[u8], schema: &Schema) -> Option<Vec<u8>> {
    let tail = file.get(file.len().checked_sub(32)?..)?;
    let footer_at = u64::from_le_bytes(*tail.first_chunk()?) as usize;
    let record = file.get(footer_at..file.len() - 36)?;
    let data_len = footer_at - footer_at.div_ceil(PAGE_BYTES + 4) * 4;
    let data = file.get(HEADER.len()..data_len)?;
    let mut document = Vec::new();
    text(schema.json(), &mut document);
    let (head, rest) = record.split_at_checked(record_head(record))?;
    let rest = rest.strip_prefix(document.as_slice())?;
    let len = u16::try_from(data.len()).ok()?;
    Some([&len.to_le_bytes(), data, head, rest].concat())
}

/// Bytes of a footer record before its schema: the store's identity, a byte, and a varint.
fn record_head(record: &[u8]) -> usize {
    let end = record.iter().skip(17).position(|byte| *byte < 0x80);
    end.map_or(record.len(), |end| end + 18)
}

fn text(text: &str, out: &mut Vec<u8>) {
    let mut len = text.len();
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend_from_slice(text.as_bytes());
}
