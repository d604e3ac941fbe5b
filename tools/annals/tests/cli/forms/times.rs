//! Times as other programs write them.

use super::{import, refused};
use crate::support::{Folder, HEADER};

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
