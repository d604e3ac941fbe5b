use std::path::PathBuf;

use annals::{Limits as Figures, Store};
use clap::Args;
use serde_json::Value as Json;

use crate::args::{ReportFormat, SingleQuotas, limit_values};
use crate::failure::Outcome;
use crate::output::{facts, print, print_json, thousands};
use crate::store::open_for_reading;

/// Shows the limits that a store's data is held to, or raises some of them. They are never lowered: what the
/// store holds may exceed lower ones.
#[derive(Args)]
pub struct Limits {
    /// The folder of the store
    store: PathBuf,
    #[command(flatten)]
    single: SingleQuotas,
    /// How to write them
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

impl Limits {
    pub fn run(self) -> Outcome {
        let limits = open_for_reading(&self.store)?.limits().clone();
        let limits = match self.single.is_empty() {
            true => limits,
            false => self.raise()?,
        };
        match self.format {
            ReportFormat::Json => print_json(&limits),
            ReportFormat::Table => print(shown(&limits)?),
        }
    }

    fn raise(&self) -> Outcome<Figures> {
        let mut wrong = None;
        let raised = Store::builder().raise_limits(&self.store, |limits| {
            match self.single.applied_to(limits) {
                Ok(raised) => *limits = raised,
                Err(failure) => wrong = Some(failure),
            }
        })?;
        wrong.map_or(Ok(raised), Err)
    }
}

fn shown(limits: &Figures) -> Outcome<String> {
    let values = limit_values(limits)?.into_iter();
    let rows = values.map(|(name, value)| {
        let shown = match &value {
            Json::Null => "none".to_owned(),
            Json::Number(number) => number
                .as_u64()
                .map_or_else(|| number.to_string(), thousands),
            value => value.to_string(),
        };
        (name, shown)
    });
    Ok(facts("limit", rows))
}
