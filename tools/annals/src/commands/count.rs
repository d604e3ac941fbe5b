use std::path::PathBuf;

use annals::export::text_of;
use annals::{Role, Schema, Value};
use clap::Args;

use super::history::kind_of;
use crate::args::{EventTypes, Format, Window};
use crate::failure::{Failure, Outcome};
use crate::output::{Kind, Records, stdout};
use crate::store::open_for_reading;
use crate::tally::{By, Period, by_values, query};
use crate::unmatched::{warn_of_event_types, warn_of_time};

/// Counts interactions by the values of fields, and by hour, day, week, month or year (UTC).
#[derive(Args)]
pub struct Count {
    /// The folder of the store
    store: PathBuf,
    /// Fields of the schema, and `hour`, `day`, `week`, `month` or `year`, separated by commas: a group
    /// for each combination that occurs. Weeks begin on Monday (ISO 8601, 2024-W05). With a time the groups
    /// come in order of their values, in the order given; else the largest first
    #[arg(
        long,
        value_name = "FIELD[,day]",
        value_delimiter = ',',
        default_value = "EVENT_TYPE"
    )]
    by: Vec<String>,
    #[command(flatten)]
    types: EventTypes,
    #[command(flatten)]
    window: Window,
    /// At most so many groups
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// How to write them [default: table on a terminal, csv elsewhere]
    #[arg(long, value_enum, value_name = "F")]
    format: Option<Format>,
}

impl Count {
    pub fn run(self) -> Outcome {
        let store = open_for_reading(&self.store)?;
        warn_of_event_types(&store, &self.types);
        warn_of_time(&store, &self.window);
        let schema = store.schema();
        let by = self.by.iter().map(|name| grouping(schema, name));
        let by = by.collect::<Outcome<Vec<By>>>()?;
        let mut groups = by_values(&store.snapshot(), query(&self.window, &self.types), &by)?;
        let key = |values: &[Value]| values.iter().map(text_of).collect::<Vec<_>>();
        let timed = by.iter().any(|by| matches!(by, By::Period(_)));
        groups.sort_by_cached_key(|(values, tally)| {
            let rank = if timed { 0 } else { u64::MAX - tally.rows };
            (rank, key(values))
        });
        let mut columns: Vec<(&str, Kind)> = Vec::with_capacity(by.len() + 1);
        for (name, by) in self.by.iter().zip(&by) {
            let kind = match by {
                By::Field(field) => schema.fields().get(*field).map_or(Kind::Id, kind_of),
                By::Period(_) => Kind::Id,
            };
            columns.push((name, kind));
        }
        columns.push(("INTERACTIONS", Kind::Count));
        let format = Format::or_usual(self.format);
        let mut records = Records::new(stdout(), format, None, &columns)?;
        for (mut values, tally) in groups.into_iter().take(self.limit.unwrap_or(usize::MAX)) {
            values.push(Value::Long(tally.rows as i64));
            records.write(&values)?;
        }
        records.finish()
    }
}

fn grouping(schema: &Schema, name: &str) -> Outcome<By> {
    let period = Period::ALL.iter().find(|(known, _)| *known == name);
    if let Some((_, period)) = period {
        return Ok(By::Period(*period));
    }
    let field = schema.require(name).map_err(|error| {
        Failure::from(error).and("beside fields there are hour, day, week, month and year")
    })?;
    let role = schema.fields().get(field).map(|field| field.role());
    if role == Some(Role::Impression) {
        return Err(Failure::invalid(format_args!(
            "--by {name}: impressions are lists; count by another field"
        )));
    }
    Ok(By::Field(field))
}
