use crate::support::Folder;

#[test]
fn a_report_says_what_is_wrong_and_what_to_do() {
    let folder = Folder::with_rows();
    let report = folder.run(&["insights", "store"]).ok();
    for part in [
        "interactions                        4",
        "enough to train                     no",
        "4 interactions; training needs 1000",
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
