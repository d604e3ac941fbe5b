use std::path::PathBuf;

use annals::columns::FieldId;
use annals::{
    DataType, Field, History as Events, HistoryQuery, Order, Projection, Role, Schema, Store, Value,
};
use clap::Args;

use crate::args::{EventTypes, Format, TimeForm, Window};
use crate::failure::Outcome;
use crate::output::{Kind, Records, say, stdout};
use crate::store::open_of_user;
use crate::unmatched::{warn_of_event_types, warn_of_time, warn_of_user};

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
    /// How to write timestamps [default: iso in a table, epoch elsewhere]
    #[arg(long, value_enum, value_name = "FORM")]
    time: Option<TimeForm>,
}

impl History {
    pub fn run(self) -> Outcome {
        let store = open_of_user(&self.store, &self.user)?;
        let schema = store.schema().clone();
        let fields = chosen(&schema, self.columns.as_deref())?;
        let query = HistoryQuery::default()
            .limit(self.limit)
            .event_types(self.types.names())
            .time(self.window.range())
            .projection(projection(self.columns.as_deref()))
            .order(match self.oldest_first {
                true => Order::OldestFirst,
                false => Order::NewestFirst,
            })
            .copies_text(false);
        let mut events = Events::new();
        store.history(&self.user, &query, &mut events)?;
        self.write(&schema, &fields, &events)?;
        if events.is_empty() {
            self.tell_why_empty(&store)?;
        }
        Ok(())
    }

    /// Nothing found is no failure, but it should not look like an answer that was meant.
    fn tell_why_empty(&self, store: &Store) -> Outcome {
        warn_of_event_types(store, &self.types);
        warn_of_time(store, &self.window);
        if warn_of_user(store, &self.user)? && self.limit != Some(0) {
            say(format_args!(
                "user {:?}: none of the user's interactions is of these event types and times",
                self.user
            ));
        }
        Ok(())
    }

    fn write(&self, schema: &Schema, fields: &[FieldId], events: &Events) -> Outcome {
        let columns: Vec<(&str, Kind)> = fields
            .iter()
            .filter_map(|field| schema.fields().get(*field))
            .map(|field| (field.name(), kind_of(field)))
            .collect();
        let format = Format::or_usual(self.format);
        let mut records = Records::new(stdout(), format, self.time, &columns)?;
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

/// What a field's column holds.
pub fn kind_of(field: &Field) -> Kind {
    match (field.role(), field.data_type()) {
        (Role::User | Role::Item, _) => Kind::Id,
        (Role::Timestamp, _) => Kind::Time,
        (_, DataType::String | DataType::Boolean) => Kind::Text,
        _ => Kind::Number,
    }
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
