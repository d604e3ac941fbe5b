//! Imports of files that are not in the contract's form.

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

#[test]
fn times_are_converted_as_they_are_said_to_be() {
    let time = |written: &str, options: &[&str]| {
        let text = format!("u;i;{written}\n");
        let columns = [
            "--delimiter",
            ";",
            "--columns",
            "USER_ID,ITEM_ID,TIMESTAMP",
            "--set",
            "EVENT_TYPE=v",
        ];
        import("f", text, &[&columns, options].concat())
    };
    for (written, options) in [
        ("1593878903.438", &["--fractions", "drop"][..]),
        ("1593878903438", &["--time-unit", "ms"]),
        ("1593878903438999", &["--time-unit", "us"]),
        ("1593878903438999111", &["--time-unit", "ns"]),
        ("1593878903438.5", &["--time-unit", "ms"]),
        ("2020-07-04T16:08:23.438Z", &["--time-unit", "iso"]),
        ("2020-07-04 16:08:23 UTC", &["--time-unit", "iso"]),
        ("2020-07-04T18:08:23+02:00", &["--time-unit", "iso"]),
        (
            "2020-07-04 18:08:23",
            &["--time-unit", "iso", "--timezone", "+02:00"],
        ),
        (
            "2020-07-04 09:08:23",
            &["--time-unit", "iso", "--timezone", "-0700"],
        ),
        (
            "04/07/2020 16.08.23",
            &["--time-unit", "%d/%m/%Y %H.%M.%S", "--timezone", "utc"],
        ),
        (
            "Sat Jul 04 09:08:23 -0700 2020",
            &["--time-unit", "%a %b %d %H:%M:%S %z %Y"],
        ),
    ] {
        assert_eq!(time(written, options), "u,i,1593878903,v,,,\n", "{written}");
    }
    assert_eq!(
        time("2020-07-04", &["--time-unit", "iso"]),
        "u,i,1593820800,v,,,\n"
    );
    assert_eq!(
        time("2020-07-04", &["--time-unit", "%Y-%m-%d"]),
        "u,i,1593820800,v,,,\n"
    );
}

#[test]
fn times_of_another_form_are_refused_with_the_option() {
    let columns = [
        "--columns",
        "USER_ID,ITEM_ID,TIMESTAMP",
        "--set",
        "EVENT_TYPE=v",
    ];
    for (written, options, told) in [
        (
            "1593878903.4",
            &["--time-unit", "ms", "--fractions", "refuse"][..],
            "file: line 1, column TIMESTAMP: value \"1593878903.4\": has a fraction of a second; drop fractions \
             (--fractions drop)\n",
        ),
        (
            "soon",
            &["--time-unit", "ms"],
            "value \"soon\": must be a number of milliseconds since 1970; say how times are written (--time-unit)\n",
        ),
        (
            "04/07/2020",
            &["--time-unit", "iso"],
            "value \"04/07/2020\": must be a date, or date and time, by ISO 8601, such as 2024-01-31T12:00:00Z; \
             say how times are written (--time-unit)\n",
        ),
        (
            "1",
            &["--time-unit", "iso", "--timezone", "Nowhere/Else"],
            "time zone \"Nowhere/Else\": not known; write UTC, an offset such as +02:00, or a name of the \
             system's time zone database such as Europe/Berlin",
        ),
    ] {
        let said = refused(format!("u,i,{written}\n"), &[&columns, options].concat());
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn what_is_assumed_of_times_is_said() {
    let folder = Folder::with_store();
    folder.write("f", "u,i,2020-07-04\nu,j,2020-07-05\n");
    let columns = [
        "--columns",
        "USER_ID,ITEM_ID,TIMESTAMP",
        "--set",
        "EVENT_TYPE=v",
    ];
    let line = [
        &["import", "store", "f", "--time-unit", "iso"],
        &columns[..],
    ]
    .concat();
    let said = folder.run(&line).stderr;
    let told = "warning: 2 rows whose time names no zone, and was taken for UTC; name the zone (--timezone)\n";
    assert!(said.contains(told), "{said}");
    let line = [
        "import",
        "store",
        "f",
        "--columns",
        "USER_ID,ITEM_ID,_",
        "--order-as-time",
        "--set",
        "EVENT_TYPE=v",
    ];
    let said = folder.run(&line).stderr;
    let told = "warning: 2 rows without a time: its position in the import is its TIMESTAMP (--order-as-time)\n";
    assert!(said.contains(told), "{said}");
    assert!(
        folder
            .exported("store")
            .starts_with(&format!("{HEADER}u,i,1,v,,,\nu,j,2,v,,,\n"))
    );
}

#[test]
fn impressions_are_lists_as_they_are_said_to_be() {
    let columns = [
        "--delimiter",
        "tab",
        "--columns",
        "USER_ID,ITEM_ID,TIMESTAMP,IMPRESSION",
        "--set",
        "EVENT_TYPE=v",
    ];
    for (written, separator) in [
        ("a|b", "|"),
        ("a, b", ","),
        ("a  b", " "),
        (r#""[""a"", ""b""]""#, "json"),
    ] {
        let options = [&columns[..], &["--list-separator", separator]].concat();
        assert_eq!(
            import("f", format!("u\ti\t1\t{written}\n"), &options),
            "u,i,1,v,,,a|b\n",
            "{separator}"
        );
    }
    let options = [
        &columns[..],
        &["--list-separator", "json", "--quotes", "none"],
    ]
    .concat();
    assert_eq!(
        import("f", "u\ti\t1\t[1, \"b\"]\n", &options),
        "u,i,1,v,,,1|b\n"
    );
    let said = refused("u\ti\t1\ta b\n", &options);
    assert!(
        said.contains("column IMPRESSION: value \"a b\": must be a list of item ids in JSON"),
        "{said}"
    );
    let options = [&columns[..], &["--list-separator", ","]].concat();
    let said = refused("u\ti\t1\ta|b,c\n", &options);
    assert!(
        said.contains("column IMPRESSION: the item \"a|b\" holds a bar, which separates items"),
        "{said}"
    );
}

#[test]
fn lists_that_are_taken_for_one_item_are_told() {
    let folder = Folder::with_store();
    folder.write(
        "f",
        format!("{HEADER}u,i,1,v,,,a|b c\nu,i,1,v,,,a b\nu,i,1,v,,,\"[\"\"a\"\"]\"\n"),
    );
    let said = folder.run(&["import", "store", "f"]).stderr;
    let told = "warning: 2 rows whose IMPRESSION looks like a list without bars, the first at f: line 3: each is taken \
                for one item; say what separates items (--list-separator ',', ' ' or json)\n";
    assert!(said.contains(told), "{said}");
    let said = folder.run(&["schema", "infer", "f"]).stderr;
    assert!(
        said.contains(
            "2 rows whose IMPRESSION looks like a list without bars, the first at line 3"
        ),
        "{said}"
    );
}

#[test]
fn times_in_another_unit_name_the_option() {
    let folder = Folder::with_store();
    folder.write("f", format!("{HEADER}u,i,1700000000000,v,,,\n"));
    let told = "timestamps are Unix epoch seconds: divide by 1000, or import with --time-unit ms\n";
    for line in [&["import", "store", "f"][..], &["schema", "infer", "f"]] {
        let said = folder.run(line).stderr;
        assert!(said.contains(told), "{said}");
    }
    folder
        .run(&[
            "import",
            "store",
            "f",
            "--mode",
            "full",
            "--time-unit",
            "ms",
        ])
        .ok();
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}u,i,1700000000,v,,,\n")
    );
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
fn labelled_items_give_a_row_a_click() {
    let columns = [
        "--columns",
        "USER_ID,TIMESTAMP,IMPRESSION",
        "--set",
        "EVENT_TYPE=v",
        "--list-separator",
        " ",
    ];
    let options = [&columns[..], &["--click-labels"]].concat();
    assert_eq!(
        import("f", "u,1,a-1 b-0 c-d-1\nu,2,a-0\nu,3,\n", &options),
        "u,a,1,v,,,a|b|c-d\nu,c-d,1,v,,,a|b|c-d\n"
    );
    let said = refused("u,1,a-1 b\n", &options);
    assert!(
        said.contains("file: line 1, column IMPRESSION: the item \"b\" has no label; write item-1"),
        "{said}"
    );
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
fn a_proposed_import_line_reads_the_times_of_the_file() {
    for (time, unit) in [("2026-09-24T10:00:00Z", "iso"), ("1788300000123", "ms")] {
        let folder = Folder::with_store();
        let rows = format!("{}u\ti\t{time}\tview\t\t\t\n", HEADER.replace(',', "\t"));
        folder.write("f.tsv", rows);
        let ran = folder.run(&["schema", "infer", "f.tsv", "--delimiter", "tab"]);
        let options = format!("--delimiter tab --time-unit {unit}");
        let line = format!("annals: import with: annals import STORE f.tsv {options}\n");
        assert!(ran.stderr.contains(&line), "{}", ran.stderr);
        ran.ok();
        let import = ["import", "store", "f.tsv"].into_iter();
        let import: Vec<&str> = import.chain(options.split(' ')).collect();
        folder.run(&import).ok();
    }
    let folder = Folder::new();
    folder.write(
        "f.csv",
        "When,Who is it,thing\n2026-09-24T10:00:00Z,u,i\n2026-09-25T10:00:00Z,v,j\n",
    );
    let said = folder.run(&["schema", "infer", "f.csv"]).fails(3);
    assert!(said.contains("TIMESTAMP (it may be When)"), "{said}");
    assert!(said.contains("(--map FIELD=COLUMN,...)"), "{said}");
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
fn rejects_can_be_corrected_and_imported() {
    let columns = ["--delimiter", "tab", "--map", MAP, "--time-unit", "ms"];
    let headless = [
        "--columns",
        "USER_ID,EVENT_TYPE,ITEM_ID,TIMESTAMP",
        "--quotes",
        "none",
    ];
    let header = "visitorid\tevent\titemid\tts\n";
    for (header, options) in [
        (header, &columns[..]),
        ("", &[&headless, &columns[..2], &columns[4..]].concat()),
    ] {
        let folder = Folder::with_store();
        folder.write(
            "f",
            format!("{header}u\tview\ti\t1000\nu\t\"view\"\tj\tsoon\nu\tview\tk\n"),
        );
        let skip = [&["import", "store", "f", "--on-error", "skip"], options].concat();
        let said = folder.run(&skip).fails(3);
        assert!(said.contains("annals: 2 rows of 3 rejected\n"), "{said}");
        let rejects = folder.read("rejects.csv");
        assert!(
            rejects.starts_with("file,line,column,reason,record,header\nf,"),
            "{rejects}"
        );
        folder.write(
            "rejects.csv",
            rejects.replace("soon", "2000").replace("\tk", "\tk\t3000"),
        );
        let again = [&["import", "store", "rejects.csv"], options].concat();
        folder.run(&again).ok();
        let exported = folder.exported("store").replace("\"\"\"view\"\"\"", "view");
        assert_eq!(
            exported,
            format!("{HEADER}u,i,1,view,,,\nu,j,2,view,,,\nu,k,3,view,,,\n")
        );
    }
}

#[test]
fn rejects_that_are_broken_are_bad_input() {
    let folder = Folder::with_store();
    folder.write("f", format!("{HEADER}u,i,x,v,,,\n"));
    folder
        .run(&["import", "store", "f", "--on-error", "skip"])
        .fails(3);
    let rejects = folder.read("rejects.csv");
    // A quote that stood before the record is gone, so that its commas count.
    let broken = rejects.replacen(",\"u,i,x,v,,,\"", ",u,i,x,v,,,", 1);
    assert_ne!(broken, rejects);
    folder.write("broken.csv", broken);
    let said = folder.run(&["import", "store", "broken.csv"]).fails(3);
    assert!(said.contains("broken.csv: "), "{said}");
    assert!(
        said.contains("line 2: 12 values, but a rejects file has 6"),
        "{said}"
    );
    folder.write(
        "cut.csv",
        rejects.lines().next().unwrap().to_owned() + "\nf,3\n",
    );
    let said = folder.run(&["import", "store", "cut.csv"]).fails(3);
    assert!(
        said.contains("line 2: 2 values, but a rejects file has 6"),
        "{said}"
    );
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

/// The names and bytes of all files below a folder, sorted.
fn bytes_below(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(bytes_below(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_dry_run_changes_no_byte_and_runs_beside_a_writer() {
    let folder = Folder::with_rows();
    let line = r#"{"USER_ID":"a","ITEM_ID":"i1","TIMESTAMP":1,"EVENT_TYPE":"view"}"#;
    folder.run_with(&["put", "store"], line).ok();
    let before = bytes_below(&folder.path("store"));
    folder.write("f", format!("{HEADER}u,i,1,v,,,\nu,i,2,w,,,\n"));
    let dry = ["import", "store", "f", "--dry-run"];
    folder.run(&dry).ok();
    assert!(bytes_below(&folder.path("store")) == before);
    let many: String = (0..9).map(|n| format!("u,i,{n},type {n},,,\n")).collect();
    folder.write("many", format!("{HEADER}{many}"));
    let said = folder.run(&["import", "store", "many", "--dry-run"]);
    let for_good = folder.run(&["import", "store", "many"]);
    assert_eq!(said.fails(3), for_good.fails(3));

    let store = annals::Store::open(folder.path("store")).unwrap();
    folder.run(&dry).ok();
    drop(store);
}

#[test]
fn more_bad_rows_than_were_allowed_end_the_import() {
    let folder = Folder::with_store();
    folder.write("f", format!("{HEADER}u,i,1,v,,,\nu,i,x,v,,,\nu,i,y,v,,,\n"));
    let line = ["import", "store", "f", "--on-error", "skip", "--max-errors"];
    let said = folder.run(&[&line[..], &["1"]].concat()).fails(3);
    assert!(
        said.contains("more than 1 rows were refused, the last at f: line 4: "),
        "{said}"
    );
    assert_eq!(folder.exported("store"), HEADER);
    assert!(!folder.path("rejects.csv").exists());
    let said = folder.run(&[&line[..], &["2"]].concat()).fails(3);
    assert!(said.ends_with("annals: 2 rows of 3 rejected\n"), "{said}");
    assert_eq!(folder.exported("store"), format!("{HEADER}u,i,1,v,,,\n"));
    let said = folder
        .run(&["import", "store", "f", "--max-errors", "1"])
        .fails(2);
    assert_eq!(said, "annals: --max-errors needs --on-error skip\n");
}

#[test]
fn a_dry_run_shows_rows_and_writes_nothing() {
    let folder = Folder::with_rows();
    let before = folder.exported("store");
    folder.write("f", format!("{HEADER}u,i,1,v,1.5,tv,a|b\nu,i,x,v,,,\n"));
    let line = [
        "import",
        "store",
        "f",
        "--mode",
        "full",
        "--on-error",
        "skip",
        "--dry-run",
    ];
    let ran = folder.run(&line);
    assert_eq!(ran.stdout, format!("{HEADER}u,i,1,v,1.5,tv,a|b\n"));
    let said = ran.fails(3);
    for told in [
        "annals: f: line 3, column TIMESTAMP: value \"x\": a timestamp must be a whole number",
        "annals: 1 row would be imported from 1 file, from 1 (1970-01-01T00:00:01Z) to 1 (1970-01-01T00:00:01Z); \
         nothing was written (--dry-run)\n",
    ] {
        assert!(said.contains(told), "{said}");
    }
    assert_eq!(folder.exported("store"), before);
    assert!(!folder.path("rejects.csv").exists());
    assert_eq!(folder.names("store/temporary"), [""; 0]);
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
