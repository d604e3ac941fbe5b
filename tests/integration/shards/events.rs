//! Events of sessions in a set.

use annals::events::{PutEvent, PutEvents, Recommendation};
use annals::shards::ShardSet;
use annals::{Durability, Value};

use super::{Shards, builder};
use crate::support::read;

fn request<'a>(session: &'a str, user: Option<&'a str>, event_id: &'a str) -> PutEvents<'a> {
    let mut request = PutEvents::new(session).event(
        PutEvent::new("view", 60)
            .event_id(event_id)
            .item_id("tea")
            .recommendation_id("r1")
            .property("position", 1),
    );
    request.user_id = user.map(Into::into);
    request
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

    // To another shard they follow.
    let third = "session 3";
    let put_third = put(&request(third, None, "e3"));
    let far = (0..).map(|number| format!("v{number}"));
    let far = far
        .clone()
        .find(|user| set.shard_of(user) != put_third.shard)
        .unwrap();
    let done = put(&request(third, Some(&far), "e4"));
    assert_eq!((done.moved, done.left_in), (1, None));
    assert_eq!((rows_of(&set, third), rows_of(&set, &far)), (0, 2));
    // Later ones without a user follow with the next that names the user; nothing is moved twice.
    put(&request(third, None, "e6"));
    assert_eq!((rows_of(&set, third), rows_of(&set, &far)), (1, 2));
    let done = put(&request(third, Some(&far), "e7"));
    assert_eq!((done.moved, done.left_in), (1, None));
    assert_eq!((rows_of(&set, third), rows_of(&set, &far)), (0, 4));
    assert_eq!(put(&request(third, Some(&far), "e8")).moved, 0);

    let done = put(&request("fresh", Some(&other), "e5"));
    assert_eq!((done.shard, done.left_in), (set.shard_of(&other), None));
}

/// A user whom another shard has than the session.
fn stranger(set: &ShardSet, session: &str) -> String {
    let home = set.shard_of(session);
    let mut users = (0..).map(|number| format!("u{number}"));
    users.find(|user| set.shard_of(user) != home).unwrap()
}

/// What moves keeps its values and its order, whatever tier it lies in.
#[test]
fn what_follows_a_session_is_as_it_was() {
    let (made, set) = Shards::new(4);
    let user = stranger(&set, "s");
    for number in 0..25_i64 {
        let mut request = request("s", None, "");
        let event = &mut request.events[0];
        event.event_id = None;
        event.item_id = Some(format!("item {number}").into());
        event.sent_at = 60 + number / 10;
        event.event_value = Some(0.5);
        event.impression = vec!["a".into(), "b".into()];
        event.attribution_source = Some("home".into());
        event.properties = vec![
            ("position".into(), (number as i32).into()),
            ("location".into(), "x, y".into()),
            ("member".into(), true.into()),
        ];
        set.put_events(&request, Durability::Buffered).unwrap();
        if number == 12 {
            set.store(set.shard_of("s")).unwrap().flush().unwrap();
        }
    }
    let before = read::history(
        set.snapshot().unwrap().of("s").unwrap(),
        "s",
        &Default::default(),
    );
    assert_eq!(before.len(), 25);
    let done = set
        .put_events(&request("s", Some(&user), "e"), Durability::Buffered)
        .unwrap();
    assert_eq!((done.moved, done.left_in), (25, None));
    let after = read::history(
        set.snapshot().unwrap().of(&user).unwrap(),
        &user,
        &Default::default(),
    );
    let name = format!("String({user:?})");
    for mut line in before {
        line[0].clone_from(&name);
        assert!(after.contains(&line), "{line:?} is not in {after:#?}");
    }
    assert_eq!(after.len(), 26);
    drop(set);
    assert_eq!(made.snapshot().content().unwrap().rows, 26);
}

/// The move is cut off before the session's shard has let go of it: the next one doubles nothing.
#[test]
fn a_move_that_was_cut_off_is_made_again() {
    let (made, set) = Shards::new(2);
    let user = stranger(&set, "s");
    let home = set.shard_of("s");
    for id in ["a", "b", "c"] {
        set.put_events(&request("s", None, id), Durability::Synced)
            .unwrap();
    }
    drop(set);
    let shard = made.path.join(format!("shard-{}", home + 1));
    let kept = made.path.with_file_name("kept");
    copy(&shard, &kept);
    let set = made.open();
    set.put_events(&request("s", Some(&user), "d"), Durability::Synced)
        .unwrap();
    assert_eq!((rows_of(&set, "s"), rows_of(&set, &user)), (0, 4));
    drop(set);
    std::fs::remove_dir_all(&shard).unwrap();
    std::fs::rename(&kept, &shard).unwrap();
    let set = made.open();
    assert_eq!((rows_of(&set, "s"), rows_of(&set, &user)), (3, 4));
    let done = set
        .put_events(&request("s", Some(&user), "e"), Durability::Synced)
        .unwrap();
    assert_eq!((done.moved, done.left_in), (0, None));
    assert_eq!((rows_of(&set, "s"), rows_of(&set, &user)), (0, 5));
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &place),
            false => drop(std::fs::copy(entry.path(), place).unwrap()),
        }
    }
}

/// A user of the session's name is somebody else, whose rows stay.
#[test]
fn a_session_of_a_users_name_stays() {
    let (_folder, set) = Shards::new(4);
    let user = stranger(&set, "s");
    let row = crate::support::record::Record::new("s", "tea", 5);
    set.write(row.interaction(), Durability::Synced).unwrap();
    set.put_events(&request("s", None, "a"), Durability::Synced)
        .unwrap();
    let done = set
        .put_events(&request("s", Some(&user), "b"), Durability::Synced)
        .unwrap();
    assert_eq!((done.moved, done.left_in), (0, Some(set.shard_of("s"))));
    assert_eq!((rows_of(&set, "s"), rows_of(&set, &user)), (2, 1));
}

#[test]
fn a_recommendation_is_known_in_every_shard() {
    let (_folder, set) = Shards::new(3);
    let recommendation = Recommendation::new("r1", ["tea", "cake"]);
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
