//! What a set answers is what one store with the same rows does.

use annals::import::CsvImport;
use annals::query::{Unseen, UserRange};
use annals::shards::ShardSnapshot;
use annals::{Deletion, Durability, HistoryQuery, ImportMode, ScanQuery, Snapshot, Store};

use super::{Shards, USERS, fill_both, histories, records, rows, user};
use crate::support::read;
use crate::support::{create, folder, quiet};

#[track_caller]
fn assert_same(set: &ShardSnapshot, one: &Snapshot) {
    assert_eq!(set.content().unwrap(), one.content().unwrap());
    let mut all = read::scan(one, &ScanQuery::default());
    all.sort();
    assert_eq!(rows(set), all);
    let query = HistoryQuery::default().limit(9).event_types(["view"]);
    let items: Vec<String> = (0..97).map(|item| format!("item {item}")).collect();
    let types = ["purchase".to_owned()];
    let (mut ours, mut theirs) = (Unseen::new(), Unseen::new());
    for (number, history) in histories(set).into_iter().enumerate() {
        let user = user(number as u64);
        assert_eq!(history, read::history(one, &user, &HistoryQuery::default()));
        let newest = read::history(set.of(&user).unwrap(), &user, &query);
        assert_eq!(newest, read::history(one, &user, &query));
        assert_eq!(
            set.unseen(&user, &items, &types, &mut ours).unwrap(),
            one.unseen(&user, &items, &types, &mut theirs).unwrap()
        );
    }
}

#[test]
fn a_set_answers_as_one_store() {
    for shards in [1, 2, 7] {
        let (_folder, set) = Shards::new(shards);
        let folder = folder();
        let one = create(&folder.path().join("one"), quiet());
        fill_both(&set, &one, &records(0..500));
        assert_same(&set.snapshot().unwrap(), &one.snapshot());
        let used = (0..USERS).map(|number| set.shard_of(&user(number)));
        assert_eq!(
            used.collect::<std::collections::BTreeSet<_>>().len(),
            shards
        );
        for (position, store) in set.stores().unwrap().into_iter().enumerate() {
            for user in store.snapshot().users(UserRange::default()).unwrap() {
                assert_eq!(set.shard_of(&user.unwrap()), position);
            }
        }

        let before = set.snapshot().unwrap();
        let deletions = [
            Deletion::users([user(3), user(4), user(5), "nobody".to_owned()]),
            Deletion::user(user(6)).with_item("item 6"),
            Deletion::item("item 12"),
        ];
        for deletion in deletions {
            let commits = set.delete(&deletion, Durability::Buffered).unwrap();
            assert!(deletion != Deletion::item("item 12") || commits.len() == shards);
            one.delete(&deletion, Durability::Buffered).unwrap();
        }
        assert_same(&set.snapshot().unwrap(), &one.snapshot());
        assert_eq!(before.content().unwrap().rows, 500);
        let again = set.snapshot().unwrap().as_of(&before.sequences()).unwrap();
        assert_eq!(again.content().unwrap(), before.content().unwrap());
        let error = again.as_of(&[]).map(|_| ()).unwrap_err();
        assert!(error.message().contains("0 commits for"), "{error}");
    }
}

#[test]
fn a_file_is_imported_in_one_pass() {
    let mut csv = String::from(
        "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION,LOCATION,POSITION,SESSION,PRICE,MEMBER\n",
    );
    for number in 0..200 {
        csv += &format!(
            "{},item {number},{},view,,a|b,,1,,,true\n",
            user(number),
            number / 20
        );
    }
    let read = |store: Option<&Store>, set: Option<&annals::shards::ShardSet>| match (store, set) {
        (Some(store), _) => {
            let mut import = store.import(ImportMode::Incremental).unwrap();
            let reader = CsvImport::new(store.validator());
            let report = reader
                .run_reader("rows", csv.as_bytes(), &mut import)
                .unwrap();
            assert_eq!((report.rows, import.commit().unwrap().rows), (200, 200));
        }
        (None, Some(set)) => {
            let mut import = set.import(ImportMode::Incremental).unwrap();
            let reader = CsvImport::new(set.validator());
            let report = reader
                .run_reader("rows", csv.as_bytes(), &mut import)
                .unwrap();
            let commits = import.commit().unwrap();
            let taken: u64 = commits.iter().map(|one| one.commit.rows).sum();
            assert_eq!((report.rows, taken), (200, 200));
        }
        (None, None) => {}
    };
    let folder = folder();
    let one = create(&folder.path().join("one"), quiet());
    read(Some(&one), None);
    for shards in [1, 2, 7] {
        let (_folder, set) = Shards::new(shards);
        read(None, Some(&set));
        assert_same(&set.snapshot().unwrap(), &one.snapshot());
    }
}
