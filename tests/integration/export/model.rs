//! What an export should give: plain loops over a list of rows.

use std::sync::Arc;

use annals::export::{
    Examples, Export, ExportReport, Form, FormOptions, Layout, SameSecond, Selection, Split,
    SplitPart,
};
use annals::query::Origins;
use annals::{ImportMode, Value};
use arrow_array::{Array, ArrayRef, ListArray, ListViewArray, RecordBatch};
use arrow_buffer::OffsetBuffer;
use arrow_schema::DataType as ArrowType;
use serde_json::{Map, Value as Json, json};

use crate::support::record::Record;
use crate::support::schema;

/// The rows of a store, in the order of their arrival.
#[derive(Clone, Default)]
pub(crate) struct Rows {
    pub(crate) all: Vec<Known>,
    pub(crate) sequence: u64,
    /// The newest commit that replaced rows.
    pub(crate) replaced: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) record: Record,
    pub(crate) sequence: u64,
    pub(crate) bulk: bool,
}

impl Rows {
    pub(crate) fn write(&mut self, records: &[Record]) {
        if !records.is_empty() {
            self.add(records, false);
        }
    }

    pub(crate) fn import(&mut self, records: &[Record], mode: ImportMode) {
        match mode {
            ImportMode::Full => {
                let before = self.all.len();
                self.all.retain(|known| !known.bulk);
                if self.all.len() < before {
                    self.replaced = self.sequence + 1;
                }
            }
            ImportMode::Incremental if records.is_empty() => return,
            ImportMode::Incremental => {}
        }
        self.add(records, true);
    }

    fn add(&mut self, records: &[Record], bulk: bool) {
        self.sequence += 1;
        self.all.extend(records.iter().map(|record| Known {
            record: record.clone(),
            sequence: self.sequence,
            bulk,
        }));
    }

    /// By user, then timestamp, then arrival.
    pub(crate) fn sorted(&self) -> Vec<Known> {
        let mut sorted = self.all.clone();
        sorted.sort_by(|a, b| {
            (&a.record.user, a.record.timestamp, a.sequence).cmp(&(
                &b.record.user,
                b.record.timestamp,
                b.sequence,
            ))
        });
        sorted
    }

    pub(crate) fn select(&self, selection: &Selection) -> Vec<Known> {
        let mut rows = self.sorted();
        rows.retain(|known| match selection.origin {
            Origins::All => true,
            Origins::Bulk => known.bulk,
            Origins::Put => !known.bulk,
        });
        rows.retain(|known| {
            let at = known.record.timestamp;
            selection.since.is_none_or(|since| at >= since)
                && selection.until.is_none_or(|until| at < until)
        });
        rows.retain(|known| known.sequence > selection.after);
        rows.retain(|known| selection.events.is_empty() || rule(selection, known).is_some());
        if selection.distinct {
            let mut seen: Vec<Record> = Vec::new();
            rows.retain(|known| {
                let fresh = !seen.contains(&known.record);
                seen.push(known.record.clone());
                fresh
            });
        }
        if let Some(least) = selection.min_item_events {
            let all = rows.clone();
            let count =
                |item: &str| all.iter().filter(|known| known.record.item == item).count() as u64;
            rows.retain(|known| count(&known.record.item) >= least);
        }
        if let Some(least) = selection.min_user_events {
            let all = rows.clone();
            let count =
                |user: &str| all.iter().filter(|known| known.record.user == user).count() as u64;
            rows.retain(|known| count(&known.record.user) >= least);
        }
        if let Some(newest) = selection.newest {
            let mut places: Vec<usize> = (0..rows.len()).collect();
            places.sort_by_key(|at| (std::cmp::Reverse(rows[*at].record.timestamp), *at));
            places.truncate(newest as usize);
            places.sort_unstable();
            rows = places.into_iter().map(|at| rows[at].clone()).collect();
        }
        if let Some(newest) = selection.newest_per_user {
            let users = rows.chunk_by(|a, b| a.record.user == b.record.user);
            let newest = users.flat_map(|rows| &rows[rows.len().saturating_sub(newest as usize)..]);
            rows = newest.cloned().collect();
        }
        if let Some(limit) = selection.limit {
            rows.truncate(limit as usize);
        }
        rows
    }

    /// The records of an export, with their parts.
    pub(crate) fn export(
        &self,
        selection: &Selection,
        layout: &Layout,
        split: Option<Split>,
    ) -> Vec<(Option<SplitPart>, Json)> {
        let rows = self.select(selection);
        let mut records = Vec::new();
        for rows in rows.chunk_by(|a, b| a.record.user == b.record.user) {
            let parts: Vec<Option<SplitPart>> =
                (0..rows.len()).map(|at| part(split, rows, at)).collect();
            match layout {
                Layout::Rows => {
                    for (known, part) in rows.iter().zip(&parts) {
                        let mut object = values(known);
                        weigh(selection, known, &mut object);
                        records.push((*part, Json::Object(object)));
                    }
                }
                Layout::Sequences {
                    max_length,
                    min_length,
                } => records.extend(sequences(selection, rows, &parts, *max_length, *min_length)),
                Layout::Examples(examples) => {
                    for (target, part) in parts.iter().enumerate() {
                        let example = example(selection, rows, target, examples);
                        records.extend(example.map(|example| (*part, example)));
                    }
                }
                Layout::Impressions => {
                    for (known, part) in rows.iter().zip(&parts) {
                        let shown = impressions(selection, known);
                        records.extend(shown.into_iter().map(|shown| (*part, shown)));
                    }
                }
            }
        }
        records
    }
}

fn rule<'a>(selection: &'a Selection, known: &Known) -> Option<&'a annals::export::EventRule> {
    let mut rules = selection.events.iter();
    rules.find(|rule| {
        let value = known.record.value.map(f64::from);
        rule.event_type
            .eq_ignore_ascii_case(&known.record.event_type)
            && rule
                .at_least
                .is_none_or(|least| value.is_some_and(|value| value >= least))
    })
}

fn weight(selection: &Selection, known: &Known) -> f64 {
    rule(selection, known)
        .and_then(|rule| rule.weight)
        .unwrap_or(1.0)
}

fn has_weights(selection: &Selection) -> bool {
    selection.events.iter().any(|rule| rule.weight.is_some())
}

fn weigh(selection: &Selection, known: &Known, object: &mut Map<String, Json>) {
    if has_weights(selection) {
        object.insert("WEIGHT".to_owned(), json!(weight(selection, known)));
    }
}

fn part(split: Option<Split>, rows: &[Known], at: usize) -> Option<SplitPart> {
    Some(match split? {
        Split::Time(first, second) => match rows[at].record.timestamp {
            time if time < first => SplitPart::Train,
            time if second.is_some_and(|second| time < second) => SplitPart::Valid,
            _ => SplitPart::Test,
        },
        Split::LeaveLast(last) => match at as u64 + last < rows.len() as u64 {
            true => SplitPart::Train,
            false => SplitPart::Test,
        },
        Split::UserHash(weights) => {
            let sum: u32 = weights.iter().sum();
            let user = rows[at].record.user.as_bytes();
            let hash = (xxhash_rust::xxh3::xxh3_64_with_seed(user, 1) % u64::from(sum)) as u32;
            if hash < weights[0] {
                SplitPart::Train
            } else if hash < weights[0] + weights[1] {
                SplitPart::Valid
            } else {
                SplitPart::Test
            }
        }
    })
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::String(text) => json!(text),
        Value::Int(number) => json!(number),
        Value::Long(number) => json!(number),
        // As its shortest text.
        Value::Float(number) => serde_json::from_str(&format!("{number:?}")).unwrap(),
        Value::Double(number) => json!(number),
        Value::Boolean(flag) => json!(flag),
        Value::Items(items) => json!(items),
    }
}

/// All fields of a row.
fn values(known: &Known) -> Map<String, Json> {
    let schema = schema();
    let names = schema.fields().iter().map(|field| field.name().to_owned());
    names
        .zip(known.record.values().iter().map(json_of))
        .collect()
}

/// The fields that models read.
const USUAL: [&str; 5] = [
    "USER_ID",
    "ITEM_ID",
    "TIMESTAMP",
    "EVENT_TYPE",
    "EVENT_VALUE",
];

fn lists(rows: &[&Known], prefix: &str, object: &mut Map<String, Json>) {
    for name in &USUAL[1..] {
        let list = rows.iter().map(|known| values(known)[*name].clone());
        object.insert(format!("{prefix}{name}"), list.collect());
    }
}

fn sequences(
    selection: &Selection,
    rows: &[Known],
    parts: &[Option<SplitPart>],
    max_length: Option<u64>,
    min_length: u64,
) -> Vec<(Option<SplitPart>, Json)> {
    let mut found: Vec<Option<SplitPart>> = parts.to_vec();
    found.sort();
    found.dedup();
    let mut records = Vec::new();
    for part in found {
        let own: Vec<&Known> = (rows.iter().zip(parts))
            .filter(|(_, of)| **of == part)
            .map(|(known, _)| known)
            .collect();
        if (own.len() as u64) < min_length {
            continue;
        }
        let most = max_length.map_or(usize::MAX, |most| most as usize);
        let own = &own[own.len().saturating_sub(most)..];
        let mut object = Map::new();
        object.insert("USER_ID".to_owned(), json!(own[0].record.user));
        lists(own, "", &mut object);
        if has_weights(selection) {
            let weights = own.iter().map(|known| json!(weight(selection, known)));
            object.insert("WEIGHT".to_owned(), weights.collect());
        }
        records.push((part, Json::Object(object)));
    }
    records
}

fn example(selection: &Selection, rows: &[Known], target: usize, how: &Examples) -> Option<Json> {
    let known = &rows[target];
    let time = known.record.timestamp;
    let before = |(at, other): &(usize, &Known)| {
        let at_other = other.record.timestamp;
        let fits = match how.same_second {
            SameSecond::LeaveOut => at_other < time,
            SameSecond::Arrived => at_other < time || at_other == time && *at < target,
            SameSecond::All => at_other <= time && *at != target,
        };
        fits && (!how.as_known || other.sequence <= known.sequence)
    };
    let history: Vec<&Known> = rows
        .iter()
        .enumerate()
        .filter(before)
        .map(|(_, known)| known)
        .collect();
    let history = &history[history.len().saturating_sub(how.history as usize)..];
    if (history.len() as u64) < how.min_history {
        return None;
    }
    let all = values(known);
    let mut object: Map<String, Json> = USUAL
        .iter()
        .map(|name| ((*name).to_owned(), all[*name].clone()))
        .collect();
    weigh(selection, known, &mut object);
    lists(history, "HISTORY_", &mut object);
    Some(Json::Object(object))
}

fn impressions(selection: &Selection, known: &Known) -> Vec<Json> {
    let shown = known.record.impression.iter().enumerate();
    let of = |(at, item): (usize, &String)| {
        let mut object = values(known);
        object.remove("IMPRESSION");
        object.insert("EVENT_ITEM_ID".to_owned(), json!(known.record.item));
        object.insert("ITEM_ID".to_owned(), json!(item));
        object.insert("SHOWN_POSITION".to_owned(), json!(at + 1));
        object.insert("CLICKED".to_owned(), json!(*item == known.record.item));
        weigh(selection, known, &mut object);
        Json::Object(object)
    };
    shown.map(of).collect()
}

/// The records that an export gives, as JSON, with their parts.
pub(crate) fn exported(export: &Export) -> (Vec<(Option<SplitPart>, Json)>, ExportReport) {
    let mut batches = export.batches().unwrap();
    assert_eq!(export.arrow_schema().unwrap(), *batches.schema());
    let mut records = Vec::new();
    for batch in &mut batches {
        let batch = batch.unwrap();
        let rows = plain_lists(&batch.batch);
        let mut text = Vec::new();
        let mut writer = Form::Jsonl
            .writer(&mut text, &rows.schema(), &FormOptions::default())
            .unwrap();
        writer.write(&rows).unwrap();
        writer.finish().unwrap();
        drop(writer);
        for line in String::from_utf8(text).unwrap().lines() {
            records.push((batch.place.part, serde_json::from_str(line).unwrap()));
        }
    }
    (records, batches.report().unwrap())
}

/// The same with lists in place of views.
fn plain_lists(batch: &RecordBatch) -> RecordBatch {
    let schema = batch.schema();
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| {
        let Some(views) = column.as_any().downcast_ref::<ListViewArray>() else {
            return (field.name().clone(), column.clone());
        };
        let ArrowType::ListView(item) = field.data_type() else {
            panic!("{field}")
        };
        let lists: Vec<ArrayRef> = (0..views.len()).map(|at| views.value(at)).collect();
        let lists: Vec<&dyn Array> = lists.iter().map(AsRef::as_ref).collect();
        let values = arrow_select::concat::concat(&lists).unwrap();
        let offsets = OffsetBuffer::from_lengths(lists.iter().map(|list| list.len()));
        let lists = ListArray::new(item.clone(), offsets, values, None);
        (field.name().clone(), Arc::new(lists) as ArrayRef)
    });
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The bytes of an export in a form.
pub(crate) fn written(export: &Export, form: Form, options: &FormOptions) -> Vec<u8> {
    let mut bytes = Vec::new();
    let batches = export.batches().unwrap();
    let schema = batches.schema().clone();
    let mut writer = form.writer(&mut bytes, &schema, options).unwrap();
    for batch in batches {
        writer.write(&batch.unwrap().batch).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    bytes
}

/// Ordered by part, as the model has users apart and an export parts within blocks.
pub(crate) fn by_part(
    mut records: Vec<(Option<SplitPart>, Json)>,
) -> Vec<(Option<SplitPart>, Json)> {
    records.sort_by_key(|(part, _)| *part);
    records
}
