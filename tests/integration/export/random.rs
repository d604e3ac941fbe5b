//! Random stores, selections, layouts and splits. `PROPTEST_CASES=1000` runs more of them.

use annals::export::{ArrowLists, EventRule, Examples, Layout, SameSecond, Selection, Split};
use annals::query::Origins;
use annals::{Durability, ImportMode, Store};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::model::{Rows, by_part, exported};
use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet};

#[derive(Clone, Debug)]
enum Step {
    Write(Vec<Record>),
    Import(Vec<Record>, ImportMode),
    Flush,
    Compact,
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let user = prop_oneof![Just("ada"), Just("b"), Just("ben"), Just("zo\u{EB}")];
    let record = (user, 0_i64..30, 0_u64..400)
        .prop_map(|(user, at, number)| Record::numbered(user, at * 5000, number));
    vec(record, 0..30)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(
        prop_oneof![
            3 => records().prop_map(Step::Write),
            2 => records().prop_map(|records| Step::Import(records, ImportMode::Incremental)),
            1 => records().prop_map(|records| Step::Import(records, ImportMode::Full)),
            1 => Just(Step::Flush),
            1 => Just(Step::Compact),
        ],
        1..8,
    )
}

fn play(store: &Store, rows: &mut Rows, step: &Step) {
    match step {
        Step::Write(records) => {
            store.write(batch(records), Durability::Buffered).unwrap();
            rows.write(records);
        }
        Step::Import(records, mode) => {
            let mut import = store.import(*mode).unwrap();
            import.allow_empty(true);
            records
                .iter()
                .for_each(|record| record.push_to(&mut import).unwrap());
            import.commit().unwrap();
            rows.import(records, *mode);
        }
        Step::Flush => store.flush().unwrap(),
        Step::Compact => store.compact().unwrap(),
    }
}

fn rules() -> impl Strategy<Value = Vec<EventRule>> {
    let rule = |name: &'static str| {
        (option::of(0.0_f64..40.0), option::of(0.0_f64..3.0)).prop_map(move |(at_least, weight)| {
            EventRule::of(name.to_owned())
                .at_least(at_least)
                .weight(weight)
        })
    };
    prop_oneof![
        3 => Just(Vec::new()),
        1 => rule("VIEW").prop_map(|rule| vec![rule]),
        1 => (rule("purchase"), rule("like")).prop_map(|(a, b)| vec![a, b]),
    ]
}

fn selection() -> impl Strategy<Value = Selection> {
    let few = || option::weighted(0.3, 1_u64..6);
    (
        (
            prop_oneof![4 => Just(Origins::All), 1 => Just(Origins::Bulk), 1 => Just(Origins::Put)],
            option::weighted(0.3, 0_i64..150_000),
            option::weighted(0.3, 0_i64..150_000),
            rules(),
            any::<bool>(),
        ),
        (
            few(),
            few(),
            option::weighted(0.3, 1_u64..60),
            few(),
            prop_oneof![4 => Just(0_u64), 1 => 0_u64..5],
        ),
    )
        .prop_map(
            |(
                (origin, since, until, events, distinct),
                (items, users, newest, per_user, after),
            )| {
                Selection::default()
                    .origin(origin)
                    .since(since)
                    .until(until)
                    .events(events)
                    .distinct(distinct)
                    .min_item_events(items)
                    .min_user_events(users)
                    .newest(newest)
                    .newest_per_user(per_user)
                    .after(after)
            },
        )
}

fn layout() -> impl Strategy<Value = Layout> {
    let examples = (
        1_u64..8,
        0_u64..3,
        prop_oneof![Just(SameSecond::LeaveOut), Just(SameSecond::Arrived)],
        any::<bool>(),
    )
        .prop_map(|(history, min_history, same_second, as_known)| {
            Layout::Examples(
                Examples::default()
                    .history(history)
                    .min_history(min_history)
                    .same_second(same_second)
                    .as_known(as_known),
            )
        });
    prop_oneof![
        Just(Layout::Rows),
        Just(Layout::Impressions),
        (option::of(1_u64..9), 0_u64..4).prop_map(|(max_length, min_length)| Layout::Sequences {
            max_length,
            min_length
        }),
        examples,
    ]
}

fn split() -> impl Strategy<Value = Option<Split>> {
    prop_oneof![
        2 => Just(None),
        1 => (0_i64..75_000, option::of(75_000_i64..150_000))
            .prop_map(|(first, second)| Some(Split::Time(first, second))),
        1 => (1_u64..4).prop_map(|last| Some(Split::LeaveLast(last))),
        1 => Just(Some(Split::UserHash([2, 1, 1]))),
    ]
}

/// Whether the interactions of each list follow each other.
fn have_ranges(layout: &Layout) -> bool {
    match layout {
        Layout::Examples(examples) => !examples.as_known && examples.same_second != SameSecond::All,
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn exports_are_what_plain_loops_give(
        steps in steps(),
        asked in vec((selection(), layout(), split()), 1..6),
        threads in 1_usize..4,
    ) {
        let folder = folder();
        let store = create(&folder.path().join("store"), quiet());
        let mut rows = Rows::default();
        steps.iter().for_each(|step| play(&store, &mut rows, step));
        for (selection, layout, split) in asked {
            let mut export = store
                .export()
                .selection(selection.clone())
                .layout(layout.clone())
                .threads(threads);
            if let Some(split) = split {
                export = export.split(split);
            }
            let (found, report) = exported(&export);
            let want = rows.export(&selection, &layout, split);
            prop_assert_eq!(by_part(found), by_part(want.clone()));
            if have_ranges(&layout) {
                let (found, _) = exported(&export.lists(ArrowLists::View));
                prop_assert_eq!(by_part(found), by_part(want));
            }
            let taken = rows.select(&selection).len() as u64;
            prop_assert_eq!(report.content.rows, taken);
            prop_assert_eq!(report.stored, rows.all.len() as u64);
            prop_assert_eq!(report.stored - report.dropped.sum(), taken);
        }
    }

    /// What was known at a commit is the store as it was then, or refused; and what arrived since makes
    /// it up to what is there now.
    #[test]
    fn earlier_states_are_told_or_refused(steps in steps()) {
        let folder = folder();
        let store = create(&folder.path().join("store"), quiet());
        let mut rows = Rows::default();
        let mut states = vec![rows.clone()];
        for step in &steps {
            play(&store, &mut rows, step);
            states.push(rows.clone());
        }
        let now = store.content().unwrap();
        for state in states {
            let snapshot = store.snapshot();
            let Ok(then) = snapshot.as_of(state.sequence) else {
                prop_assert!(state.sequence < snapshot.earliest());
                // Since commit 0 is all that there is, whatever was replaced.
                let told = store.changes_since(state.sequence);
                prop_assert_eq!(told.is_ok(), state.sequence == 0);
                continue;
            };
            prop_assert!(state.sequence >= rows.replaced);
            let all = Selection::default();
            let (found, _) = exported(&then.export());
            prop_assert_eq!(found, state.export(&all, &Layout::Rows, None));
            let told = store.changes_since(state.sequence).unwrap();
            prop_assert_eq!(told.steps, []);
            let since = Selection::default().after(state.sequence);
            let (changes, report) = exported(&snapshot.export().selection(since.clone()));
            prop_assert_eq!(changes, rows.export(&since, &Layout::Rows, None));
            prop_assert_eq!(then.content().unwrap().plus(report.content), now);
        }
    }
}
