//! Quotas, by a name for all or one by one.

use annals::Limits;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value as Json};

use crate::failure::{Failure, Outcome};
use crate::nearest::nearest;

/// The quotas of a schema, or of a store to be.
#[derive(Args)]
pub struct Quotas {
    #[command(flatten)]
    all: AllQuotas,
    #[command(flatten)]
    single: SingleQuotas,
}

/// All quotas at once.
#[derive(Args)]
pub struct AllQuotas {
    /// The quotas that schema and data are held to
    #[arg(long, value_enum, default_value_t = All::Personalize)]
    limits: All,
}

/// Quotas one by one.
#[derive(Args)]
pub struct SingleQuotas {
    /// One quota: its name as `annals limits` lists it, and a number, `none`, `true` or `false`; may be
    /// given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = single)]
    single: Vec<(String, Json)>,
}

#[derive(Clone, Copy, ValueEnum)]
enum All {
    /// The figures of the interactions dataset contract
    Personalize,
    /// None
    Unlimited,
}

impl Quotas {
    pub fn limits(&self) -> Outcome<Limits> {
        self.single.applied_to(&self.all.limits())
    }
}

impl AllQuotas {
    pub fn limits(&self) -> Limits {
        match self.limits {
            All::Personalize => Limits::personalize(),
            All::Unlimited => Limits::unlimited(),
        }
    }
}

impl SingleQuotas {
    pub fn is_empty(&self) -> bool {
        self.single.is_empty()
    }

    /// The limits with these in place of their own.
    pub fn applied_to(&self, limits: &Limits) -> Outcome<Limits> {
        let mut values = values(limits)?;
        for (name, value) in &self.single {
            let Some(known) = values.get_mut(name) else {
                return Err(unknown(name, &values));
            };
            *known = value.clone();
            let read: Result<Limits, _> = serde_json::from_value(Json::Object(values.clone()));
            read.map_err(|_| wrong_kind(name, value))?;
        }
        serde_json::from_value(Json::Object(values)).map_err(Failure::usage)
    }
}

/// The limits by name.
pub fn values(limits: &Limits) -> Outcome<Map<String, Json>> {
    match serde_json::to_value(limits) {
        Ok(Json::Object(values)) => Ok(values),
        Ok(other) => Err(Failure::invalid(other)),
        Err(error) => Err(Failure::invalid(error)),
    }
}

fn unknown(name: &str, values: &Map<String, Json>) -> Failure {
    let names = values.keys().map(String::as_str);
    let instead = match nearest(name, names.clone()).as_slice() {
        [] => format!("the limits are {}", names.collect::<Vec<_>>().join(", ")),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    Failure::usage(format_args!(
        "--set {name}: there is no such limit; {instead}"
    ))
}

fn wrong_kind(name: &str, value: &Json) -> Failure {
    let kind = match name {
        _ if name.starts_with("refuse_") => "true or false",
        _ if name.starts_with("min_") => "a number",
        _ => "a number, or none",
    };
    Failure::usage(format_args!("--set {name}={value}: give {kind}"))
}

/// `NAME=VALUE`.
fn single(argument: &str) -> Result<(String, Json), String> {
    let (name, value) = argument
        .split_once('=')
        .ok_or_else(|| "write NAME=VALUE, such as max_metadata_fields=8".to_owned())?;
    let value = match value.trim() {
        "none" => Json::Null,
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        number => {
            let digits: String = number.chars().filter(|digit| *digit != '_').collect();
            let number: u64 = digits
                .parse()
                .map_err(|_| "give a number, none, true or false".to_owned())?;
            Json::from(number)
        }
    };
    Ok((name.trim().to_owned(), value))
}
