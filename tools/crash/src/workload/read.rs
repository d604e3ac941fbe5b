//! What a store shows, as lines, and the first difference from what it should show.

use annals::query::{ScanOrder, value_at};
use annals::{History, HistoryQuery, ScanQuery, Snapshot, Value};

use super::model::Line;

/// Characters of a value in a message.
const SHOWN_CHARS: usize = 40;

/// Compares everything that a snapshot shows with `want`: a scan in order, one in any order, and the
/// history of every user. Gives the first difference.
pub fn difference(snapshot: &Snapshot, want: &[Line]) -> annals::Result<Option<String>> {
    let all = ScanQuery::default();
    let found = scan(snapshot, &all)?;
    if let Some(text) = first_difference(&found, want) {
        return Ok(Some(format!("scan: {text}")));
    }
    let unordered = all.order(ScanOrder::Any);
    let mut found = scan(snapshot, &unordered)?;
    let mut sorted = want.to_vec();
    found.sort();
    sorted.sort();
    if let Some(text) = first_difference(&found, &sorted) {
        return Ok(Some(format!("unordered scan: {text}")));
    }
    for of_user in by_user(want) {
        if let Some(text) = difference_of_user(snapshot, of_user)? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// Lines in the order of users, cut where the next user begins.
pub fn by_user(lines: &[Line]) -> impl Iterator<Item = &[Line]> {
    lines.chunk_by(|line, next| line.first() == next.first())
}

/// Compares the history of one user, who has at least one line.
pub fn difference_of_user(snapshot: &Snapshot, want: &[Line]) -> annals::Result<Option<String>> {
    let Some(user) = want.first().and_then(|line| line.first()) else {
        return Ok(None);
    };
    let mut found = history(snapshot, user)?;
    found.reverse();
    let difference = first_difference(&found, want);
    Ok(difference.map(|text| format!("history of {user}: {text}")))
}

fn first_difference(found: &[Line], want: &[Line]) -> Option<String> {
    let same = found.iter().zip(want).take_while(|(a, b)| a == b).count();
    let at = |lines: &[Line]| lines.get(same).map_or("nothing".to_owned(), shown);
    (found.len() != want.len() || same < want.len()).then(|| {
        format!(
            "{} rows, of which {} were written; row {same} is {}, and should be {}",
            found.len(),
            want.len(),
            at(found),
            at(want)
        )
    })
}

fn shown(line: &Line) -> String {
    let short = |text: &String| text.chars().take(SHOWN_CHARS).collect::<String>();
    line.iter().map(short).collect::<Vec<_>>().join(" / ")
}

fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Items(items) => items.join("|"),
        Value::Long(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn line_of(mut value: impl FnMut(usize) -> annals::Result<Value>) -> annals::Result<Line> {
    let mut line = Line::default();
    for (field, slot) in line.iter_mut().enumerate() {
        *slot = text(value(field)?);
    }
    Ok(line)
}

fn scan(snapshot: &Snapshot, query: &ScanQuery) -> annals::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for batch in snapshot.scan(query)? {
        let batch = batch?;
        for row in 0..batch.rows() {
            lines.push(line_of(|field| {
                value_at(snapshot.schema(), &batch, field, row)
            })?);
        }
    }
    Ok(lines)
}

fn history(snapshot: &Snapshot, user: &str) -> annals::Result<Vec<Line>> {
    let mut history = History::new();
    snapshot.history(user, &HistoryQuery::default(), &mut history)?;
    let user_field = snapshot.schema().user();
    let line = |event: annals::Event<'_>| {
        line_of(|field| match field {
            _ if field == user_field => Ok(Value::String(user.to_owned())),
            _ => event.value(field),
        })
    };
    history.iter().map(line).collect()
}
