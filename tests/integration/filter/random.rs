//! Random histories, expressions and parameters, against the naive evaluator.

use std::fmt::Debug;

use annals::filter::{
    AttributeDataset, AttributeTable, FilterContext, FilterPlan, Filtered, Subject,
};
use annals::{Durability, ErrorKind, ImportMode, Limits, Store};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::naive::{Condition, Dataset, Expression, Table, Term, Test, Values, World};
use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet};

const USERS: [&str; 3] = ["ann", "bob", "zo\u{eb}"];
const ITEMS: [&str; 5] = ["tea", "cake", "scone", "it's", "gr\u{fc}n"];
const TYPES: [&str; 4] = ["view", "View", "buy", "Like it"];
const PLACES: [&str; 4] = ["a", "B", "c d", "a,b"];
const SYMBOLS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

/// Halves and quarters, which every type of number holds exactly.
fn number() -> impl Strategy<Value = f64> {
    (-8i32..8).prop_map(|quarters| f64::from(quarters) / 4.0)
}

fn joined() -> impl Strategy<Value = Option<String>> {
    option::of(vec(select(&PLACES[..]), 1..3).prop_map(|places| places.join("|")))
}

fn record() -> impl Strategy<Value = Record> {
    (
        (select(&USERS[..]), select(&ITEMS[..]), 0i64..12),
        select(&TYPES[..]),
        (option::of(number()), option::of(number()), -2i32..3),
        (joined(), vec(select(&ITEMS[..]), 0..3)),
    )
        .prop_map(|((user, item, at), event_type, numbers, lists)| Record {
            event_type: event_type.to_owned(),
            value: numbers.0.map(|value| value as f32),
            price: numbers.1,
            position: numbers.2,
            location: lists.0,
            impression: lists.1.into_iter().map(str::to_owned).collect(),
            ..Record::new(user, item, at)
        })
}

fn table(ids: &'static [&'static str], texts: [&'static str; 2]) -> impl Strategy<Value = Table> {
    let row = (
        joined(),
        option::of(select(&PLACES[..3])),
        option::of(-2i32..3),
    );
    btree_map(select(ids), row, 0..5).prop_map(move |rows| {
        let rows = rows.into_iter().map(|(id, (categories, text, number))| {
            let mut values = Values::default();
            if let Some(categories) = categories {
                let categories = categories.split('|').map(str::to_owned).collect();
                values.texts.insert("GENRE", categories);
            }
            if let Some(text) = text {
                values.texts.insert(texts[0], vec![text.to_owned()]);
            }
            if let Some(number) = number {
                values.numbers.insert(texts[1], number.into());
            }
            (id.to_owned(), values)
        });
        rows.collect()
    })
}

fn terms(texts: Vec<&'static str>) -> impl Strategy<Value = Vec<Term>> {
    let term = prop_oneof![
        4 => select(texts).prop_map(|text| Term::Text(text.to_owned())),
        1 => (0usize..3).prop_map(Term::Parameter),
    ];
    vec(term, 1..4)
}

/// A condition on a string field; `current` is one of the current item's that it may be held
/// against.
fn text(
    field: &'static str,
    texts: Vec<&'static str>,
    current: &'static str,
) -> impl Strategy<Value = Condition> {
    let list = (any::<bool>(), terms(texts)).prop_map(|(not, terms)| Test::In(not, terms));
    let current = any::<bool>().prop_map(move |not| Test::InCurrent(not, current));
    let test = prop_oneof![5 => list, 1 => current];
    test.prop_map(move |test| Condition { field, test })
}

fn compared(field: &'static str) -> impl Strategy<Value = Condition> {
    let test = (select(&SYMBOLS[..]), number(), 0usize..2, 0..6);
    test.prop_map(move |(symbol, number, parameter, kind)| {
        let test = match kind {
            0 => Test::CompareParameter(symbol, parameter),
            1 => Test::CompareCurrent(symbol, "YEAR"),
            _ => Test::Compare(symbol, number),
        };
        Condition { field, test }
    })
}

fn condition(dataset: Dataset) -> BoxedStrategy<Condition> {
    let (places, types) = (PLACES.to_vec(), vec!["VIEW", "buy", "like IT", "*"]);
    match dataset {
        Dataset::Interactions => prop_oneof![
            8 => text("EVENT_TYPE", types, "BRAND"),
            1 => text("LOCATION", places, "GENRE"),
            1 => text("ITEM_ID", ITEMS.to_vec(), "BRAND"),
            1 => text("USER_ID", USERS.to_vec(), "BRAND"),
            1 => text("IMPRESSION", ITEMS.to_vec(), "BRAND"),
            1 => select(vec!["EVENT_VALUE", "PRICE", "POSITION", "TIMESTAMP"]).prop_flat_map(compared),
        ]
        .boxed(),
        Dataset::Items => prop_oneof![
            text("GENRE", places.clone(), "GENRE"),
            text("BRAND", places, "BRAND"),
            compared("YEAR"),
        ]
        .boxed(),
        Dataset::Users | Dataset::CurrentUser => {
            prop_oneof![text("CITY", places, "GENRE"), compared("AGE")].boxed()
        }
    }
}

fn expression(of_items: bool) -> impl Strategy<Value = Expression> {
    let attributes = if of_items {
        Dataset::Items
    } else {
        Dataset::Users
    };
    let dataset = prop_oneof![3 => Just(Dataset::Interactions), 1 => Just(attributes)];
    let most = if of_items { 3 } else { 1 };
    dataset.prop_flat_map(move |dataset| {
        (
            any::<bool>(),
            vec(vec(condition(dataset), 1..3), 1..3),
            vec(condition(Dataset::CurrentUser), 0..most),
        )
            .prop_map(move |(include, any, only_if)| Expression {
                include,
                dataset,
                any,
                only_if,
            })
    })
}

/// Writes expressions, in one of the ways that people do.
struct Writer(u64);

impl Writer {
    fn chance(&mut self, of: u64) -> bool {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (self.0 >> 33).is_multiple_of(of)
    }

    fn word(&mut self, word: &str) -> String {
        match (self.chance(3), self.chance(2)) {
            (true, true) => word.to_ascii_lowercase(),
            (true, false) => word.to_ascii_uppercase(),
            _ => word.to_owned(),
        }
    }

    fn quoted(&mut self, text: &str) -> String {
        match self.chance(3) && !text.contains('\'') {
            true => format!("'{text}'"),
            false => format!("\"{text}\""),
        }
    }

    fn space(&mut self) -> &'static str {
        if self.chance(4) { " \n\t " } else { " " }
    }

    fn test(&mut self, test: &Test) -> String {
        let space = self.space();
        let list = |writer: &mut Self, not: bool| match not {
            true => format!("{}{space}{}", writer.word("NOT"), writer.word("IN")),
            false => writer.word("IN"),
        };
        match test {
            Test::In(not, terms) => {
                let terms: Vec<String> = terms
                    .iter()
                    .map(|term| match term {
                        Term::Text(text) => self.quoted(text),
                        Term::Parameter(number) if self.chance(2) => format!("\"$T{number}\""),
                        Term::Parameter(number) => format!("$T{number}"),
                    })
                    .collect();
                let comma = if self.chance(5) { space } else { "," };
                format!("{} ({space}{})", list(self, *not), terms.join(comma))
            }
            Test::InCurrent(not, field) => {
                let item = self.word("CurrentItem");
                format!("{} {item}.{}", list(self, *not), self.word(field))
            }
            Test::Compare(symbol, number) => format!("{symbol}{space}{number}"),
            Test::CompareParameter(symbol, number) => format!("{symbol} $N{number}"),
            Test::CompareCurrent(symbol, field) => format!("{symbol} CurrentItem.{field}"),
        }
    }

    fn conditions(&mut self, dataset: Dataset, conditions: &[Condition]) -> String {
        let mut parts = Vec::new();
        for Condition { field, test } in conditions {
            let dataset = self.word(&format!("{dataset:?}"));
            let test = self.test(test);
            parts.push(format!("{dataset}.{} {test}", self.word(field)));
        }
        let and = format!(" {}{}", self.word("AND"), self.space());
        parts.join(&and)
    }

    fn expression(&mut self, subject: &str, expression: &Expression) -> String {
        let action = self.word(if expression.include {
            "Include"
        } else {
            "EXCLUDE"
        });
        let any = expression.any.iter();
        let groups: Vec<String> = any
            .map(|group| self.conditions(expression.dataset, group))
            .collect();
        let groups = groups.join(&format!(" {} ", self.word("OR")));
        let only_if = match expression.only_if.as_slice() {
            [] => String::new(),
            conditions => format!(" IF {}", self.conditions(Dataset::CurrentUser, conditions)),
        };
        let subject = self.word(subject);
        let where_ = self.word("WHERE");
        format!(
            "{action}{}{subject} {where_} {groups}{only_if}",
            self.space()
        )
    }
}

fn csv(header: &str, fields: [&'static str; 3], table: &Table) -> String {
    let mut csv = format!("{header}\n");
    for (id, values) in table {
        let text = |field| {
            values
                .texts
                .get(field)
                .map_or(String::new(), |all| all.join("|"))
        };
        let number = values.numbers.get(fields[2]);
        let number = number.map_or(String::new(), ToString::to_string);
        let cells = [id.clone(), text(fields[0]), text(fields[1]), number];
        csv += &cells.map(|cell| format!("\"{cell}\"")).join(",");
        csv += "\n";
    }
    csv
}

fn tables(world: &World) -> [AttributeTable; 2] {
    let items = csv(
        "ITEM_ID,GENRE,BRAND,YEAR",
        ["GENRE", "BRAND", "YEAR"],
        &world.items,
    );
    let users = csv(
        "USER_ID,GENRE,CITY,AGE",
        ["GENRE", "CITY", "AGE"],
        &world.users,
    );
    let schema = |name: &str, id: &str, text: &str, number: &str| {
        format!(
            r#"{{"type": "record", "name": "{name}", "fields": [
                {{"name": "{id}", "type": "string"}},
                {{"name": "GENRE", "type": ["null", "string"], "categorical": true}},
                {{"name": "{text}", "type": ["null", "string"]}},
                {{"name": "{number}", "type": ["null", "int"]}}]}}"#
        )
    };
    let read = |dataset, schema: String, csv: String| {
        AttributeTable::read(dataset, &schema, csv.as_bytes()).unwrap()
    };
    [
        read(
            AttributeDataset::Items,
            schema("Items", "ITEM_ID", "BRAND", "YEAR"),
            items,
        ),
        read(
            AttributeDataset::Users,
            schema("Users", "USER_ID", "CITY", "AGE"),
            users,
        ),
    ]
}

/// The records in a store, the first of them imported, the next sealed, the last in the hot tier.
fn store(world: &World, folder: &std::path::Path) -> Store {
    let store = create(folder, quiet());
    let third = world.records.len() / 3;
    let (imported, written) = world.records.split_at(third);
    let mut import = store.import(ImportMode::Full).unwrap();
    import.allow_empty(true);
    imported
        .iter()
        .for_each(|record| record.push_to(&mut import).unwrap());
    import.commit().unwrap();
    let (sealed, hot) = written.split_at(third);
    store.write(batch(sealed), Durability::Buffered).unwrap();
    store.flush().unwrap();
    store.write(batch(hot), Durability::Buffered).unwrap();
    store
}

/// Every parameter that is given and that the plan names.
fn context<'a>(
    world: &'a World,
    plan: &FilterPlan,
    tables: &'a [AttributeTable; 2],
) -> FilterContext<'a> {
    let mut context = FilterContext::new()
        .items(&tables[0])
        .users(&tables[1])
        .current_item(&world.current_item);
    for name in plan.parameters() {
        let number: usize = name[1..].parse().unwrap();
        let values = match name.starts_with('T') {
            true => world.texts[number].as_ref().map(|texts| {
                let texts: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
                texts.join(",")
            }),
            false => world.numbers[number].as_ref().map(ToString::to_string),
        };
        if let Some(values) = values {
            context = context.parameter(name, &values).unwrap();
        }
    }
    context
}

fn world() -> impl Strategy<Value = World> {
    let texts: Vec<&str> = [&PLACES[..], &TYPES[..], &ITEMS[..]].concat();
    (
        vec(record(), 0..30),
        table(&ITEMS, ["BRAND", "YEAR"]),
        table(&USERS, ["CITY", "AGE"]),
        select(&ITEMS[..]),
        vec(option::weighted(0.8, vec(select(texts), 1..3)), 3),
        vec(option::weighted(0.8, number()), 2),
        select(vec![None, Some(1), Some(2), Some(100)]),
    )
        .prop_map(
            |(records, items, users, current, texts, numbers, newest)| World {
                records,
                items,
                users,
                current_item: current.to_owned(),
                texts: texts
                    .into_iter()
                    .map(|texts| texts.map(|texts| texts.into_iter().map(str::to_owned).collect()))
                    .collect(),
                numbers,
                newest,
            },
        )
}

/// One filter: of items or of users, and how it is written.
#[derive(Clone, Debug)]
struct Filter {
    of_items: bool,
    expressions: Vec<Expression>,
    style: u64,
}

fn filter() -> impl Strategy<Value = Filter> {
    let expressions = prop_oneof![3 => Just(true), 1 => Just(false)]
        .prop_flat_map(|of_items| (Just(of_items), vec(expression(of_items), 1..4)));
    (expressions, any::<u64>()).prop_map(|((of_items, expressions), style)| Filter {
        of_items,
        expressions,
        style,
    })
}

/// A world in a store.
struct Made {
    store: Store,
    /// Its records in the order in which they count: by time, then by arrival.
    ordered: World,
    tables: [AttributeTable; 2],
    buffer: Filtered,
}

impl Made {
    fn check(&mut self, filter: &Filter) -> Result<(), TestCaseError> {
        let mut writer = Writer(filter.style);
        let subject = if filter.of_items { "ItemID" } else { "UserID" };
        let expressions = filter.expressions.iter();
        let parts: Vec<String> = expressions
            .map(|expression| writer.expression(subject, expression))
            .collect();
        let text = parts.join(if writer.chance(2) { "|" } else { " | " });
        let limits =
            Limits::unlimited().max_filter_interactions_per_event_type(self.ordered.newest);
        let plan = FilterPlan::compile(&text, self.store.schema(), &limits).unwrap();
        let again = FilterPlan::compile(&plan.to_string(), self.store.schema(), &limits).unwrap();
        prop_assert_eq!(&again, &plan);
        match filter.of_items {
            true => self.check_items(&plan, &filter.expressions),
            false => self.check_users(&plan, &filter.expressions),
        }
    }

    fn check_items(
        &mut self,
        plan: &FilterPlan,
        expressions: &[Expression],
    ) -> Result<(), TestCaseError> {
        prop_assert_eq!(plan.subject(), Subject::Items);
        let context = context(&self.ordered, plan, &self.tables);
        let snapshot = self.store.snapshot();
        let candidates: Vec<&str> = ITEMS.into_iter().chain(["tea", "unknown"]).collect();
        for user in USERS {
            let want = self.ordered.kept_items(expressions, user, &candidates);
            let found = snapshot.filter(plan, user, &candidates, &context, &mut self.buffer);
            let want = match (want, found) {
                (Ok(want), Ok(found)) => {
                    prop_assert_eq!(found, &want, "{} of {}", plan, user);
                    want
                }
                (Err(_), Err(error)) => {
                    prop_assert_eq!(error.kind(), ErrorKind::InvalidInput);
                    continue;
                }
                (want, found) => return Err(differs(plan, &want, &found)),
            };
            for (at, candidate) in candidates.iter().enumerate() {
                let why = snapshot.explain(plan, user, candidate, &context).unwrap();
                prop_assert_eq!(why.kept, want.contains(&at), "{}", why);
            }
        }
        Ok(())
    }

    fn check_users(
        &self,
        plan: &FilterPlan,
        expressions: &[Expression],
    ) -> Result<(), TestCaseError> {
        prop_assert_eq!(plan.subject(), Subject::Users);
        let context = context(&self.ordered, plan, &self.tables);
        let want = self.ordered.kept_users(expressions);
        match (want, self.store.filter_users(plan, &context)) {
            (Ok(want), Ok(found)) => prop_assert_eq!(found, want, "{}", plan),
            (Err(_), Err(error)) => prop_assert_eq!(error.kind(), ErrorKind::InvalidInput),
            (want, found) => return Err(differs(plan, &want, &found)),
        }
        Ok(())
    }
}

fn differs(plan: &FilterPlan, want: &dyn Debug, found: &dyn Debug) -> TestCaseError {
    TestCaseError::fail(format!("{plan}: {found:?} instead of {want:?}"))
}

proptest! {
    // A case makes a store, which costs more than the filters it is asked.
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_what_the_contract_says(
        (world, filters) in (world(), vec(filter(), 30)),
    ) {
        let folder = folder();
        let mut made = Made {
            store: store(&world, folder.path()),
            tables: tables(&world),
            buffer: Filtered::new(),
            ordered: world,
        };
        made.ordered.records.sort_by_key(|record| record.timestamp);
        for filter in &filters {
            made.check(filter)?;
        }
    }
}
