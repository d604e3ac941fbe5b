use crate::support::{Folder, HEADER};

#[test]
fn a_report_says_what_is_wrong_and_what_to_do() {
    let folder = Folder::with_rows();
    let report = folder.run(&["insights", "store"]).ok();
    for part in [
        "interactions                        4",
        "enough to train                     no",
        "4 interactions; training needs 1,000",
        "record or import more before training",
        "1 of 2 users have 2 interactions or more",
        "IMPRESSION is null in 3 of 4 rows; 25.0 % complete",
        "view 50.0 %, buy 25.0 %, click 25.0 %",
        "1.5 to 2, mean 1.75, standard deviation 0.25",
    ] {
        assert!(report.contains(part), "{part}\n{report}");
    }
    let json = folder.run(&["insights", "store", "--format", "json"]).ok();
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["interactions"], 4);
    assert_eq!(report["trainable"], false);
    assert_eq!(report["findings"][0]["kind"], "few_interactions");
    assert_eq!(report["findings"][0]["figure"], 4.0);
    assert_eq!(report["columns"][0]["distinct"]["count"], 2);
    assert_eq!(report["columns"][4]["numbers"]["max"], 2.0);
}

/// Times in another unit than seconds, and times of 0, are named wherever rows come in or are judged.
#[test]
fn odd_times_are_named_by_import_infer_and_insights() {
    for (time, what, divisor) in [
        ("1700000000000", "looks like milliseconds", "1000"),
        ("1700000000000123", "looks like microseconds", "1000000"),
        (
            "1700000000000123456",
            "looks like nanoseconds",
            "1000000000",
        ),
        ("0", "is 0, the beginning of 1970", ""),
    ] {
        let folder = Folder::with_store();
        let rows =
            format!("{HEADER}u,i,1700000000,view,,,\nu,i,{time},view,,,\nv,i,{time},view,,,\n");
        folder.write("rows.csv", rows);
        let advice = match divisor {
            "" => "give each row the time at which it happened, or leave it out".to_owned(),
            _ => format!("timestamps are Unix epoch seconds: divide by {divisor}"),
        };
        let option = match divisor {
            "" => "",
            "1000" => ", or import with --time-unit ms",
            "1000000" => ", or import with --time-unit us",
            _ => ", or import with --time-unit ns",
        };
        let says = |place: &str| {
            format!(
                "2 rows whose TIMESTAMP {what}, the first at {place}, value {time}; {advice}{option}\n"
            )
        };
        let ran = folder.run(&["schema", "infer", "rows.csv"]);
        let want = format!("annals: note: {}", says("line 3"));
        assert!(ran.stderr.contains(&want), "{want}{}", ran.stderr);
        ran.ok();
        let ran = folder.run(&["import", "store", "rows.csv"]);
        let want = format!("annals: warning: {}", says("rows.csv: line 3"));
        assert!(ran.stderr.contains(&want), "{want}{}", ran.stderr);
        ran.ok();
        let json = folder.run(&["insights", "store", "--format", "json"]).ok();
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let found = findings
            .iter()
            .find(|one| one["field"] == "TIMESTAMP")
            .unwrap();
        let (kind, example) = match divisor {
            "" => ("zero_timestamps", String::new()),
            _ => ("timestamp_unit", format!(", such as {time}")),
        };
        assert_eq!(found["kind"], kind);
        assert_eq!(found["figure"], 2.0);
        let message = format!("2 of 3 rows have a TIMESTAMP that {what}{example}");
        assert_eq!(found["message"], message);
        assert_eq!(found["advice"], advice);
    }
}
