//! What a run of the property test does, at random.

use annals::query::{ScanOrder, UserRange};
use annals::{HistoryQuery, ImportMode, Order, Projection, ScanQuery, Settings, TimeRange};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::support::hints::{HintOn, hint};
use crate::support::model::Deleted;
use crate::support::record::Record;
use crate::support::schema;

#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// A batch, and whether it is synced.
    Write(Vec<Record>, bool),
    Import(Vec<Record>, ImportMode),
    /// An import that is dropped.
    Abandon(Vec<Record>),
    Delete(Deleted),
    Flush,
    Compact,
    Reopen(Settings),
    /// Copy the store, and go on with the copy.
    Checkpoint,
    Hold,
    Ask(Box<Asked>),
}

/// One question of each kind.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) user: String,
    /// More users than are looked up ahead, one or the other twice.
    pub(super) users: Vec<String>,
    pub(super) history: HistoryQuery,
    pub(super) scan: ScanQuery,
    pub(super) hints: Vec<HintOn>,
    pub(super) candidates: Vec<String>,
}

pub(super) fn settings() -> impl Strategy<Value = Settings> {
    (
        prop_oneof![1_u64..40, Just(1 << 18)],
        prop_oneof![Just(1 << 10), Just(1 << 14), Just(64 << 20)],
        1_usize..3,
        1_usize..4,
        any::<bool>(),
    )
        .prop_map(|(rows, bytes, waiting, max_runs, background)| {
            Settings::default()
                .generation_rows(rows)
                .generation_bytes(bytes)
                .waiting_generations(waiting)
                .memory_budget_bytes(1 << 20)
                .max_runs(max_runs)
                .threads(2)
                .background(background)
        })
}

/// Few users, so that they meet in every source; one is the prefix of another.
fn user() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "aa", "b", "\u{E9}", "\u{10FFFF}", "z"]),
        1 => prop::sample::select(vec!["c", "d", "e", "f", "g", "h", "i", "j"]),
    ]
    .prop_map(str::to_owned)
}

fn item() -> impl Strategy<Value = String> {
    (0_u32..30).prop_map(|number| format!("item {number}"))
}

fn event_type() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["view", "View", "purchase", "like", "\u{FC}"]).prop_map(str::to_owned)
}

fn timestamp() -> impl Strategy<Value = i64> {
    prop_oneof![6 => 0_i64..12, 1 => 0_i64..100_000, 1 => Just(i64::MAX), 1 => Just(1 << 40)]
}

fn record() -> impl Strategy<Value = Record> {
    let float = prop_oneof![any::<f32>(), Just(-0.0), Just(0.5)];
    let double = prop_oneof![any::<f64>(), Just(-0.0), Just(0.5)];
    let session = prop_oneof![any::<i64>(), 0_i64..4, Just(i64::MIN), Just(i64::MAX)];
    let position = prop_oneof![any::<i32>(), 0_i32..4];
    let values = (
        option::of(float.prop_filter("finite", |number| number.is_finite())),
        vec(item(), 0..4),
        option::of("[a-c\"|,\n]{1,3}"),
        position,
        option::of(session),
        option::of(double.prop_filter("finite", |number| number.is_finite())),
        option::of(any::<bool>()),
    );
    (user(), item(), timestamp(), event_type(), values).prop_map(
        |(user, item, timestamp, event_type, values)| {
            let (value, impression, location, position, session, price, member) = values;
            Record {
                user,
                item,
                timestamp,
                event_type,
                value,
                impression,
                location,
                position,
                session,
                price,
                member,
            }
        },
    )
}

/// Rows of an import; wide ones pass the budget, so that it spills and cuts.
fn imported() -> impl Strategy<Value = Vec<Record>> {
    let widths = prop_oneof![3 => Just(0_usize), 2 => Just(40_000)];
    (vec(record(), 0..60), widths).prop_map(|(mut records, width)| {
        if width > 0 {
            for (number, record) in records.iter_mut().enumerate() {
                record.location = Some(format!("{number:04}").repeat(width / 4));
            }
        }
        records
    })
}

fn deleted() -> impl Strategy<Value = Deleted> {
    let bounds = || option::weighted(0.3, timestamp().prop_filter("a range", |at| *at > 0));
    let of_users = (
        vec(user(), 1..3),
        option::weighted(0.4, item()),
        bounds(),
        bounds(),
    );
    let of_users = of_users.prop_map(|(users, item, since, until)| {
        let is_range = since.zip(until).is_none_or(|(since, until)| since < until);
        Deleted::OfUsers {
            users,
            item,
            since,
            until: until.filter(|_| is_range),
        }
    });
    prop_oneof![3 => of_users, 2 => item().prop_map(Deleted::Item)]
}

fn mode() -> impl Strategy<Value = ImportMode> {
    prop_oneof![3 => Just(ImportMode::Incremental), 1 => Just(ImportMode::Full)]
}

pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        10 => (vec(record(), 0..12), any::<bool>())
            .prop_map(|(records, synced)| Operation::Write(records, synced)),
        3 => (imported(), mode()).prop_map(|(records, mode)| Operation::Import(records, mode)),
        1 => imported().prop_map(Operation::Abandon),
        3 => deleted().prop_map(Operation::Delete),
        2 => Just(Operation::Flush),
        2 => Just(Operation::Compact),
        1 => settings().prop_map(Operation::Reopen),
        1 => Just(Operation::Checkpoint),
        2 => Just(Operation::Hold),
        8 => asked().prop_map(|asked| Operation::Ask(Box::new(asked))),
    ];
    vec(operation, 0..40)
}

fn time() -> impl Strategy<Value = TimeRange> {
    let bound = || option::of(timestamp());
    prop_oneof![
        Just(TimeRange::ALL),
        (bound(), bound()).prop_map(|(since, until)| TimeRange::new(since, until)),
    ]
}

fn projection() -> impl Strategy<Value = Projection> {
    let names: Vec<String> = schema()
        .fields()
        .iter()
        .map(|field| field.name().to_owned())
        .collect();
    let count = names.len();
    prop_oneof![
        Just(Projection::All),
        prop::sample::subsequence(names, 0..=count).prop_map(Projection::Names),
    ]
}

fn event_types() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        Just(Vec::new()),
        vec(
            prop_oneof![Just("VIEW"), Just("like"), Just("none")].prop_map(str::to_owned),
            0..3
        ),
    ]
}

fn asked() -> impl Strategy<Value = Asked> {
    let history = (
        option::of(0_usize..20),
        event_types(),
        time(),
        projection(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(limit, event_types, time, projection, oldest, copies_text)| {
                HistoryQuery::default()
                    .limit(limit)
                    .event_types(event_types)
                    .time(time)
                    .projection(projection)
                    .order(if oldest {
                        Order::OldestFirst
                    } else {
                        Order::NewestFirst
                    })
                    .copies_text(copies_text)
            },
        );
    let batch_rows = prop_oneof![1_usize..6, Just(1 << 14)];
    let users = (option::of(user()), option::of(user()));
    let scan = (
        time(),
        users,
        event_types(),
        projection(),
        any::<bool>(),
        batch_rows,
    )
        .prop_map(
            |(time, (from, to), event_types, projection, any, batch_rows)| {
                ScanQuery::default()
                    .time(time)
                    .users(UserRange::new(from, to))
                    .event_types(event_types)
                    .projection(projection)
                    .order(if any {
                        ScanOrder::Any
                    } else {
                        ScanOrder::UserTime
                    })
                    .batch_rows(batch_rows)
            },
        );
    let candidates = vec(item(), 0..20);
    let hints = vec(hint(), 1..3);
    (
        user(),
        vec(user(), 0..40),
        history,
        (scan, hints),
        candidates,
    )
        .prop_map(|(user, users, history, (scan, hints), candidates)| Asked {
            user,
            users,
            history,
            scan,
            hints,
            candidates,
        })
}
