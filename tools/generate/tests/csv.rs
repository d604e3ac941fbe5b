//! The CSV form holds the rows, and the same bytes on every machine.

#![allow(clippy::unwrap_used, reason = "a failed call fails the test")]

use std::io::{self, Write};

use annals_generate::{Generator, HEADER, Options, Row, SCHEMA, Shape, item_id, location, user_id};

fn csv_of(options: &Options) -> Vec<u8> {
    let mut out = Vec::new();
    let rows = Generator::new(options.clone())
        .unwrap()
        .write_csv(&mut out, &mut |_| {})
        .unwrap();
    assert_eq!(rows, options.rows);
    out
}

fn with_seed(rows: u64, seed: u64) -> Options {
    Options {
        seed,
        ..Options::new(rows)
    }
}

#[test]
fn the_bytes_depend_on_nothing_but_the_options() {
    let carousel = Options {
        carousel: true,
        ..Options::new(20_000)
    };
    let checksums = [Options::new(20_000), carousel, with_seed(20_000, 2)]
        .map(|options| crc32fast::hash(&csv_of(&options)));
    assert_eq!(checksums, [568_034_817, 4_067_723_905, 2_691_647_463]);
    let shapes = [Shape::Shop, Shape::News, Shape::Tail]
        .map(|shape| crc32fast::hash(&csv_of(&Options::of_shape(shape, 20_000))));
    assert_eq!(shapes, [651_724_944, 724_720_938, 2_708_748_646]);
}

#[test]
fn a_csv_reader_finds_the_rows() {
    let options = Options::new(10_000);
    let text = csv_of(&options);
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header: Vec<&str> = HEADER.split(',').collect();
    assert_eq!(reader.headers().unwrap(), header);

    let mut generator = Generator::new(options).unwrap();
    let mut row = Row::default();
    for record in reader.records() {
        assert!(generator.next(&mut row));
        let value = row.event_value.map(|v| format!("{v:?}"));
        let items: Vec<String> = row.impression.iter().map(|&i| item_id(i)).collect();
        let expected = [
            user_id(row.user),
            item_id(row.item),
            row.timestamp.to_string(),
            row.event_type.name().to_owned(),
            value.unwrap_or_default(),
            location(row.location),
            row.device.map(|d| d.name().to_owned()).unwrap_or_default(),
            items.join("|"),
        ];
        assert_eq!(record.unwrap(), expected[..]);
    }
    assert!(!generator.next(&mut row));
}

#[test]
fn the_schema_names_the_columns_in_order() {
    let names: Vec<&str> = SCHEMA
        .split("{\"name\": \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(names.join(","), HEADER);
}

#[test]
fn progress_grows_to_the_number_of_rows() {
    let mut calls = Vec::new();
    Generator::new(Options::new(20_000))
        .unwrap()
        .write_csv(&mut io::sink(), &mut |rows| calls.push(rows))
        .unwrap();
    assert!(calls.len() > 2 && calls.is_sorted());
    assert_eq!(calls.last(), Some(&20_000));
}

#[test]
fn a_failing_output_ends_the_writing() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut generator = Generator::new(Options::new(100_000)).unwrap();
    let error = generator.write_csv(&mut Full, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(generator.rows_left() > 0);
}
