//! Events of sessions in a set.

use annals::shards::ShardSet;
use annals::{Durability, PutEvent, PutEvents, Recommendation, Value};

use super::{Shards, builder};
use crate::support::read;

fn request<'a>(session: &'a str, user: Option<&'a str>, event_id: &'a str) -> PutEvents<'a> {
    PutEvents {
        session_id: session.into(),
        user_id: user.map(Into::into),
        events: vec![PutEvent {
            event_id: Some(event_id.into()),
            event_type: "view".into(),
            item_id: Some("tea".into()),
            sent_at: 60,
            recommendation_id: Some("r1".into()),
            properties: vec![("position".into(), 1.into())],
            ..PutEvent::default()
        }],
        ..PutEvents::default()
    }
}

/// A session and two users: of its shard, and of another.
fn names(set: &ShardSet) -> [String; 3] {
    let session = "session".to_owned();
    let home = set.shard_of(&session);
    let mut users = (0..).map(|number| format!("u{number}"));
    let same = users
        .clone()
        .find(|user| set.shard_of(user) == home)
        .unwrap();
    let other = users.find(|user| set.shard_of(user) != home).unwrap();
    [session, same, other]
}

fn rows_of(set: &ShardSet, user: &str) -> usize {
    let snapshot = set.snapshot().unwrap();
    read::history(snapshot.of(user).unwrap(), user, &Default::default()).len()
}

#[test]
fn events_go_to_their_user_or_to_their_session() {
    let (_folder, set) = Shards::new(4);
    let put = |request: &PutEvents<'_>| set.put_events(request, Durability::Buffered).unwrap();
    let [session, same, other] = names(&set);
    let home = set.shard_of(&session);

    let done = put(&request(&session, None, "e1"));
    assert_eq!((done.shard, done.left_in), (home, None));
    assert_eq!(rows_of(&set, &session), 1);

    // In the same shard all is as in one store.
    let done = put(&request(&session, Some(&same), "e2"));
    assert_eq!((done.shard, done.left_in), (home, None));
    assert_eq!((rows_of(&set, &session), rows_of(&set, &same)), (0, 2));
    assert_eq!(
        put(&request(&session, Some(&same), "e1")).done.duplicates,
        [0]
    );

    // To another shard they do not follow, which is told.
    let third = "session 3";
    let put_third = put(&request(third, None, "e3"));
    let far = (0..).map(|number| format!("v{number}"));
    let far = far
        .clone()
        .find(|user| set.shard_of(user) != put_third.shard)
        .unwrap();
    let done = put(&request(third, Some(&far), "e4"));
    assert_eq!(done.left_in, Some(put_third.shard));
    assert_eq!((rows_of(&set, third), rows_of(&set, &far)), (1, 1));

    let done = put(&request("fresh", Some(&other), "e5"));
    assert_eq!((done.shard, done.left_in), (set.shard_of(&other), None));
}

#[test]
fn a_recommendation_is_known_in_every_shard() {
    let (_folder, set) = Shards::new(3);
    let recommendation = Recommendation {
        id: "r1".to_owned(),
        items: vec!["tea".to_owned(), "cake".to_owned()],
        source: None,
    };
    let commits = set
        .record_recommendation(&recommendation, Durability::Synced)
        .unwrap();
    assert_eq!(commits.len(), 3);
    for number in 0..12 {
        let user = format!("u{number}");
        set.put_events(&request(&user, Some(&user), &user), Durability::Buffered)
            .unwrap();
        let shard = set.snapshot().unwrap();
        let history = shard.of(&user).unwrap().newest(&user, 1).unwrap();
        let field = set.schema().require("IMPRESSION").unwrap();
        let shown = history.get(0).unwrap().value(field).unwrap();
        assert_eq!(
            shown,
            Value::Items(vec!["tea".to_owned(), "cake".to_owned()])
        );
    }
}

/// What cannot be copied is not lost: the shard stays as it is.
#[test]
fn a_shard_that_remembers_events_is_neither_split_nor_merged() {
    let (made, set) = Shards::new(2);
    set.put_events(&request("s", Some("ada"), "e1"), Durability::Synced)
        .unwrap();
    let shard = set.shard_of("ada");
    let before = made.names();
    drop(set);
    let errors = [
        builder().split(&made.path, shard).unwrap_err(),
        builder().merge(&made.path, 0, 1).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), annals::ErrorKind::Unsupported);
        assert!(
            error
                .message()
                .contains("it remembers 1 event ids, 1 sessions"),
            "{error}"
        );
    }
    assert_eq!(made.names(), before);
    assert_eq!(made.snapshot().content().unwrap().rows, 1);
    builder().split(&made.path, 1 - shard).unwrap();
}
