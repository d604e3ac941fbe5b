use super::counts::Spread;
use crate::api::Store;
use crate::model::{Durability, Interaction, Limits, Schema, WriteBatch};

const SCHEMA: &str = r#"{
  "type": "record", "name": "Interactions", "version": "1.0",
  "namespace": "com.amazonaws.personalize.schema",
  "fields": [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "IMPRESSION", "type": ["string", "null"]}
  ]
}"#;

fn spread(values: &[u64]) -> Spread {
    let mut spread = Spread::default();
    values.iter().for_each(|value| spread.add(*value));
    spread
}

#[test]
fn gini_is_that_of_the_mean_difference() {
    let values = [1, 1, 2, 5, 9, 9, 40];
    let n = values.len() as f64;
    let mean = values.iter().sum::<u64>() as f64 / n;
    let pairs = values
        .iter()
        .flat_map(|a| values.iter().map(move |b| a.abs_diff(*b)));
    let expected = pairs.sum::<u64>() as f64 / (2.0 * n * n * mean);
    assert!((spread(&values).gini() - expected).abs() < 1e-12);
    assert_eq!(spread(&[3, 3, 3]).gini(), 0.0);
    assert_eq!(spread(&[]).gini(), 0.0);
}

#[test]
fn the_middle_and_the_top_tenth() {
    let values: Vec<u64> = (1..=20).collect();
    let spread = spread(&values);
    assert_eq!(spread.median(), 10);
    assert_eq!(
        (spread.things(), spread.total(), spread.max()),
        (20, 210, 20)
    );
    assert!((spread.share_of_top_tenth() - 39.0 / 210.0).abs() < 1e-12);
    assert_eq!(spread.ranks().first(), Some(&(1.0, 20.0)));
    assert_eq!(spread.ranks().last(), Some(&(20.0, 1.0)));
}

fn store(folder: &tempfile::TempDir, rows: impl IntoIterator<Item = Interaction>) -> Store {
    let schema = Schema::parse(SCHEMA, &Limits::personalize()).unwrap();
    let store = Store::create(folder.path().join("shop <&>"), &schema).unwrap();
    let batch: WriteBatch = rows.into_iter().collect();
    store.write(batch, Durability::Buffered).unwrap();
    store
}

#[test]
fn a_report_has_the_figures_of_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let event = |user: &str, item: &str, at: i64, kind: &str| {
        Interaction::new(user, item, at).event_type(kind.to_owned())
    };
    let store = store(
        &folder,
        [
            event("ada", "tea", 0, "view").impression(["jam", "tea"]),
            event("ada", "tea", 1800, "<buy>").impression(["pie"]),
            event("ada", "jam", 3601, "view"),
            event("ben", "tea", 3 * 86_400, "view"),
        ],
    );
    store.flush().unwrap();
    let html = super::html(&store).unwrap();
    for expected in [
        "<title>shop &lt;&amp;&gt;: report</title>",
        "<dt>events</dt><dd>4</dd>",
        "&lt;buy&gt;: 1",
        // One of four events is with an item of before; the gap of 1,801 seconds ends a session.
        "25.0% of the events are with an item",
        "there are 3, of 1.3 events",
        "50.0% of the events say what was shown, 1.5 items",
        "<th scope=\"row\">2</th><td>1</td><td>50.0%</td>",
        "<th scope=\"row\">not among them</th><td>1</td><td>50.0%</td>",
        "What to do: record or import more before training",
        // 1970-01-01 was a Thursday.
        "<th scope=\"row\">00:00</th><td>0</td><td>0</td><td>0</td><td>2</td><td>0</td><td>0</td><td>1</td>",
    ] {
        assert!(html.contains(expected), "{expected}\n{html}");
    }
    // Nothing outside of the page, no colour of its own in a plot.
    let links = html.match_indices("http").map(|(at, _)| &html[at..at + 26]);
    assert!(
        links
            .into_iter()
            .all(|link| link == "http://www.w3.org/2000/svg")
    );
    assert!(!html.contains("<script") && !html.contains("\"#"));
    assert!(html.contains("fill=\"var(--series-1)\""));
    assert_eq!(
        html.matches("<svg").count(),
        html.matches("role=\"img\"").count()
    );
}

#[test]
fn a_store_without_rows_has_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, []);
    let path = folder.path().join("report.html");
    super::write(&store, &path).unwrap();
    let html = std::fs::read_to_string(&path).unwrap();
    assert!(html.contains("<dt>events</dt><dd>0</dd>") && html.ends_with("</html>\n"));
    let error = super::write(&store, folder.path().join("nowhere/report.html")).unwrap_err();
    assert!(error.message().contains("nowhere"));
}
