use std::io::IsTerminal;
use std::path::PathBuf;

use annals::{
    DataType, FieldId, History as Events, HistoryQuery, Order, Projection, Schema, Value,
};
use clap::Args;

use crate::args::{EventTypes, Format, Window};
use crate::failure::Outcome;
use crate::output::{Records, stdout};
use crate::store::open_for_reading;

#[derive(Args)]
pub struct History {
    /// The folder of the store
    store: PathBuf,
    /// The user, exactly as it was written
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    user: String,
    /// At most so many interactions
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    types: EventTypes,
    #[command(flatten)]
    window: Window,
    /// Only these fields, separated by commas; they come in schema order
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// Oldest first instead of newest first
    #[arg(long)]
    oldest_first: bool,
    /// How to write them [default: table on a terminal, csv elsewhere]
    #[arg(long, value_enum, value_name = "F")]
    format: Option<Format>,
}

impl History {
    pub fn run(self) -> Outcome {
        let store = open_for_reading(&self.store)?;
        let schema = store.schema().clone();
        let fields = chosen(&schema, self.columns.as_deref())?;
        let query = HistoryQuery {
            limit: self.limit,
            event_types: self.types.event_types.clone(),
            time: self.window.range(),
            projection: projection(self.columns.as_deref()),
            order: match self.oldest_first {
                true => Order::OldestFirst,
                false => Order::NewestFirst,
            },
            copies_text: false,
        };
        let mut events = Events::new();
        store.history(&self.user, &query, &mut events)?;
        self.write(&schema, &fields, &events)
    }

    fn write(&self, schema: &Schema, fields: &[FieldId], events: &Events) -> Outcome {
        let format = self
            .format
            .unwrap_or(match std::io::stdout().is_terminal() {
                true => Format::Table,
                false => Format::Csv,
            });
        let columns: Vec<(&str, bool)> = fields
            .iter()
            .filter_map(|field| schema.fields().get(*field))
            .map(|field| (field.name(), is_number(field.data_type())))
            .collect();
        let mut records = Records::new(stdout(), format, &columns)?;
        let mut row = Vec::with_capacity(fields.len());
        for event in events.iter() {
            row.clear();
            for field in fields {
                row.push(match *field == schema.user() {
                    true => Value::String(self.user.clone()),
                    false => event.value(*field)?,
                });
            }
            records.write(&row)?;
        }
        records.finish()
    }
}

fn is_number(data_type: DataType) -> bool {
    !matches!(data_type, DataType::String | DataType::Boolean)
}

/// The fields named, or all, in schema order.
fn chosen(schema: &Schema, columns: Option<&[String]>) -> Outcome<Vec<FieldId>> {
    let Some(names) = columns else {
        return Ok((0..schema.fields().len()).collect());
    };
    let mut fields = names
        .iter()
        .map(|name| schema.require(name))
        .collect::<annals::Result<Vec<_>>>()?;
    fields.sort_unstable();
    fields.dedup();
    Ok(fields)
}

/// The projection of a `--columns` argument.
pub fn projection(columns: Option<&[String]>) -> Projection {
    match columns {
        Some(names) => Projection::names(names),
        None => Projection::All,
    }
}
