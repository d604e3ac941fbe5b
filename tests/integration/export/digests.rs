//! Digests of content: equal for equal content, however it is stored.

use annals::export::{Content, Layout, Selection};
use annals::query::Origins;
use annals::{Durability, ImportMode, Store};

use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet};

fn records() -> Vec<Record> {
    (0..400)
        .map(|number| {
            Record::numbered(
                ["ada", "ben", "zo\u{EB}"][number as usize % 3],
                number as i64 % 60,
                number,
            )
        })
        .collect()
}

fn import(store: &Store, records: &[Record]) {
    let mut import = store.import(ImportMode::Incremental).unwrap();
    records
        .iter()
        .for_each(|record| record.push_to(&mut import).unwrap());
    import.commit().unwrap();
}

fn content(store: &Store) -> Content {
    let content = store.content().unwrap();
    for threads in [1, 3] {
        let exported = store.export().threads(threads).report().unwrap().content;
        assert_eq!(exported, content);
    }
    let sequences = Layout::Sequences {
        max_length: None,
        min_length: 0,
    };
    let every = store
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().to_owned());
    let selection = Selection::default().columns(every);
    let laid_out = store
        .export()
        .selection(selection)
        .layout(sequences)
        .report()
        .unwrap();
    assert_eq!(laid_out.content, content);
    content
}

#[test]
fn a_digest_does_not_depend_on_how_rows_are_stored() {
    let folder = folder();
    let records = records();
    let path = folder.path().join("store");
    let store = create(&path, quiet());
    import(&store, &records[..200]);
    store
        .write(batch(&records[200..]), Durability::Buffered)
        .unwrap();
    let first = content(&store);
    assert_eq!(first.rows, 400);
    store.flush().unwrap();
    assert_eq!(content(&store), first);
    store.compact().unwrap();
    assert_eq!(content(&store), first);
    store.checkpoint(folder.path().join("copy")).unwrap();
    assert_eq!(content(&open(&folder.path().join("copy"), quiet())), first);
    drop(store);
    assert_eq!(content(&open(&path, quiet())), first);

    // In other commits, and in another order.
    let other = create(&folder.path().join("other"), quiet().generation_rows(20));
    let (bulk, recorded) = records.split_at(200);
    for part in recorded.rchunks(7) {
        other.write(batch(part), Durability::Buffered).unwrap();
    }
    for part in bulk.rchunks(50) {
        import(&other, part);
    }
    assert_eq!(content(&other), first);
}

#[test]
fn a_digest_tells_what_differs() {
    let folder = folder();
    let records = records();
    let of = |name: &str, imported: &[Record], recorded: &[Record]| {
        let store = create(&folder.path().join(name), quiet());
        import(&store, imported);
        store.write(batch(recorded), Durability::Buffered).unwrap();
        store.content().unwrap()
    };
    let (bulk, recorded) = records.split_at(200);
    let first = of("first", bulk, recorded);
    let (bulk, recorded) = records.split_at(199);
    assert_ne!(of("origin", bulk, recorded), first);
    let changes: [fn(&mut Record); 9] = [
        |record| record.user.push('x'),
        |record| record.item.push('x'),
        |record| record.timestamp += 1,
        |record| record.event_type.push('x'),
        |record| record.value = Some(0.0),
        |record| record.impression.reverse(),
        |record| record.location = None,
        |record| record.position += 1,
        |record| record.member = None,
    ];
    for (nth, change) in changes.iter().enumerate() {
        let mut changed = records.clone();
        change(&mut changed[7]);
        let (bulk, recorded) = changed.split_at(200);
        assert_ne!(
            of(&format!("change {nth}"), bulk, recorded),
            first,
            "change {nth}"
        );
    }
}

#[test]
fn digests_of_parts_add_up() {
    let folder = folder();
    let store = create(&folder.path().join("store"), quiet());
    let records = records();
    import(&store, &records[..300]);
    store
        .write(batch(&records[300..]), Durability::Buffered)
        .unwrap();
    let of = |origin| {
        let selection = Selection::default().origin(origin);
        store
            .export()
            .selection(selection)
            .report()
            .unwrap()
            .content
    };
    let sum = of(Origins::Bulk).plus(of(Origins::Put));
    assert_eq!(sum, store.content().unwrap());
    assert_eq!(of(Origins::Put).rows, 100);
}
