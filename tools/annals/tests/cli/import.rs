use crate::support::{Folder, HEADER, ROWS, SORTED};

#[test]
fn a_summary_is_the_result() {
    let folder = Folder::with_store();
    folder.write("rows.csv", format!("{HEADER}{ROWS}"));
    let ran = folder.run(&["import", "store", "rows.csv"]);
    assert!(
        ran.stderr.contains("annals: warning: 4 rows in one import"),
        "{}",
        ran.stderr
    );
    let summary = ran.ok();
    assert!(
        summary.starts_with("4 rows imported from 1 file in "),
        "{summary}"
    );
    assert_eq!(folder.exported("store"), format!("{HEADER}{SORTED}"));
}

#[test]
fn files_and_folders_are_one_import() {
    let folder = Folder::with_store();
    std::fs::create_dir(folder.path("parts")).unwrap();
    let (first, second) = ROWS.split_at(ROWS.find("a,i1").unwrap());
    folder.write("one.csv", format!("{HEADER}{first}"));
    folder.write("parts/two.csv", format!("{HEADER}{second}"));
    folder.write("parts/notes.txt", "no rows");
    let summary = folder.run(&["import", "store", "one.csv", "parts"]).ok();
    assert!(
        summary.starts_with("4 rows imported from 2 files"),
        "{summary}"
    );
    assert_eq!(folder.exported("store"), format!("{HEADER}{SORTED}"));
    let dump = folder
        .run(&["dump", "store", "--segments", "--format", "json"])
        .ok();
    let dump: serde_json::Value = serde_json::from_str(&dump).unwrap();
    assert_eq!(dump["segments"][0]["sequences"], serde_json::json!([1, 1]));
}

#[test]
fn a_bad_row_leaves_the_store_as_it_was() {
    let folder = Folder::with_rows();
    let before = folder.exported("store");
    folder.write(
        "bad.csv",
        format!("{HEADER}c,i1,1,view,,,\nc,i1,soon,view,,,\n"),
    );
    for mode in ["full", "incremental"] {
        let line = [
            "import",
            "store",
            "bad.csv",
            "--mode",
            mode,
            "--on-error",
            "abort",
        ];
        let message = folder.run(&line).fails(3);
        assert!(
            message.contains("bad.csv: line 3, column TIMESTAMP: value \"soon\": a timestamp"),
            "{message}"
        );
    }
    assert_eq!(folder.exported("store"), before);
    assert_eq!(folder.names("store/temporary"), [""; 0]);
    assert_eq!(folder.names("store/segments").len(), 1);
}

#[test]
fn skipped_rows_go_to_the_rejects() {
    let folder = Folder::with_store();
    folder.write(
        "bad.csv",
        format!("{HEADER}c,i1,1,view,,,\nc,i1,-5,view,,,\nc,i2,2,view,,\n"),
    );
    let line = [
        "import",
        "store",
        "bad.csv",
        "--on-error",
        "skip",
        "--rejects",
        "refused.csv",
    ];
    let ran = folder.run(&line);
    let summary = ran.stdout.clone();
    assert!(
        summary.starts_with("1 row imported from 1 file"),
        "{summary}"
    );
    assert!(
        summary.ends_with("; 2 rows rejected, see refused.csv\n"),
        "{summary}"
    );
    let said = ran.fails(3);
    assert!(said.ends_with("annals: 2 rows of 3 rejected\n"), "{said}");
    let rejects = folder.read("refused.csv");
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!(lines[0], "file,line,column,reason,record,header");
    assert!(lines[1].starts_with("bad.csv,3,TIMESTAMP,"), "{rejects}");
    let record = format!("\"c,i1,-5,view,,,\",\"{}\"", HEADER.trim_end());
    assert!(lines[1].ends_with(&record), "{rejects}");
    assert!(
        lines[2].starts_with("bad.csv,4,,\"6 values, but"),
        "{rejects}"
    );
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}c,i1,1,view,,,\n")
    );
}

#[test]
fn rejects_have_a_place_by_default_and_only_if_there_are_any() {
    let folder = Folder::with_store();
    folder.write("rows.csv", format!("{HEADER}{ROWS}"));
    let skip = |file| folder.run(&["import", "store", file, "--on-error", "skip"]);
    assert!(!skip("rows.csv").ok().contains("rejected"));
    assert!(!folder.path("rejects.csv").exists());
    folder.write("bad.csv", format!("{HEADER}c,i1,,view,,,\n"));
    let ran = skip("bad.csv");
    assert!(ran.stdout.ends_with("; 1 row rejected, see rejects.csv\n"));
    ran.fails(3);
    assert!(folder.read("rejects.csv").contains("bad.csv,2,TIMESTAMP,"));
}

#[test]
fn full_replaces_what_was_imported_and_nothing_else() {
    let folder = Folder::with_rows();
    let recorded = r#"{"USER_ID": "a", "ITEM_ID": "i9", "TIMESTAMP": 15, "EVENT_TYPE": "view"}"#;
    folder.run_with(&["put", "store"], recorded).ok();
    folder.write("new.csv", format!("{HEADER}a,i4,40,view,,,\n"));
    folder.run(&["import", "store", "new.csv"]).ok();
    assert_eq!(folder.exported("store").lines().count(), 7);
    folder
        .run(&["import", "store", "new.csv", "--mode", "full"])
        .ok();
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}a,i9,15,view,,,\na,i4,40,view,,,\n")
    );
    folder.run(&["verify", "store"]).ok();
}

#[test]
fn the_memory_budget_changes_nothing_but_the_memory() {
    let folder = Folder::new();
    let rows = [
        "--rows",
        "60000",
        "--schema-out",
        "schema.json",
        "--output",
        "rows.csv",
    ];
    folder.run(&[&["generate"], &rows[..]].concat()).ok();
    for (store, budget) in [("small", "1"), ("large", "512")] {
        folder.run(&["init", store, "--schema", "schema.json"]).ok();
        folder
            .run(&["import", store, "rows.csv", "--memory-budget", budget])
            .ok();
    }
    // Were nothing spilled, one segment would hold all.
    assert!(folder.names("small/segments").len() > folder.names("large/segments").len());
    assert_eq!(folder.exported("small"), folder.exported("large"));
}

#[test]
fn many_imports_are_merged_without_being_asked() {
    let folder = Folder::with_store();
    for n in 0..8 {
        folder.write("rows.csv", format!("{HEADER}a,i{n},{n},view,,,\n"));
        folder.run(&["import", "store", "rows.csv"]).ok();
    }
    assert!(folder.names("store/segments").len() <= 4);
    assert_eq!(folder.exported("store").lines().count(), 9);
}

#[test]
fn milliseconds_are_warned_about() {
    let folder = Folder::with_store();
    folder.write("rows.csv", format!("{HEADER}a,i1,1700000000000,view,,,\n"));
    let ran = folder.run(&["import", "store", "rows.csv"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr
            .contains("looks like milliseconds, the first at rows.csv: line 2")
    );
}

/// What is no CSV with a header is named as what it is, by whatever reads it.
#[test]
fn files_of_another_form_are_named() {
    let folder = Folder::with_store();
    for (bytes, what) in [
        (
            &b"user_id\titem_id\ttimestamp\nu\ti\t1\n"[..],
            "tabs separate the columns",
        ),
        (
            b"1,2014-04-07T10:51:09.277Z,214536502,0\n",
            "the file has no header",
        ),
        (
            b"BZh91AY&SY\n",
            "the file is compressed by bzip2; decompress it first: bzip2 -d",
        ),
    ] {
        folder.write("rows.csv", bytes);
        for line in [
            &["import", "store", "rows.csv"][..],
            &["schema", "infer", "rows.csv"],
        ] {
            let message = folder.run(line).fails(3);
            let want = format!("annals: rows.csv: line 1: {what}");
            assert!(message.starts_with(&want), "{message}");
        }
    }
    for (bytes, what) in [
        (
            &b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x0b\n"[..],
            "the file is compressed by gzip, and damaged or cut (",
        ),
        (
            b"\x28\xb5\x2f\xfd\x04\0\n",
            "the file is compressed by zstd, and damaged or cut (",
        ),
        (b"PAR1\x15\x04\x15\n", "cannot be read as Parquet: "),
    ] {
        folder.write("rows.csv", bytes);
        for line in [
            &["import", "store", "rows.csv"][..],
            &["schema", "infer", "rows.csv"],
        ] {
            let message = folder.run(line).fails(3);
            let want = format!("annals: rows.csv: {what}");
            assert!(message.starts_with(&want), "{message}");
        }
    }
    for command in ["put", "put-events", "recommendations"] {
        let message = folder
            .run_with(&[command, "store"], b"\x1f\x8b\x08\n{}\n")
            .fails(3);
        let want = "annals: standard input: line 1: the file is compressed by gzip";
        assert!(message.starts_with(want), "{message}");
    }
}

#[test]
fn all_wrong_names_come_in_one_message() {
    let folder = Folder::with_store();
    folder.write(
        "rows.csv",
        "user_id,item,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,Device,IMPRESSION\n",
    );
    let message = folder.run(&["import", "store", "rows.csv"]).fails(3);
    assert_eq!(
        message,
        "annals: rows.csv: line 1: the schema has no column \"user_id\" (did you mean USER_ID?), \
         \"item\", \"Device\" (did you mean DEVICE?); the header lacks ITEM_ID; add --map \
         USER_ID=user_id,ITEM_ID=item,DEVICE=Device to the import, which leaves out other columns, or rename \
         columns\n"
    );
    // What the message says is what to do.
    folder.write(
        "rows.csv",
        "user_id,item,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,Device,IMPRESSION\nu,i,1,view,,,\n",
    );
    let map = "USER_ID=user_id,ITEM_ID=item,DEVICE=Device";
    folder
        .run(&["import", "store", "rows.csv", "--map", map])
        .ok();
    assert_eq!(folder.exported("store"), format!("{HEADER}u,i,1,view,,,\n"));
    folder.write("rows.csv", "user_id,movie_id,ts\nu1,i1,1700000000\n");
    let message = folder.run(&["import", "store", "rows.csv"]).fails(3);
    assert!(
        message.contains(
            "the header lacks ITEM_ID, TIMESTAMP, EVENT_TYPE, EVENT_VALUE, DEVICE, IMPRESSION; add --map \
             USER_ID=user_id,ITEM_ID=movie_id,TIMESTAMP=ts --set EVENT_TYPE=VALUE to the import"
        ),
        "{message}"
    );
    folder.write("rows.csv", "user_id,movie_id,ts\nu1,i1,1700000000\n");
    let message = folder.run(&["schema", "infer", "rows.csv"]).fails(3);
    assert!(
        message.contains(
            "lacks USER_ID (it may be user_id), ITEM_ID (it may be movie_id), TIMESTAMP (it may be ts)"
        ),
        "{message}"
    );
    assert!(
        message.ends_with(
            "add --map USER_ID=user_id,ITEM_ID=movie_id,TIMESTAMP=ts to infer and import\n"
        ),
        "{message}"
    );
}

#[test]
fn a_date_in_the_place_of_seconds_names_the_option() {
    let folder = Folder::with_store();
    folder.write("f", format!("{HEADER}u,i,2024-01-31T12:00:00Z,v,,,\n"));
    let message = folder.run(&["import", "store", "f"]).fails(3);
    assert!(
        message.contains("import them with --time-unit iso"),
        "{message}"
    );
    folder
        .run(&["import", "store", "f", "--time-unit", "iso"])
        .ok();
}

/// Two stray quotes: what stands between them is no value.
const STRAY: &str = "\
a,i1,1,view,,x,\n\
a,i2,2,view,,\"12 Angry Men,\n\
a,i3,3,view,,y,\n\
a,i4,4,view,,\"8 Mile,\n\
a,i5,5,view,,z,\n";

#[test]
fn a_stray_quote_names_its_place_and_leaves_the_store_as_it_was() {
    let folder = Folder::with_rows();
    folder.write("stray.csv", format!("{HEADER}{STRAY}"));
    let message = folder.run(&["import", "store", "stray.csv"]).fails(3);
    assert!(
        message
            .starts_with("annals: stray.csv: line 3, column DEVICE: value \"12 Angry Men,\\na,i3"),
        "{message}"
    );
    let rule = "text follows its closing quote (line 5, character 15); nothing may follow a closing \
                quote but a comma or a line end";
    assert!(message.contains(rule), "{message}");
    assert_eq!(folder.exported("store"), format!("{HEADER}{SORTED}"));
    let message = folder.run(&["schema", "infer", "stray.csv"]).fails(3);
    assert!(
        message.contains("line 3, column DEVICE: ") && message.contains(rule),
        "{message}"
    );
}

#[test]
fn of_rows_with_stray_quotes_the_rest_is_imported() {
    let folder = Folder::with_store();
    folder.write("stray.csv", format!("{HEADER}{STRAY}"));
    let line = ["import", "store", "stray.csv", "--on-error", "skip"];
    let ran = folder.run(&line);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let summary = ran.stdout;
    assert!(
        summary.ends_with("; 2 rows rejected, see rejects.csv\n"),
        "{summary}"
    );
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}a,i1,1,view,,x,\na,i3,3,view,,y,\na,i5,5,view,,z,\n")
    );
    let rejects = folder.read("rejects.csv");
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[1].starts_with("stray.csv,3,DEVICE,\"field DEVICE: value "),
        "{rejects}"
    );
    assert!(
        lines[1].contains(",\"a,i2,2,view,,\"\"12 Angry Men,\",\"USER_ID,"),
        "{rejects}"
    );
    assert!(lines[2].starts_with("stray.csv,5,DEVICE,"), "{rejects}");
}

#[test]
fn backslashes_do_not_hide_quotes() {
    let folder = Folder::with_store();
    for row in [
        "a,i,1,view,,\"the 5\\\" tablet\",",
        "a,i,1,view,,\"Great\" Gatsby,",
    ] {
        folder.write("rows.csv", format!("{HEADER}{row}\n"));
        let message = folder.run(&["import", "store", "rows.csv"]).fails(3);
        assert!(
            message.contains("line 2, column DEVICE: value "),
            "{message}"
        );
        assert!(
            message.contains("write a quote inside a value as two"),
            "{message}"
        );
    }
    folder.write(
        "rows.csv",
        format!("{HEADER}a,i,1,view,,\"back\\slash\\\",\n"),
    );
    folder.run(&["import", "store", "rows.csv"]).ok();
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}a,i,1,view,,back\\slash\\,\n")
    );
}

#[test]
fn an_output_that_is_an_input_is_refused() {
    let folder = Folder::with_store();
    std::fs::create_dir(folder.path("d")).unwrap();
    let rows = format!("{HEADER}{ROWS}");
    folder.write("d/rows.csv", &rows);
    std::fs::hard_link(folder.path("d/rows.csv"), folder.path("hard.csv")).unwrap();
    std::os::unix::fs::symlink("d/rows.csv", folder.path("soft.csv")).unwrap();
    for rejects in ["d/rows.csv", "./d/../d/rows.csv", "hard.csv", "soft.csv"] {
        let line = [
            "import",
            "store",
            "d",
            "--on-error",
            "skip",
            "--rejects",
            rejects,
        ];
        assert_eq!(
            folder.run(&line).fails(2),
            format!(
                "annals: --rejects {rejects}: that is the input d/rows.csv, which would be \
                 replaced; give another file\n"
            )
        );
    }
    folder.write("rejects.csv", &rows);
    let line = ["import", "store", "rejects.csv", "--on-error", "skip"];
    folder.run(&line).fails(2);
    let line = [
        "import",
        "store",
        "d",
        "--on-error",
        "skip",
        "--rejects",
        "store/MANIFEST",
    ];
    let message = folder.run(&line).fails(2);
    assert!(message.contains("that lies in the store"), "{message}");
    assert_eq!(folder.read("d/rows.csv"), rows);
    assert_eq!(folder.read("rejects.csv"), rows);
    assert_eq!(folder.exported("store"), HEADER);
}

#[test]
fn a_full_import_of_no_rows_has_to_be_allowed() {
    let folder = Folder::with_rows();
    folder.write("empty.csv", HEADER);
    let line = ["import", "store", "empty.csv", "--mode", "full"];
    let message = folder.run(&line).fails(3);
    assert!(
        message.starts_with("annals: a FULL import of no rows would remove the 4 rows"),
        "{message}"
    );
    assert_eq!(folder.exported("store"), format!("{HEADER}{SORTED}"));
    let summary = folder.run(&[&line[..], &["--allow-empty"]].concat()).ok();
    assert!(
        summary.starts_with("0 rows imported from 1 file in "),
        "{summary}"
    );
    assert!(summary.ends_with(", in place of 4 rows\n"), "{summary}");
    assert_eq!(folder.exported("store"), HEADER);
}

#[test]
fn what_of_a_folder_is_passed_over_is_named() {
    let folder = Folder::with_store();
    std::fs::create_dir_all(folder.path("d/old")).unwrap();
    folder.write("d/a.csv", format!("{HEADER}a,i1,1,view,,,\n"));
    folder.write("d/b.CSV", format!("{HEADER}b,i1,2,view,,,\n"));
    for name in ["c.txt", "c.csv.gz", ".d.csv"] {
        folder.write(&format!("d/{name}"), "");
    }
    let ran = folder.run(&["import", "store", "d"]);
    assert!(
        ran.stderr.contains(
            "annals: warning: passed over, since of a folder only the files in it whose names end in \
             .csv are taken: d/.d.csv, d/c.csv.gz, d/c.txt, d/old; "
        ),
        "{}",
        ran.stderr
    );
    assert!(ran.ok().starts_with("2 rows imported from 2 files"));
    for n in 0..20 {
        folder.write(&format!("d/z{n:02}"), "");
    }
    let ran = folder.run(&["import", "store", "d"]);
    assert!(ran.stderr.contains("d/z05, 14 more; "), "{}", ran.stderr);
}

#[test]
fn cells_longer_than_the_service_takes_are_imported() {
    let folder = Folder::with_store();
    let rows = format!("{HEADER}a,i1,1,view,,{},\n", "x".repeat(1001));
    folder.write("rows.csv", &rows);
    let ran = folder.run(&["import", "store", "rows.csv"]);
    assert!(
        ran.stderr.contains(
            "annals: warning: 1 row whose DEVICE is longer than 1000 characters, the first at"
        ),
        "{}",
        ran.stderr
    );
    ran.ok();
    assert_eq!(folder.exported("store"), rows);
}
