use std::path::PathBuf;

use annals::insights::{
    ColumnInsights, Distinct, Finding, Insights as Report, NumberInsights, Thresholds,
};
use clap::Args;

use crate::args::ReportFormat;
use crate::failure::Outcome;
use crate::output::{Align, facts, instant, print, print_json, table, thousands};
use crate::store::open_for_reading;

/// Reports what the data lacks for training, what to do about it, and figures about each column.
#[derive(Args)]
pub struct Insights {
    /// The folder of the store
    store: PathBuf,
    /// How to write them
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

impl Insights {
    pub fn run(self) -> Outcome {
        let snapshot = open_for_reading(&self.store)?.snapshot();
        let report = Report::of(&snapshot, &Thresholds::default())?;
        if self.format == ReportFormat::Json {
            return print_json(&report);
        }
        print(format_args!(
            "{}\n\n{}\n\n{}\n\n~ is an estimate; quartiles and outliers are within 0.8 %",
            facts("data", figures(&report)),
            findings(&report.findings),
            columns(&report.columns)
        ))
    }
}

fn figures(report: &Report) -> [(&'static str, String); 6] {
    let time = |at: Option<i64>| at.map_or("none".to_owned(), instant);
    [
        ("interactions", thousands(report.interactions)),
        ("users", thousands(report.users)),
        (
            "users with 2 interactions or more",
            thousands(report.users_with_enough),
        ),
        (
            "first timestamp",
            time(report.timestamps.map(|(first, _)| first)),
        ),
        (
            "last timestamp",
            time(report.timestamps.map(|(_, last)| last)),
        ),
        (
            "enough to train",
            if report.trainable { "yes" } else { "no" }.to_owned(),
        ),
    ]
}

fn findings(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "no findings".to_owned();
    }
    let header = [("finding", Align::Text), ("what to do", Align::Text)];
    let rows = findings
        .iter()
        .map(|finding| vec![finding.message.clone(), finding.advice.to_owned()]);
    table(&header, rows)
}

fn columns(columns: &[ColumnInsights]) -> String {
    let header = [
        ("column", Align::Left),
        ("type", Align::Left),
        ("complete", Align::Right),
        ("distinct", Align::Right),
        ("values", Align::Text),
    ];
    let rows = columns.iter().map(|column| {
        vec![
            column.name.clone(),
            column.data_type.to_owned(),
            format!("{:.1} %", column.completeness * 100.0),
            column.distinct.map_or_else(String::new, distinct),
            values(column),
        ]
    });
    table(&header, rows)
}

fn distinct(distinct: Distinct) -> String {
    let sign = if distinct.exact { "" } else { "~" };
    format!("{sign}{}", thousands(distinct.count))
}

/// What there is to say about a column, in one cell.
fn values(column: &ColumnInsights) -> String {
    let mut parts = Vec::new();
    if let Some(categories) = column.categories {
        parts.push(format!("{} categories", distinct(categories)));
    }
    if !column.frequent.is_empty() {
        let values = column.frequent.iter().take(5);
        let shares = values.map(|one| {
            let share = one.count as f64 / column.values.max(1) as f64 * 100.0;
            format!("{} {share:.1} %", one.value)
        });
        parts.push(shares.collect::<Vec<_>>().join(", "));
    }
    parts.extend(column.numbers.as_ref().map(numbers));
    if let Some(items) = column.items_per_impression {
        parts.push(format!("{items:.1} items on average"));
    }
    parts.join("; ")
}

fn numbers(numbers: &NumberInsights) -> String {
    let [first, median, last] = numbers.quartiles;
    let outliers = numbers.outliers_below + numbers.outliers_above;
    format!(
        "{} to {}, mean {}, standard deviation {}, quartiles {} {} {}, {} outliers",
        short(numbers.min),
        short(numbers.max),
        short(numbers.mean),
        short(numbers.standard_deviation),
        short(first),
        short(median),
        short(last),
        thousands(outliers)
    )
}

/// At most four decimals, and none that say nothing.
fn short(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
