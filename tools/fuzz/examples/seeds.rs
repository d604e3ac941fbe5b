//! Writes the seeds that nobody types: `cargo run --release --example seeds`, from tools/fuzz.

use std::error::Error;
use std::fs;
use std::path::Path;

use annals::columns::{Cell, Row, bits_of_f32};
use annals::fuzzing::{Segment, Stream, WireWriter, encode, encode_key, encode_row};
use annals::{Durability, ImportMode, Interaction, Limits, Schema, Store};
use annals_fuzz::{schema, segment_file, segment_input};

type Outcome = Result<(), Box<dyn Error>>;

/// How many values, and the value at a position, with noise.
type Shape = (u64, fn(u64, u64) -> u64);

fn write(target: &str, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

fn cells(number: u64) -> [Cell<'static>; 9] {
    let text = |texts: [&'static str; 3]| Cell::Text(texts[number as usize % 3]);
    [
        Cell::Null,
        text(["tea", "cake", "gr\u{FC}n"]),
        Cell::Null,
        text(["view", "View", "buy"]),
        match number % 4 {
            0 => Cell::Null,
            _ => Cell::Bits(bits_of_f32(number as f32 / 4.0)),
        },
        match number % 2 {
            0 => Cell::Null,
            _ => text(["tea|cake", "scone", "cake|tea|scone"]),
        },
        Cell::of_i64(number as i64 - 9),
        Cell::Bits((number as f64 / 3.0).to_bits()),
        Cell::Bits(number % 2),
    ]
}

/// Users of any name, or of many numbers, which are kept as such.
fn user_of(rows: u64, number: u64) -> String {
    match rows {
        600 => format!("user-{:04}", number / 4),
        _ => ["ann", "bob", "b\u{F6}b", "zo\u{EB}"][number as usize % 4].to_owned(),
    }
}

/// Segments of few and of many rows, and the manifest of the store.
fn store(schema: &Schema) -> Outcome {
    let folder = tempfile::tempdir()?;
    let store = Store::create(folder.path(), schema)?;
    for rows in [1, 9, 400, 600] {
        let mut import = store.import(ImportMode::Incremental)?;
        for number in 0..rows {
            import.push_row(&Row {
                user: user_of(rows, number).as_str(),
                timestamp: 1_000 + 30 * number as i64,
                cells: &cells(number),
            })?;
        }
        import.commit()?;
    }
    store.write(
        Interaction::new("ann", "tea", 60).event_type("view"),
        Durability::Synced,
    )?;
    for entry in fs::read_dir(folder.path().join("segments"))? {
        let entry = entry?;
        let input = segment_input(&fs::read(entry.path())?, schema).ok_or("a long segment")?;
        Segment::open(
            "seed",
            bytes::Bytes::from(segment_file(&input, schema)),
            schema,
        )?;
        write("segment", &format!("{}-bytes", input.len()), &input)?;
    }
    let manifest = fs::read(folder.path().join("MANIFEST"))?;
    let covered = manifest.get(12..).ok_or("a short manifest")?;
    Ok(write("manifest", "three-segments", covered)?)
}

/// A stream of each encoding.
fn streams() -> Outcome {
    let noise = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let shapes: [Shape; 6] = [
        (9, |_, _| 9),
        (40, |_, noise| noise % 256),
        (900, |at, _| at / 300 * 7),
        (400, |_, noise| 5_000 / (noise % 5_000 + 1)),
        (
            2_000,
            |_, noise| if noise % 9 > 0 { 2 } else { noise % 4 + 2 },
        ),
        (150, |at, noise| 1_600_000_000 + at * 60 + noise % 60),
    ];
    for (count, value) in shapes {
        let values: Vec<u64> = (0..count).map(|at| value(at, noise(at))).collect();
        let mut bytes = Vec::new();
        let descriptor = encode(&values, &mut bytes)?;
        Stream::open(&descriptor)?;
        let mut wire = WireWriter::new();
        descriptor.write(&mut wire);
        let record = wire.finish();
        let mut seed = (record.len() as u16).to_le_bytes().to_vec();
        seed.extend_from_slice(&record);
        seed.extend_from_slice(&[0, 0]);
        seed.extend_from_slice(&(count as u16).to_le_bytes());
        seed.push(3);
        seed.extend_from_slice(&bytes);
        write("stream", descriptor.encoding.name(), &seed)?;
    }
    Ok(())
}

fn main() -> Outcome {
    let schema = schema(&Limits::unlimited());
    store(&schema)?;
    streams()?;
    for (name, user) in [("plain", "ann"), ("escaped", "a\0\0b"), ("empty", "")] {
        let mut key = Vec::new();
        encode_key(user, 1_600_000_000, 7, 1, &mut key);
        write("hot_key", name, &key)?;
    }
    for number in 0..3 {
        let mut row = Vec::new();
        encode_row(&schema, &cells(number), &mut row)?;
        write("hot_row", &format!("row-{number}"), &row)?;
    }
    write("schema", "every-type", schema.json().as_bytes())?;
    Ok(())
}
