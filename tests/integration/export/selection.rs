//! Selections: what they refuse, and sessions.

use annals::events::{PutEvent, PutEvents};
use annals::export::{EventRule, Export, Layout, Partition, Selection, Sessions, Split};
use annals::query::ScanOrder;
use annals::{Durability, ErrorKind};

use super::model::exported;
use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet};

#[test]
fn a_plan_that_cannot_be_is_refused_by_name() {
    let folder = folder();
    let store = create(&folder.path().join("store"), quiet());
    let selecting = |selection| store.export().selection(selection);
    let events = |rules: &[&str]| {
        let rules = rules.iter().map(|rule| EventRule::parse(rule).unwrap());
        Selection::default().events(rules)
    };
    let eleven: Vec<String> = (0..11).map(|number| format!("type {number}")).collect();
    let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
    let refused: [(Export, &str); 10] = [
        (
            selecting(events(&["a", "A:2"])),
            "event type \"A\": two rules",
        ),
        (selecting(events(&eleven)), "11 event rules; at most 10"),
        (
            selecting(Selection::default().columns(["COLOUR"])),
            "COLOUR",
        ),
        (
            selecting(
                Selection::default()
                    .columns(["USER_ID"])
                    .without(["ITEM_ID"]),
            ),
            "give one of them",
        ),
        (selecting(Selection::default().newest(0)), "newest is 0"),
        (
            store.export().split(Split::Time(5, Some(5))),
            "must be after the first",
        ),
        (store.export().split(Split::UserHash([0, 0, 0])), "all 0"),
        (
            store.export().partition(Partition::UserHash(0)),
            "1 to 1024",
        ),
        (
            store
                .export()
                .layout(Layout::Sequences {
                    max_length: None,
                    min_length: 0,
                })
                .partition(Partition::Month),
            "a sequence is of several months",
        ),
        (
            selecting(Selection::default().distinct(true)).order(ScanOrder::Any),
            "order any",
        ),
    ];
    for (export, message) in refused {
        let error = export.report().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(message), "{error}");
    }
}

#[test]
fn sessions_are_left_out_until_they_become_users() {
    let folder = folder();
    let store = create(&folder.path().join("store"), quiet());
    let event = |item: &'static str, at| {
        PutEvent::new("view", at)
            .item_id(item)
            .property("position", annals::Value::Int(1))
    };
    let put = |session: &'static str, user: Option<&'static str>, item, at| {
        let mut request = PutEvents::new(session).event(event(item, at));
        request.user_id = user.map(Into::into);
        store.put_events(&request, Durability::Buffered).unwrap();
    };
    put("s1", None, "a", 1);
    put("s2", None, "b", 2);
    put("s2", Some("ben"), "c", 3);
    store
        .write(batch(&[Record::new("s1", "d", 4)]), Durability::Buffered)
        .unwrap();
    let items = |sessions| {
        let selection = Selection::default().sessions(sessions);
        let (found, report) = exported(&store.export().selection(selection));
        let items = found.iter().map(|(_, json)| {
            let text = |name: &str| json[name].as_str().unwrap().to_owned();
            (text("USER_ID"), text("ITEM_ID"))
        });
        (items.collect::<Vec<_>>(), report.dropped.sessions)
    };
    let pair = |user: &str, item: &str| (user.to_owned(), item.to_owned());
    for _ in 0..2 {
        let all = vec![
            pair("ben", "b"),
            pair("ben", "c"),
            pair("s1", "a"),
            pair("s1", "d"),
        ];
        assert_eq!(items(Sessions::Keep), (all, 0));
        let users = vec![pair("ben", "b"), pair("ben", "c"), pair("s1", "d")];
        assert_eq!(items(Sessions::Drop), (users, 1));
        store.compact().unwrap();
    }
}
