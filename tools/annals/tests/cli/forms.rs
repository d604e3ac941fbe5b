//! Imports of files that are not in the contract's form.

mod dry_run;
mod impressions;
mod rejects;
mod times;

use std::io::Write;

use crate::support::{Folder, HEADER, ROWS, SORTED};

/// Imports a file with options into a store of the usual schema, and gives what it then holds.
#[track_caller]
fn import(name: &str, bytes: impl AsRef<[u8]>, options: &[&str]) -> String {
    let folder = Folder::with_store();
    folder.write(name, bytes);
    let line = [&["import", "store", name], options].concat();
    folder.run(&line).ok();
    let exported = folder.exported("store");
    exported.strip_prefix(HEADER).unwrap().to_owned()
}

/// What an import with these options says that is refused.
#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, options: &[&str]) -> String {
    let folder = Folder::with_store();
    folder.write("file", bytes);
    let line = [&["import", "store", "file"], options].concat();
    let said = folder.run(&line).fails(3);
    assert_eq!(folder.exported("store"), HEADER);
    said
}

const MAP: &str = "USER_ID=visitorid,ITEM_ID=itemid,TIMESTAMP=ts,EVENT_TYPE=event";

#[test]
fn columns_are_mapped_set_and_left_out() {
    let text = ",visitorid,event,itemid,ts,more\n0,u,view,i,10,x\n1,t,buy,j,20,y\n";
    let folder = Folder::with_store();
    folder.write("file.csv", text);
    let set = [
        "import",
        "store",
        "file.csv",
        "--map",
        MAP,
        "--set",
        "DEVICE=tv",
    ];
    let ran = folder.run(&set);
    for told in [
        "warning: file.csv: no column for EVENT_VALUE, IMPRESSION: null in every row\n",
        "warning: file.csv: columns left out: more\n",
    ] {
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    ran.ok();
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}t,j,20,buy,,tv,\nu,i,10,view,,tv,\n")
    );
}

#[test]
fn all_that_does_not_fit_comes_in_one_message() {
    let said = refused(
        "visitorid,event,ItemId,ts\nu,view,i,1\n",
        &[
            "--map",
            "USER_ID=visitor,ITEM_ID=itemid,TIMESTAMP=ts,EVENT=event",
            "--set",
            "DEVIC=tv",
        ],
    );
    for told in [
        "--set names \"DEVIC\", which is no field of the schema",
        "--map USER_ID=visitor: the file has no column \"visitor\"; it has visitorid, event, ItemId, ts",
        "--map ITEM_ID=itemid: the file has no column \"itemid\" (is it ItemId?)",
        "--map names \"EVENT\", which is no field of the schema",
        "no column for EVENT_TYPE; say which columns hold them (--map FIELD=COLUMN), or give a value",
    ] {
        assert!(said.contains(told), "{told}\n{said}");
    }
}

#[test]
fn delimiters_quotes_and_headers_are_options() {
    let expected = "u,\"i;\"\"1\",10,view,1.5,,\n";
    let text = "USER_ID;ITEM_ID;TIMESTAMP;EVENT_TYPE;EVENT_VALUE;DEVICE;IMPRESSION\nu;\"i;\"\"1\";10;view;1,5;;\n";
    assert_eq!(
        import("f", text, &["--delimiter", ";", "--decimal-comma"]),
        expected
    );
    let expected = "u,\"\"\"i\",10,view,,,\n";
    let columns = [
        "--columns",
        "USER_ID,_,ITEM_ID,TIMESTAMP",
        "--set",
        "EVENT_TYPE=view",
    ];
    for (delimiter, text) in [
        ("tab", "u\tx\t\"i\t10\n"),
        ("|", "u|x|\"i|10\n"),
        ("::", "u::x::\"i::10\n"),
        (",", "u,x,\"i,10\r\n"),
    ] {
        let options = [
            &["--delimiter", delimiter, "--quotes", "none"],
            &columns[..],
        ]
        .concat();
        assert_eq!(import("f", text, &options), expected, "{delimiter}");
    }
}

#[test]
fn a_header_of_another_form_names_the_option_that_takes_it() {
    for (text, told) in [
        (
            "user_id\titem_id\ttimestamp\nu\ti\t1\n",
            "file: line 1: tabs separate the columns; say so (--delimiter tab), or separate them by commas\n",
        ),
        (
            "1::1193::5::978300760\n",
            "double colons separate the columns, and the file has no header: its first line holds values, such \
             as \"1\"; say so (--delimiter ::), and name its columns (--columns USER_ID,_,ITEM_ID, where _ passes \
             one over)\n",
        ),
        (
            "1,2014-04-07T10:51:09.277Z,214536502,0\n",
            "the file has no header: its first line holds values, such as \"1\"; name its columns (--columns \
             USER_ID,_,ITEM_ID, where _ passes one over), or put a line above it that does\n",
        ),
    ] {
        let said = refused(text, &[]);
        assert!(said.ends_with(told), "{said}");
    }
}

/// Files of many blocks, read by several threads, are what their rows are one by one.
#[test]
fn blocks_of_a_form_are_its_rows() {
    let (mut tabs, mut json, mut commas) = (String::new(), String::new(), HEADER.to_owned());
    for row in 0..6000 {
        let time = match row % 1000 {
            500 => "soon".to_owned(),
            _ => (1_000_000 + row).to_string(),
        };
        let (user, item) = (row % 97, row % 1013);
        tabs += &format!("u{user}\tmore\t\"i{item}\"\t{time}000\ta b\n");
        json += &format!(
            r#"{{"w": "i{item}", "who": "u{user}", "at": "{time}000", "seen": ["a", "b"]}}"#
        );
        json.push('\n');
        commas += &format!("u{user},i{item},{time},v,,,a|b\n");
    }
    let map = "USER_ID=who,ITEM_ID=w,TIMESTAMP=at,IMPRESSION=seen";
    let tab = [
        "--delimiter",
        "tab",
        "--columns",
        "USER_ID,_,ITEM_ID,TIMESTAMP,IMPRESSION",
        "--list-separator",
        " ",
    ];
    let unit = ["--time-unit", "ms", "--set", "EVENT_TYPE=v"];
    let stored = [
        (tabs, [&tab[..], &unit].concat()),
        (json, [&["--map", map], &unit[..]].concat()),
        (commas, Vec::new()),
    ]
    .map(|(text, options)| {
        let folder = Folder::with_store();
        folder.write("f", text);
        let line = [
            "import",
            "store",
            "f",
            "--on-error",
            "skip",
            "--memory-budget",
            "1",
        ];
        let said = folder.run(&[&line[..], &options].concat()).fails(3);
        assert!(
            said.ends_with("annals: 6 rows of 6,000 rejected\n"),
            "{said}"
        );
        let lines = folder.read("rejects.csv");
        let lines = lines
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(1).unwrap().to_owned());
        (folder.exported("store"), lines.collect::<Vec<_>>())
    });
    assert_eq!(stored[0].0, stored[2].0);
    assert_eq!(stored[1].0, stored[2].0);
    assert_eq!(stored[0].1, ["501", "1501", "2501", "3501", "4501", "5501"]);
    assert_eq!(stored[1].1, stored[0].1);
}

#[test]
fn json_lines_are_taken_by_their_keys() {
    let by_names = r#"{"USER_ID": "u", "ITEM_ID": "i", "TIMESTAMP": 1, "EVENT_TYPE": "v", "EVENT_VALUE": 1.5, "DEVICE": null, "IMPRESSION": ["a", "b"]}
{"USER_ID":"u","ITEM_ID":"j","TIMESTAMP":"2","EVENT_TYPE":"v"}"#;
    assert_eq!(
        import("f.jsonl", by_names, &[]),
        "u,i,1,v,1.5,,a|b\nu,j,2,v,,,\n"
    );
    let nested =
        r#"{"user": {"id": 7}, "sku": "i", "at": 1000, "kinds": ["tv", 2], "more": {"a": [1]}}"#;
    let map = "USER_ID=user.id,ITEM_ID=sku,TIMESTAMP=at,DEVICE=kinds";
    assert_eq!(
        import(
            "f",
            nested,
            &["--map", map, "--set", "EVENT_TYPE=v", "--time-unit", "ms"]
        ),
        "7,i,1,v,,tv|2,\n"
    );
    let said = refused(r#"{"user_id": "u"}"#, &[]);
    assert!(
        said.contains("file: line 1, column user_id: the schema has no such field; say which keys are fields (--map)"),
        "{said}"
    );
    let said = refused("{\"USER_ID\": \"u\"}\n{]\n", &["--set", "EVENT_TYPE=v"]);
    assert!(
        said.contains(
            "file: line 1, column ITEM_ID: there is no key \"ITEM_ID\", and the field is not nullable; \
             the object has USER_ID"
        ),
        "{said}"
    );
}

#[test]
fn keys_of_json_lines_that_no_line_has_are_named() {
    let folder = Folder::with_store();
    folder.write(
        "f.jsonl",
        "{\"who\": {\"id\": \"u\"}, \"sku\": \"i\", \"at\": 1, \"score\": 2}\n",
    );
    let run = |map: &str| {
        let set = ["--set", "EVENT_TYPE=v"];
        folder.run(&[&["import", "store", "f.jsonl", "--map", map][..], &set].concat())
    };
    let wrong = run("USER_ID=who.uid,ITEM_ID=sku,TIMESTAMP=at").fails(3);
    assert!(
        wrong.contains(
            "line 1, column USER_ID: there is no key \"who.uid\", and the field is not nullable; the \
             object has who.id, sku, at, score"
        ),
        "{wrong}"
    );
    let ran = run("USER_ID=who.id,ITEM_ID=sku,TIMESTAMP=at,EVENT_VALUE=scoore");
    for (key, field) in [("scoore", "EVENT_VALUE"), ("DEVICE", "DEVICE")] {
        let told = format!(
            "warning: f.jsonl: no object has the key \"{key}\": {field} is null in every row\n"
        );
        assert!(ran.stderr.contains(&told), "{}", ran.stderr);
    }
    ran.ok();
    let ran = run("USER_ID=who.id,ITEM_ID=sku,TIMESTAMP=at,EVENT_VALUE=score");
    assert!(!ran.stderr.contains("EVENT_VALUE"), "{}", ran.stderr);
    ran.ok();
}

#[test]
fn compressed_files_and_standard_input_are_taken() {
    let text = format!("{HEADER}{ROWS}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    assert_eq!(import("rows.csv", &gzip, &[]), SORTED);
    assert_eq!(import("rows.csv.zst", &zstd, &[]), SORTED);
    // Two members behind each other are one file.
    let twice = [gzip.clone(), gzip_of(ROWS)].concat();
    assert_eq!(import("rows.csv.gz", &twice, &[]).lines().count(), 8);
    for bytes in [text.as_bytes(), &gzip, &zstd] {
        let folder = Folder::with_store();
        let summary = folder.run_with(&["import", "store", "-"], bytes).ok();
        assert!(
            summary.starts_with("4 rows imported from 1 file in "),
            "{summary}"
        );
        assert_eq!(folder.exported("store"), format!("{HEADER}{SORTED}"));
    }
    let folder = Folder::with_store();
    folder.write("cut.csv.gz", &gzip[..gzip.len() - 9]);
    let said = folder.run(&["import", "store", "cut.csv.gz"]).fails(3);
    assert!(
        said.starts_with(
            "annals: cut.csv.gz: the file is compressed by gzip, and damaged or cut ("
        ),
        "{said}"
    );
    assert_eq!(folder.exported("store"), HEADER);
    let said = folder.run(&["import", "store", "-", "cut.csv.gz"]).fails(2);
    assert_eq!(
        said,
        "annals: -: standard input is one import; give it alone\n"
    );
}

fn gzip_of(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn what_is_said_of_lines_is_refused_where_there_are_none() {
    let folder = Folder::with_store();
    folder.write(
        "f.jsonl",
        r#"{"USER_ID":"a","ITEM_ID":"i1","TIMESTAMP":1,"EVENT_TYPE":"view"}"#,
    );
    for option in [
        &["--delimiter", "tab"][..],
        &["--delimiter", ","],
        &["--quotes", "none"],
        &["--columns", "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"],
    ] {
        let line = [&["import", "store", "f.jsonl"][..], option].concat();
        let said = folder.run(&line).fails(3);
        assert!(said.contains("f.jsonl: --"), "{said}");
        assert!(said.contains("the file holds JSON lines"), "{said}");
        assert!(said.contains(option[0]), "{said}");
    }
    assert_eq!(folder.exported("store"), HEADER);
}

#[test]
fn repeats_are_counted_and_left_out_on_request() {
    let text = "u,i,1,view\nu,i,1,view\nu,i,1,buy\nu,j,1,view\n";
    let columns = ["--columns", "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"];
    let folder = Folder::with_store();
    folder.write("f", text);
    let line = [&["import", "store", "f"], &columns[..]].concat();
    let said = folder.run(&line).stderr;
    let told = "warning: 2 rows are equal to an earlier one in user, item and time, of these 1 in all fields; they are \
                kept, and can be left out (--distinct user-item-time, --distinct full)\n";
    assert!(said.contains(told), "{said}");
    for (distinct, left_out, expected) in [
        (
            "full",
            "1 repeat",
            "u,i,1,view,,,\nu,i,1,buy,,,\nu,j,1,view,,,\n",
        ),
        (
            "user-item-time",
            "2 repeats",
            "u,i,1,view,,,\nu,j,1,view,,,\n",
        ),
    ] {
        let folder = Folder::with_store();
        folder.write("f", text);
        let summary = folder
            .run(&[&line[..], &["--distinct", distinct]].concat())
            .ok();
        assert!(
            summary.ends_with(&format!("; {left_out} left out\n")),
            "{summary}"
        );
        assert_eq!(folder.exported("store"), format!("{HEADER}{expected}"));
    }
}

#[test]
fn a_format_that_no_time_can_be_read_by_is_refused_at_once() {
    let folder = Folder::with_rows();
    for format in ["%H:%M", "%Y", "%!"] {
        let message = folder
            .run(&["import", "store", "rows.csv", "--time-unit", format])
            .fails(2);
        assert!(message.contains("time format"), "{message}");
        assert!(message.contains("write one such as %d/%m/%Y"), "{message}");
    }
}
