//! A filter expression is compiled or refused; what is compiled is written as it reads, and what it
//! keeps is what it explains.

#![no_main]

use std::sync::LazyLock;

use annals::filter::{
    AttributeDataset, AttributeTable, FilterContext, FilterPlan, Filtered, Subject,
};
use annals::{Durability, Interaction, Limits, Snapshot, Store};
use libfuzzer_sys::fuzz_target;

const ITEMS: &str = r#"{"type": "record", "name": "Items", "fields": [
    {"name": "ITEM_ID", "type": "string"}, {"name": "PRICE", "type": ["null", "float"]},
    {"name": "GENRE", "type": ["null", "string"], "categorical": true}]}"#;
const USERS: &str = r#"{"type": "record", "name": "Users", "fields": [
    {"name": "USER_ID", "type": "string"}, {"name": "AGE", "type": "int"},
    {"name": "CITY", "type": "string"}]}"#;

struct World {
    snapshot: Snapshot,
    items: AttributeTable,
    users: AttributeTable,
    // Open and on disk for as long as the snapshot is read.
    _store: Store,
    _folder: tempfile::TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = Limits::unlimited();
    let schema = annals_fuzz::schema(&limits);
    let store = Store::builder()
        .limits(limits)
        .create(folder.path(), &schema);
    let store = store.expect("a store");
    for number in 0..40 {
        let item = ["tea", "cake", "scone"][number as usize % 3];
        let interaction = Interaction::new("5", item, number)
            .event_type(["view", "View", "buy", "5"][number as usize % 4])
            .with(
                "EVENT_VALUE",
                (number % 3 > 0).then_some(number as f32 / 2.0),
            )
            .with("COUNT", (number % 5 > 0).then_some(number as i32 - 9))
            .with("PRICE", (number % 2 > 0).then_some(number as f64 / 3.0));
        store
            .write(interaction, Durability::Buffered)
            .expect("a row");
        if number == 20 {
            store.flush().expect("a segment");
        }
    }
    let read = |dataset, schema, csv: &str| {
        AttributeTable::read(dataset, schema, csv.as_bytes()).expect("a table")
    };
    let items = "ITEM_ID,PRICE,GENRE\ntea,5,hot|green\ncake,,\nscone,2.5,5\n";
    World {
        snapshot: store.snapshot(),
        items: read(AttributeDataset::Items, ITEMS, items),
        users: read(AttributeDataset::Users, USERS, "USER_ID,AGE,CITY\n5,5,5\n"),
        _store: store,
        _folder: folder,
    }
});

/// With every parameter that the plan names.
fn context<'a>(plan: &FilterPlan, world: &'a World) -> FilterContext<'a> {
    let mut context = FilterContext::new()
        .items(&world.items)
        .users(&world.users)
        .current_item("tea");
    for name in plan.parameters() {
        context = context.parameter(name, "\"5\"").expect("a value");
    }
    context
}

fn ask(plan: &FilterPlan, world: &World) {
    let context = context(plan, world);
    if plan.subject() == Subject::Users {
        let _ = world.snapshot.filter_users(plan, &context);
        return;
    }
    let candidates = ["tea", "cake", "scone", "5"];
    let mut buffer = Filtered::new();
    let kept = world
        .snapshot
        .filter(plan, "5", &candidates, &context, &mut buffer);
    for (position, candidate) in candidates.iter().enumerate() {
        let explained = world.snapshot.explain(plan, "5", candidate, &context);
        match (&kept, explained) {
            (Ok(kept), Ok(explained)) => {
                assert_eq!(kept.contains(&position), explained.kept, "{explained}");
            }
            (Err(kept), Err(explained)) => assert_eq!(kept.to_string(), explained.to_string()),
            (kept, explained) => panic!("{kept:?} but {explained:?}"),
        }
    }
}

fuzz_target!(|text: &str| {
    let _ = FilterContext::new().parameter("NAME", text);
    let world = &*WORLD;
    let schema = world.snapshot.schema();
    let limited = FilterPlan::compile(text, schema, &Limits::personalize());
    let unlimited = FilterPlan::compile(text, schema, &Limits::unlimited());
    if let Ok(plan) = &unlimited {
        let written = plan.to_string();
        let again = FilterPlan::compile(&written, schema, &Limits::unlimited());
        assert_eq!(again.as_ref().map_err(ToString::to_string), Ok(plan));
        assert_eq!(again.map(|again| again.to_string()).ok(), Some(written));
        ask(plan, world);
    }
    if let Ok(plan) = limited {
        let unlimited = unlimited.expect("what the limits allow is allowed without them");
        assert_eq!(plan.to_string(), unlimited.to_string());
        ask(&plan, world);
    }
});
