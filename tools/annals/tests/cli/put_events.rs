use crate::support::{Folder, HEADER};

const LINE: &str = r#"{"trackingId":"t","userId":"a","sessionId":"s","eventList":[{"eventId":"e1","eventType":"view","itemId":"i1","sentAt":"10"},{"eventType":"buy","sentAt":20.5,"properties":"{\"itemId\":\"i2\",\"device\":\"tv\",\"eventValue\":\"1.5\"}"}]}"#;

#[test]
fn requests_are_recorded_one_a_line() {
    let folder = Folder::with_store();
    folder.write("events.jsonl", format!("{LINE}\n\n"));
    let put = ["put-events", "store", "events.jsonl"];
    assert_eq!(
        folder.run(&put).ok(),
        "2 events written from 1 request, sequence 1\n"
    );
    let buffered = ["put-events", "store", "-", "--durability", "buffered"];
    assert_eq!(
        folder.run_with(&buffered, LINE).ok(),
        "1 event written from 1 request, 1 duplicate passed over, sequence 2\n"
    );
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}a,i1,10,view,,,\na,i2,20,buy,1.5,tv,\na,i2,20,buy,1.5,tv,\n")
    );
}

#[test]
fn a_bad_request_is_named_and_the_others_are_recorded() {
    let folder = Folder::with_store();
    let second = LINE.replace("e1", "e2").replace("device", "colour");
    let third = LINE.replace("e1", "e3");
    let lines = format!("{LINE}\n{second}\n[\n{third}\n");
    let ran = folder.run_with(&["put-events", "store"], &lines);
    assert_eq!(ran.code, 3);
    assert_eq!(ran.stdout, "4 events written from 2 requests, sequence 2\n");
    let said: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(
        said[0],
        "annals: standard input: line 2: eventList[1]: field properties.colour: no such property; \
         it may be itemId, eventValue, DEVICE; correct the name, or let unknown fields be ignored \
         (--ignore-unknown)"
    );
    assert!(said[1].starts_with("annals: standard input: line 3: column "));
    assert_eq!(said[2..], ["annals: 2 requests of 4 refused"]);
    assert_eq!(folder.exported("store").lines().count(), 5);
    let ignoring = ["put-events", "store", "--ignore-unknown"];
    folder.run_with(&ignoring, second).ok();
    assert_eq!(folder.exported("store").lines().count(), 7);
}

/// A property that nobody knows may hold anything, as text or not.
#[test]
fn unknown_properties_of_any_type_are_ignored_when_asked() {
    let folder = Folder::with_store();
    let event = |properties: &str| {
        format!(
            r#"{{"sessionId":"s","userId":"u","eventList":[{{"eventType":"view","itemId":"i1","sentAt":1,"properties":{properties}}},{{"eventType":"view","itemId":"i2","sentAt":2}}]}}"#
        )
    };
    let ignoring = ["put-events", "store", "--ignore-unknown"];
    for properties in [
        r#""{\"page\":{\"url\":[\"/x\"]},\"device\":\"tv\"}""#,
        r#"{"page":{"url":["/x"]},"tags":["a",null,{}],"n":1.5e9,"b":true,"z":null,"device":"tv"}"#,
    ] {
        let line = event(properties);
        let said = folder.run_with(&["put-events", "store"], &line).fails(3);
        assert!(
            said.starts_with(
                "annals: standard input: line 1: eventList[0]: field properties.page: no such \
                 property; it may be itemId, eventValue, DEVICE; "
            ),
            "{said}"
        );
        let said = folder.run_with(&ignoring, line).ok();
        assert!(
            said.starts_with("2 events written from 1 request"),
            "{said}"
        );
    }
    // What the schema knows has a value of its own.
    let line = event(r#"{"device":["tv"]}"#);
    let said = folder.run_with(&ignoring, line).fails(3);
    assert!(
        said.contains("field properties.device: value [...]: must be a string, a number or a"),
        "{said}"
    );
    let rows = "u,i1,1,view,,tv,\n".repeat(2) + &"u,i2,2,view,,,\n".repeat(2);
    assert_eq!(folder.exported("store"), format!("{HEADER}{rows}"));
}

/// Clients send events that are about no item, such as Amplify's Identify.
#[test]
fn events_without_an_item_are_passed_over_when_asked() {
    let folder = Folder::with_store();
    let line = r#"{"sessionId":"s","userId":"u","eventList":[{"eventId":"e1","eventType":"view","itemId":"i1","sentAt":1},{"eventType":"Identify","sentAt":2,"properties":"{\"userId\":\"u\"}"},{"eventId":"e1","eventType":"view","itemId":"i2","sentAt":1700000000000}]}"#;
    let known = line.replace(r#"{\"userId\":\"u\"}"#, "{}");
    let said = folder.run_with(&["put-events", "store"], known).fails(3);
    assert!(
        said.contains("eventList[1]: field itemId: is missing; ")
            && said.contains("--ignore-unknown"),
        "{said}"
    );
    let ignoring = ["put-events", "store", "--ignore-unknown"];
    let ran = folder.run_with(&ignoring, line);
    assert_eq!(
        ran.stderr,
        "annals: warning: 1 event without an item passed over, the first of type \"Identify\" in \
         session \"s\"\n"
    );
    assert_eq!(
        ran.ok(),
        "1 event written from 1 request, 1 duplicate passed over, 1 without an item passed over, \
         sequence 1\n"
    );
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}u,i1,1,view,,,\n")
    );
    // The others are all or none.
    let bad = line
        .replace(r#""itemId":"i2""#, r#""itemId":"""#)
        .replace("e1", "e2");
    folder.run_with(&ignoring, bad).fails(3);
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}u,i1,1,view,,,\n")
    );
    let alone = line
        .replace(r#""itemId":"i1","#, "")
        .replace(r#""itemId":"i2","#, "");
    let ran = folder.run_with(&ignoring, alone);
    assert!(
        ran.stderr.contains("3 events without an item"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.ok()
            .starts_with("0 events written from 1 request, 3 without")
    );
}

#[test]
fn many_requests_and_milliseconds() {
    let folder = Folder::with_store();
    let line = r#"{"sessionId":"s","eventList":[{"eventType":"view","itemId":"i","sentAt":1700000000000}]}"#;
    let lines = format!("{line}\n").repeat(2500);
    let ran = folder.run_with(&["put-events", "store"], lines);
    assert!(
        ran.stderr.starts_with(
            "annals: warning: 2,500 rows whose TIMESTAMP looks like milliseconds, the \
                          first at eventList[0] of session \"s\", value 1700000000000; "
        ),
        "{}",
        ran.stderr
    );
    let said = ran.ok();
    assert!(said.starts_with("2,500 events written from 2,500 requests, sequence "));
    let nothing = folder.run(&["put-events", "store"]).ok();
    assert_eq!(nothing, "0 events written from 0 requests\n");
}

/// What is recommended gives impressions to the events that name it, and a session its events to
/// the user that it comes to have.
#[test]
fn recommendations_and_sessions_are_joined() {
    let folder = Folder::with_store();
    let lines = concat!(
        r#"{"recommendationId":"r1","items":["i1","i2"],"source":"home"}"#,
        "\n{}\n",
        r#"{"recommendationId":"r2","itemList":[{"itemId":"i3","score":0.5},{"itemId":"i4"}]}"#,
        "\n",
    );
    let ran = folder.run_with(&["recommendations", "store"], lines);
    assert_eq!(ran.stdout, "2 recommendations recorded\n");
    assert_eq!(
        ran.fails(3),
        "annals: standard input: line 2: field recommendationId: is missing or null; give a \
         value\nannals: 1 recommendation of 3 refused\n"
    );
    let event = |id: &str, more: &str| {
        format!(
            r#"{{"sessionId":"s",{more}"eventList":[{{"eventType":"view","itemId":"{id}","sentAt":1,"recommendationId":"r{id}"}}]}}"#
        )
    };
    let lines = format!("{}\n{}\n", event("1", ""), event("2", r#""userId":"ann","#));
    folder.run_with(&["put-events", "store"], lines).ok();
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}ann,1,1,view,,,i1|i2\nann,2,1,view,,,i3|i4\n")
    );
}

/// The answers of GetRecommendations and GetPersonalizedRanking, metadata and all.
#[test]
fn recommendations_are_taken_as_clients_give_them() {
    for answer in [
        r#"{"ResponseMetadata":{"RequestId":"q","HTTPStatusCode":200,"HTTPHeaders":{"a":"b"},"RetryAttempts":0},"itemList":[{"itemId":"i1","score":0.5,"promotionName":"p","metadata":{"genre":"x"},"reason":["promoted"]},{"itemId":"i2","score":1e-7}],"recommendationId":"r1"}"#,
        r#"{"$metadata":{"httpStatusCode":200,"attempts":1},"itemList":[{"itemId":"i1"},{"itemId":"i2"}],"recommendationId":"r1"}"#,
        r#"{"recommendationId":"r1","personalizedRanking":[{"itemId":"i1","score":0.9},{"itemId":"i2","score":null}]}"#,
    ] {
        let folder = Folder::with_store();
        let said = folder.run_with(&["recommendations", "store"], answer).ok();
        assert_eq!(said, "1 recommendation recorded\n", "{answer}");
        let event = r#"{"userId":"u","sessionId":"s","eventList":[{"eventType":"view","itemId":"i2","sentAt":1,"recommendationId":"r1"}]}"#;
        folder.run_with(&["put-events", "store"], event).ok();
        let want = format!("{HEADER}u,i2,1,view,,,i1|i2\n");
        assert_eq!(folder.exported("store"), want, "{answer}");
    }
}

#[test]
fn a_recommendation_says_what_is_wrong_with_it() {
    let folder = Folder::with_store();
    let id = r#""recommendationId":"r""#;
    for (line, message) in [
        (
            "7".to_owned(),
            "field recommendation: value 7: must be an object",
        ),
        (
            format!("{{{id}}}"),
            "field items: is missing or null; give a value",
        ),
        (
            format!(r#"{{{id},"items":["a"],"itemList":[]}}"#),
            "field itemList: is given beside items; give one of the two",
        ),
        (
            format!(r#"{{{id},"personalizedRanking":[],"itemList":[]}}"#),
            "field personalizedRanking: is given beside itemList; give one of the two",
        ),
        (
            format!(r#"{{{id},"personalizedRanking":["a"]}}"#),
            "field personalizedRanking: value \"a\": must be an object",
        ),
        (
            format!(r#"{{{id},"items":"a"}}"#),
            "field items: value \"a\": must be a list",
        ),
        (
            format!(r#"{{{id},"items":[7]}}"#),
            "field items: value 7: must be a string; write the value in quotes",
        ),
        (
            format!(r#"{{{id},"itemList":[{{}}]}}"#),
            "field itemId: is missing or null; give a value",
        ),
        (
            format!(r#"{{{id},"items":["a"],"user":"u"}}"#),
            "field user: a recommendation has no such field; it may have recommendationId, items, \
             itemList, personalizedRanking and source",
        ),
        (
            format!(r#"{{{id},"items":[]}}"#),
            "recommendation \"r\": has no items; give those that were shown",
        ),
        (
            format!(
                r#"{{"recommendationId":"{}","items":["a"]}}"#,
                "r".repeat(41)
            ),
            "recommendation id: value \"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\": 41 characters; \
             shorten it to 40 or lift the limit max_recommendation_id_chars (annals limits STORE --set max_recommendation_id_chars=NUMBER, or --set at annals init)",
        ),
    ] {
        let said = folder
            .run_with(&["recommendations", "store"], &line)
            .fails(3);
        let want = format!("annals: standard input: line 1: {message}\n");
        assert!(said.starts_with(&want), "{said}\n{want}");
    }
}

/// What is no PutEvents request is named as what it is.
#[test]
fn other_bodies_are_told_apart_by_name() {
    let folder = Folder::with_store();
    let events = ["put-events", "store"];
    for (line, message) in [
        (
            r#"{"datasetArn":"a","items":[{"itemId":"i","properties":"{}"}]}"#,
            "the body of a PutItems call, which puts items; a store of interactions takes those of \
             PutEvents calls",
        ),
        (
            r#"{"datasetArn":"a","users":[{"userId":"u"}]}"#,
            "the body of a PutUsers call, which puts users; ",
        ),
        (
            r#"{"datasetArn":"a","actions":[{"actionId":"u"}]}"#,
            "the body of a PutActions call, which puts actions; ",
        ),
        (
            r#"{"trackingId":"t","actionInteractions":[]}"#,
            "the body of a PutActionInteractions call, which puts interactions with actions; ",
        ),
        (
            r#"{"USER_ID":"u","ITEM_ID":"i","TIMESTAMP":1,"EVENT_TYPE":"view"}"#,
            "an interaction by the schema's names, not a PutEvents request; annals put takes ",
        ),
        (
            r#"{"sessionId":"s","eventList":[{"eventType":"view","itemId":"i","sentAt":1,"properties":"\"{\\\"device\\\":\\\"tv\\\"}\""}]}"#,
            "eventList[0]: field properties: value \"\\\"{\\\\\\\"device\\\\\\\":\\\\\\\"tv\\\\\\\"}\\\"\": is text in \
             JSON that is encoded twice; encode the object once",
        ),
        (
            r#"{"sessionId":"s","eventList":[{"eventType":"view","itemId":"i","sentAt":1,"impression":["a","b|c"]}]}"#,
            "eventList[0]: field impression: value \"b|c\": must not hold a bar, which separates",
        ),
        (
            r#"{"sessionId":"s","eventList":[{"eventType":"view","itemId":"i","sentAt":1,"eventValue":"NaN"}]}"#,
            "eventList[0]: field eventValue: value \"NaN\": must be a finite number within the range of \
             float; NaN and infinity are none; write a number, or leave it out",
        ),
    ] {
        let said = folder.run_with(&events, line).fails(3);
        let want = format!("annals: standard input: line 1: {message}");
        assert!(said.starts_with(&want), "{said}\n{want}");
    }
    let said = folder.run_with(&["put", "store"], LINE).fails(3);
    assert!(
        said.starts_with(
            "annals: standard input: line 1: a PutEvents request, not an interaction by the schema's \
             names; annals put-events takes requests"
        ),
        "{said}"
    );
}

/// What comes in by one way and goes out comes in by any other.
#[test]
fn what_is_exported_can_be_imported() {
    let folder = Folder::new();
    folder.write(
        "schema.json",
        r#"{"type": "record", "name": "Interactions", "fields": [
            {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"}, {"name": "EVENT_TYPE", "type": "string"},
            {"name": "IMPRESSION", "type": ["null", "string"]},
            {"name": "EVENT_ATTRIBUTION_SOURCE", "type": ["null", "string"]}]}"#,
    );
    for store in ["store", "second", "third"] {
        folder.run(&["init", store, "--schema", "schema.json"]).ok();
    }
    let ids: Vec<String> = (0..30)
        .map(|n| format!("\"item-number-{n:0>30}\""))
        .collect();
    let items = ids.join(",");
    let source = "s".repeat(1001);
    let recommendation =
        format!("{{\"recommendationId\":\"r1\",\"items\":[{items}],\"source\":\"{source}\"}}");
    let ran = folder.run_with(&["recommendations", "store"], recommendation);
    assert!(
        ran.stderr
            .contains("warning: 1 recommendation with a string that is longer"),
        "{}",
        ran.stderr
    );
    ran.ok();
    let few = ids[..24].join(",");
    let events = format!(
        "{{\"sessionId\":\"s\",\"eventList\":[{{\"eventType\":\"view\",\"sentAt\":1,\"itemId\":\"i\",\
         \"recommendationId\":\"r1\"}},{{\"eventType\":\"view\",\"sentAt\":2,\"itemId\":\"j\",\
         \"impression\":[{few}],\"metricAttribution\":{{\"eventAttributionSource\":\"{source}\"}}}}]}}"
    );
    let ran = folder.run_with(&["put-events", "store"], events);
    assert!(
        ran.stderr
            .contains("warning: 1 event with a string that is longer"),
        "{}",
        ran.stderr
    );
    ran.ok();
    let exported = folder.exported("store");
    assert!(
        exported
            .lines()
            .all(|line| line.len() > 1000 || line.starts_with("USER_ID"))
    );
    folder.write("exported.csv", &exported);
    folder.run(&["import", "second", "exported.csv"]).ok();
    assert_eq!(folder.exported("second"), exported);
    let history = [
        "history",
        "store",
        "--user",
        "s",
        "--oldest-first",
        "--format",
        "jsonl",
    ];
    folder
        .run_with(&["put", "third"], folder.run(&history).ok())
        .ok();
    assert_eq!(folder.exported("third"), exported);
    for item in ["\"USER_ID\"", "\"\""] {
        let line = format!("{{\"recommendationId\":\"r2\",\"items\":[{item}]}}");
        folder
            .run_with(&["recommendations", "store"], line)
            .fails(3);
    }
}

/// An empty string is null where the field may be null, and refused elsewhere, wherever it stands.
#[test]
fn empty_strings_are_null_where_null_is_allowed() {
    let folder = Folder::with_store();
    let event = r#""eventType":"view","itemId":"i","sentAt":1"#;
    for more in [
        r#""eventValue":"""#,
        r#""recommendationId":"""#,
        r#""metricAttribution":{"eventAttributionSource":""}"#,
        r#""properties":{"eventValue":"","device":""}"#,
        r#""properties":"{\"device\":\"\"}""#,
    ] {
        let line = format!(r#"{{"sessionId":"s","eventList":[{{{event},{more}}}]}}"#);
        let ran = folder.run_with(&["put-events", "store"], &line);
        assert_eq!(ran.stderr, "", "{more}");
        ran.ok();
    }
    let rows = "s,i,1,view,,,\n".repeat(5);
    assert_eq!(folder.exported("store"), format!("{HEADER}{rows}"));
    let strict = crate::support::SCHEMA.replace(r#"["string", "null"]"#, r#""string""#);
    folder.write("strict.json", strict);
    folder
        .run(&["init", "strict", "--schema", "strict.json"])
        .ok();
    let rule = "value \"\": an empty cell is null, and the field is not nullable; give a value";
    let line =
        format!(r#"{{"sessionId":"s","eventList":[{{{event},"properties":{{"device":""}}}}]}}"#);
    let message = folder.run_with(&["put-events", "strict"], line).fails(3);
    assert!(
        message.contains(&format!("field DEVICE: {rule}")),
        "{message}"
    );
    let line = r#"{"USER_ID":"u","ITEM_ID":"i","TIMESTAMP":1,"EVENT_TYPE":"view","DEVICE":""}"#;
    let message = folder.run_with(&["put", "strict"], line).fails(3);
    assert!(
        message.contains(&format!("field DEVICE: {rule}")),
        "{message}"
    );
    folder.write("rows.csv", format!("{HEADER}u,i,1,view,,\"\",\n"));
    let message = folder.run(&["import", "strict", "rows.csv"]).fails(3);
    assert!(
        message.contains(&format!("column DEVICE: {rule}")),
        "{message}"
    );
}

/// An event that is passed over still tells whose the session is.
#[test]
fn an_event_without_an_item_links_its_session() {
    let folder = Folder::with_store();
    let view = r#"{"sessionId":"s","eventList":[{"eventType":"view","itemId":"i","sentAt":1}]}"#;
    folder.run_with(&["put-events", "store"], view).ok();
    let identify =
        r#"{"sessionId":"s","userId":"ann","eventList":[{"eventType":"Identify","sentAt":2}]}"#;
    let ignoring = ["put-events", "store", "--ignore-unknown"];
    for sequence in [", sequence 2", ""] {
        let ran = folder.run_with(&ignoring, identify);
        let said = ran.ok();
        assert_eq!(
            said,
            "0 events written from 1 request, 1 without an item passed over\n"
        );
        let commits = folder.run(&["stats", "store"]).ok();
        assert!(
            commits.contains(" newest commit                 2\n"),
            "{sequence}{commits}"
        );
    }
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}ann,i,1,view,,,\n")
    );
    folder
        .run_with(&["put-events", "store"], view.replace(":1}", ":3}"))
        .ok();
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}ann,i,1,view,,,\nann,i,3,view,,,\n")
    );
    folder.run(&["compact", "store"]).ok();
    folder.run(&["verify", "store"]).ok();
    assert_eq!(folder.exported("store").lines().count(), 3);
}

/// `null` and the like as ids.
#[test]
fn ids_that_stand_for_none_are_counted_and_refused_on_demand() {
    let folder = Folder::with_store();
    let line = r#"{"sessionId":"undefined","userId":"NULL","eventList":[{"eventType":"view","itemId":"i","sentAt":1}]}"#;
    let ran = folder.run_with(&["put-events", "store"], format!("{line}\n{line}\n"));
    assert!(
        ran.stderr.starts_with(
            "annals: warning: 2 requests with an id that stands for none, the first \"NULL\" in the \
             request of session \"undefined\"; programs write it where they have no id"
        ),
        "{}",
        ran.stderr
    );
    ran.ok();
    let row = r#"{"USER_ID":"None","ITEM_ID":"i","TIMESTAMP":1,"EVENT_TYPE":"view"}"#;
    let ran = folder.run_with(&["put", "store"], row);
    assert!(
        ran.stderr.contains(
            "1 row with an id that stands for none, the first \"None\" in standard input: line 1;"
        ),
        "{}",
        ran.stderr
    );
    ran.ok();
    folder.write(
        "rows.csv",
        format!("{HEADER}NaN,i,1,view,,,\nNaN,i,2,view,,,\n"),
    );
    let import = ["import", "store", "rows.csv"];
    let ran = folder.run(&import);
    assert!(
        ran.stderr
            .contains("the store has 2 rows of a user \"NaN\"; "),
        "{}",
        ran.stderr
    );
    ran.ok();
    folder
        .run(&["limits", "store", "--set", "refuse_placeholder_ids=true"])
        .ok();
    let rule = "stands for no id in many programs; give the id, or leave the row out, or lift the limit \
                refuse_placeholder_ids (annals limits STORE --set refuse_placeholder_ids=false, or --set at \
                annals init)";
    let message = folder.run_with(&["put-events", "store"], line).fails(3);
    assert!(
        message.contains(&format!("field sessionId: value \"undefined\": {rule}")),
        "{message}"
    );
    let message = folder.run_with(&["put", "store"], row).fails(3);
    assert!(
        message.contains(&format!("value \"None\": {rule}")),
        "{message}"
    );
    let message = folder.run(&import).fails(3);
    assert!(
        message.contains(&format!("column USER_ID: value \"NaN\": {rule}")),
        "{message}"
    );
    folder
        .run(&["limits", "store", "--set", "refuse_placeholder_ids=false"])
        .ok();
    folder.run_with(&["put", "store"], row).ok();
}
