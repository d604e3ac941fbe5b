use std::path::{Path, PathBuf};

use annals::import::infer_schema;
use annals::{Limits, Schema as Avro};
use clap::{Args, Subcommand};

use crate::args::Quotas;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, print, say, table};

#[derive(Subcommand)]
pub enum Schema {
    /// Propose a schema from the header and all values of a CSV file
    Infer(Infer),
    /// Explain what is wrong with a schema
    Check(Check),
}

#[derive(Args)]
pub struct Infer {
    /// A CSV file with a header
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    #[command(flatten)]
    quotas: Quotas,
}

#[derive(Args)]
pub struct Check {
    /// An Avro schema in JSON
    #[arg(value_name = "schema.json")]
    schema: PathBuf,
    #[command(flatten)]
    quotas: Quotas,
}

impl Schema {
    pub fn run(self) -> Outcome {
        match self {
            Self::Infer(command) => command.run(),
            Self::Check(command) => command.run(),
        }
    }
}

impl Infer {
    fn run(self) -> Outcome {
        let inferred = infer_schema(&self.file, &self.quotas.limits()?)?;
        for note in &inferred.notes {
            say(format_args!("note: {note}"));
        }
        print(inferred.json)
    }
}

impl Check {
    fn run(self) -> Outcome {
        let schema = read_schema(&self.schema, &self.quotas.limits()?)?;
        let header = [
            ("field", Align::Left),
            ("type", Align::Left),
            ("null", Align::Left),
            ("categorical", Align::Left),
        ];
        let yes = |flag: bool| if flag { "yes" } else { "" }.to_owned();
        let rows = schema.fields().iter().map(|field| {
            vec![
                field.name().to_owned(),
                field.data_type().name().to_owned(),
                yes(field.is_nullable()),
                yes(field.is_categorical()),
            ]
        });
        print(table(&header, rows))?;
        for warning in schema.warnings() {
            print(format_args!("warning: {warning}"))?;
        }
        print(format_args!("{}: valid", self.schema.display()))
    }
}

/// Reads and checks a schema; errors name the file.
pub fn read_schema(path: &Path, limits: &Limits) -> Outcome<Avro> {
    let json = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => {
            Failure::invalid(format_args!("{}: not valid UTF-8", path.display()))
        }
        _ => Failure::io(format_args!("reading {}", path.display()), &error),
    })?;
    Avro::parse(&json, limits).map_err(|error| Failure::from(error).within(path.display()))
}
