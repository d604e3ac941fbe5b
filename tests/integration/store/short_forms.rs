//! The short ways to do what is done most.

use annals::query::UserRange;
use annals::{
    DataType, Durability, ErrorKind, ImportMode, Interaction, Limits, Schema, Store, Value,
};

use crate::support::folder;

fn schema() -> Schema {
    let builder = Schema::builder().event_type().impression();
    builder.build(&Limits::personalize()).unwrap()
}

fn seen(user: &str, item: &str, at: i64) -> Interaction {
    Interaction::new(user, item, at).event_type("view")
}

fn users(store: &Store, range: UserRange) -> Vec<String> {
    let users = store.snapshot().users(range).unwrap();
    users.collect::<annals::Result<_>>().unwrap()
}

#[test]
fn a_store_is_opened_or_created() {
    let folder = folder();
    let path = folder.path().join("store");
    for round in 0..3 {
        let store = Store::open_or_create(&path, &schema()).unwrap();
        assert_eq!(store.newest("ada", 9).unwrap().len(), round);
        store
            .write(seen("ada", "tea", 60), Durability::Buffered)
            .unwrap();
    }
    let other = Schema::builder()
        .field("DEVICE", DataType::String)
        .nullable();
    let other = other.build(&Limits::personalize()).unwrap();
    let error = Store::open_or_create(&path, &other).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    // What is no store is not taken for one.
    std::fs::remove_file(path.join("MANIFEST")).unwrap();
    let error = Store::open_or_create(&path, &schema()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
}

#[test]
fn interactions_are_imported_as_they_are_written() {
    let folder = folder();
    let store = Store::create(folder.path(), &schema()).unwrap();
    let mut import = store.import(ImportMode::Incremental).unwrap();
    let shown = vec!["tea".to_owned(), "cake".to_owned()];
    import
        .push(&seen("ada", "tea", 30).with("IMPRESSION", Value::Items(shown)))
        .unwrap();
    import.push(&seen("ada", "cake", 60)).unwrap();
    let refused = import.push(&Interaction::new("ada", "", 5).event_type("view"));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(import.commit().unwrap().rows, 2);

    let newest = store.newest("ada", 1).unwrap();
    assert_eq!(newest.get(0).unwrap().item().unwrap(), "cake");
    let both = store.newest("ada", 9).unwrap();
    let items: Vec<&str> = both.iter().map(|event| event.item().unwrap()).collect();
    assert_eq!(items, ["cake", "tea"]);
    assert_eq!(store.newest("nobody", 9).unwrap().len(), 0);
}

#[test]
fn users_are_listed_once_and_in_order_wherever_their_rows_lie() {
    let folder = folder();
    let store = Store::create(folder.path(), &schema()).unwrap();
    assert_eq!(users(&store, UserRange::default()), [""; 0]);
    for (round, order) in [[5, 1, 3], [4, 3, 9], [1, 9, 0]].into_iter().enumerate() {
        for user in order {
            let row = seen(&format!("user {user}"), "tea", round as i64);
            store.write(row, Durability::Buffered).unwrap();
        }
        if round < 2 {
            store.flush().unwrap();
        }
    }
    let all = [0, 1, 3, 4, 5, 9].map(|user| format!("user {user}"));
    assert_eq!(users(&store, UserRange::default()), all);
    let range = UserRange::default().from("user 1").to("user 5");
    assert_eq!(users(&store, range), all[1..4]);
}
