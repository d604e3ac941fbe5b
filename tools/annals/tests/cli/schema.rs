use crate::support::{Folder, SCHEMA};

#[test]
fn a_proposed_schema_is_one_that_the_file_imports_under() {
    let folder = Folder::new();
    folder.write(
        "rows.csv",
        "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,PRICE,CITY\nu,i,1,view,1.5,\nu,j,2,view,2,Rome\n",
    );
    let schema = folder.run(&["schema", "infer", "rows.csv"]).ok();
    folder.write("schema.json", &schema);
    let checked = folder.run(&["schema", "check", "schema.json"]).ok();
    assert!(
        checked.contains(" PRICE        double   yes\n"),
        "{checked}"
    );
    assert!(checked.ends_with("schema.json: valid\n"), "{checked}");
    folder
        .run(&["init", "store", "--schema", "schema.json"])
        .ok();
    assert_eq!(folder.run(&["schema", "show", "store"]).ok(), schema);
    folder.run(&["import", "store", "rows.csv"]).ok();
    assert!(folder.exported("store").ends_with("u,j,2,view,2.0,Rome\n"));
}

#[test]
fn notes_on_a_proposal_go_to_standard_error() {
    let folder = Folder::new();
    folder.write("rows.csv", "USER_ID,ITEM_ID,TIMESTAMP,X\nu,i,1,\n");
    let ran = folder.run(&["schema", "infer", "rows.csv"]);
    assert!(
        ran.stderr
            .starts_with("annals: note: column X: every cell is empty")
    );
    assert!(ran.ok().trim_end().ends_with('}'));
    folder.write("rows.csv", "CUSTOMER,ITEM_ID,TIMESTAMP\nu,i,1\n");
    let message = folder.run(&["schema", "infer", "rows.csv"]).fails(3);
    assert!(
        message.contains("rows.csv: line 1: the header lacks USER_ID (it may be CUSTOMER), which"),
        "{message}"
    );
}

/// What is proposed and noted is what `init` and `import` do.
#[test]
fn a_proposal_and_an_import_agree() {
    let folder = Folder::new();
    let import = |rows: &str, limits: &str| {
        folder.write("rows.csv", rows);
        let inferred = folder.run(&["schema", "infer", "rows.csv"]);
        let notes = inferred.stderr.clone();
        folder.write("schema.json", inferred.ok());
        let _ = std::fs::remove_dir_all(folder.path("store"));
        let init = [
            "init",
            "store",
            "--schema",
            "schema.json",
            "--limits",
            limits,
        ];
        folder.run(&init).ok();
        (notes, folder.run(&["import", "store", "rows.csv"]))
    };
    let times = "USER_ID,ITEM_ID,TIMESTAMP\n";
    let (notes, ran) = import(&format!("{times}u1,i1,+1700000000\n"), "personalize");
    assert_eq!(notes, "");
    ran.ok();
    let (notes, ran) = import(&format!("{times}u1,i1,-5\n"), "personalize");
    let place = "line 2, column TIMESTAMP: value \"-5\": a timestamp must not be negative";
    let refuses = format!("annals: note: an import refuses 1 row, at {place}");
    assert!(notes.starts_with(&refuses), "{notes}");
    let said = ran.fails(3);
    assert!(said.contains(place), "{said}");
    let mut rows = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,PAGE,DEVICE\n".to_owned();
    for number in 0..16 {
        rows += &format!("u,i,1,t{},p,d\n", number % 8);
    }
    let (notes, ran) = import(&rows, "personalize");
    for said in [notes, ran.fails(3)] {
        assert!(
            said.contains(" and 8 distinct event types make 11; the limit is 10"),
            "{said}"
        );
        assert!(said.contains(", or --set at annals init)"), "{said}");
    }
    import(&rows, "unlimited").1.ok();
}

#[test]
fn check_explains_what_is_wrong() {
    let folder = Folder::new();
    folder.write("schema.json", SCHEMA.replace(r#""long""#, r#""int""#));
    let message = folder.run(&["schema", "check", "schema.json"]).fails(3);
    assert_eq!(
        message,
        "annals: schema.json: schema: field TIMESTAMP: must be of type long; it is declared int\n"
    );
    folder.write(
        "schema.json",
        SCHEMA.replace(r#", "categorical": true"#, ""),
    );
    let checked = folder.run(&["schema", "check", "schema.json"]).ok();
    assert!(
        checked.contains("warning: field DEVICE: a string field without"),
        "{checked}"
    );
    folder.write("schema.json", b"\xff");
    let message = folder.run(&["schema", "check", "schema.json"]).fails(3);
    assert!(message.contains("not valid UTF-8"), "{message}");
    folder.run(&["schema", "check", "none.json"]).fails(1);
}

#[test]
fn init_holds_a_schema_to_the_limits_chosen() {
    let folder = Folder::new();
    let more: String = (0..6)
        .map(|n| format!(r#"{{"name": "M{n}", "type": "int"}},"#))
        .collect();
    let many = SCHEMA.replace(
        r#"{"name": "DEVICE""#,
        &format!(r#"{more}{{"name": "DEVICE""#),
    );
    folder.write("schema.json", many);
    let init = ["init", "store", "--schema", "schema.json"];
    let message = folder.run(&init).fails(3);
    assert!(
        message.contains("7 metadata fields; the limit is 5; leave some out or lift the limit")
            && message.contains(", or --set at annals init)"),
        "{message}"
    );
    folder
        .run(&[&init[..], &["--limits", "unlimited"]].concat())
        .ok();
    let message = folder
        .run(&[&init[..], &["--limits", "unlimited"]].concat())
        .fails(1);
    assert!(message.contains("there is a store already"), "{message}");
}

#[test]
fn repeated_keys_are_refused() {
    let folder = Folder::with_rows();
    let twice = SCHEMA.replace(
        "\"type\": \"long\"",
        "\"type\": \"long\", \"type\": \"int\"",
    );
    folder.write("twice.json", twice);
    let rule = "the key \"type\" stands twice in one object; keep one\n";
    for line in [
        &["schema", "check", "twice.json"][..],
        &["init", "other", "--schema", "twice.json"],
    ] {
        let message = folder.run(line).fails(3);
        assert_eq!(
            message,
            format!("annals: twice.json: schema: line 8, column 48: {rule}")
        );
    }
    assert!(!folder.path("other").exists());
    folder.write(
        "items.json",
        "{\"type\": \"record\", \"type\": \"record\", \"name\": \"Items\", \"fields\": []}",
    );
    folder.write("items.csv", "ITEM_ID\n");
    let line = [
        "filter",
        "store",
        "--expression",
        "INCLUDE ItemID WHERE Items.A > 1",
        "--user",
        "a",
        "--candidates",
        "-",
        "--items",
        "items.csv",
        "--items-schema",
        "items.json",
    ];
    let message = folder.run(&line).fails(3);
    assert!(message.ends_with(rule), "{message}");
}

#[test]
fn schemas_of_items_and_users_are_proposed_and_checked() {
    let folder = Folder::new();
    folder.write("items.csv", "ITEM_ID,PRICE,GENRES\ni1,1.5,a|b\ni2,,a|b\n");
    let schema = folder
        .run(&["schema", "infer", "items.csv", "--dataset", "items"])
        .ok();
    assert!(schema.contains("\"name\": \"Items\""), "{schema}");
    folder.write("items.json", &schema);
    let check = ["schema", "check", "items.json", "--dataset"];
    let checked = folder.run(&[&check[..], &["items"]].concat()).ok();
    for row in [
        " ITEM_ID   string\n",
        " PRICE     double   yes\n",
        " GENRES    string   yes    yes\n",
        "items.json: valid\n",
    ] {
        assert!(checked.contains(row), "{checked}");
    }
    let said = folder.run(&[&check[..], &["users"]].concat()).fails(3);
    assert!(
        said.contains("items.json: Users schema: name is \"Items\"; it must be \"Users\""),
        "{said}"
    );
    let users = ["schema", "infer", "items.csv", "--dataset", "users"];
    let said = folder.run(&users).fails(3);
    assert!(
        said.contains(
            "items.csv: line 1: the header lacks USER_ID, which every schema of Users must have"
        ),
        "{said}"
    );
    let said = folder
        .run(&[&users[..], &["--quotes", "none"]].concat())
        .fails(2);
    assert!(
        said.contains("--quotes none: only for interactions"),
        "{said}"
    );
}

#[test]
fn a_mapping_is_proposed_and_not_applied() {
    let folder = Folder::new();
    folder.write(
        "events.csv",
        "timestamp,visitorid,event,itemid,pageUrl\n1433221332117,u,view,i,p\n",
    );
    let said = folder.run(&["schema", "infer", "events.csv"]).fails(3);
    let options = "--map USER_ID=visitorid,ITEM_ID=itemid,TIMESTAMP=timestamp,EVENT_TYPE=event,PAGE_URL=pageUrl \
                   --time-unit ms";
    assert!(
        said.contains(&format!(
            "to take them by other names, add {options} to infer and import\n"
        )),
        "{said}"
    );
    let line = [
        &["schema", "infer", "events.csv"],
        &options.split(' ').collect::<Vec<_>>()[..],
    ]
    .concat();
    let ran = folder.run(&line);
    let import = format!("annals: import with: annals import STORE events.csv {options}\n");
    assert!(ran.stderr.ends_with(&import), "{}", ran.stderr);
    folder.write("schema.json", ran.ok());
    folder
        .run(&["init", "store", "--schema", "schema.json"])
        .ok();
    let line = [&["import", "store", "events.csv"], &line[3..]].concat();
    folder.run(&line).ok();
    assert!(
        folder
            .exported("store")
            .ends_with("\nu,i,1433221332,view,p\n")
    );
}

#[test]
fn a_store_gets_another_schema() {
    let folder = Folder::with_rows();
    let schema = crate::support::SCHEMA;
    let last = r#"{"name": "IMPRESSION", "type": ["null", "string"]}"#;
    let more = format!(r#"{last}, {{"name": "NOTE", "type": ["null", "string"]}}"#);
    folder.write("next.json", schema.replace(last, &more));
    let evolve = |file: &str| folder.run(&["schema", "evolve", "store", "--schema", file]);
    assert_eq!(evolve("next.json").ok(), "8 fields from now on\n");
    let csv = folder.exported("store");
    assert!(csv.starts_with("USER_ID,"), "{csv}");
    assert!(
        csv.lines().next().unwrap().ends_with(",IMPRESSION,NOTE"),
        "{csv}"
    );
    assert!(csv.lines().nth(1).unwrap().ends_with("phone,,"), "{csv}");
    // Rows of the old schema still fit.
    let rows = folder.read("rows.csv").lines().count();
    let imported = folder.run(&["import", "store", "rows.csv"]);
    assert!(
        imported
            .stderr
            .contains("no column for NOTE: null in every row"),
        "{}",
        imported.stderr
    );
    imported.ok();
    assert_eq!(folder.exported("store").lines().count(), 2 * rows - 1);
    let message = evolve("rows.csv").fails(3);
    assert!(message.contains("rows.csv: "), "{message}");
    folder.write("less.json", schema);
    let message = evolve("less.json").fails(3);
    assert!(
        message.contains("field NOTE: missing in the new schema"),
        "{message}"
    );
}
