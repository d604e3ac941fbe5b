use std::path::{Path, PathBuf};

use annals::import::infer_schema;
use annals::{Limits, Schema as Avro};
use clap::{Args, Subcommand};

use crate::failure::{Failure, Outcome};
use crate::form_args::{FormArgs, shell_word};
use crate::output::{Align, print, say, table};

#[derive(Subcommand)]
pub enum Schema {
    /// Propose a schema from the columns and all values of a file
    Infer(Infer),
    /// Explain what is wrong with a schema
    Check(Check),
}

#[derive(Args)]
pub struct Infer {
    /// CSV with a header, JSON lines, Parquet, or a file of another form; also compressed by gzip or zstd
    file: PathBuf,
    #[command(flatten)]
    form: FormArgs,
}

#[derive(Args)]
pub struct Check {
    /// An Avro schema in JSON
    #[arg(value_name = "schema.json")]
    schema: PathBuf,
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
        let inferred = infer_schema(&self.file, &self.form.form()?, &Limits::personalize())?;
        for note in &inferred.notes {
            say(format_args!("note: {note}"));
        }
        print(inferred.json)?;
        let options = self.form.options();
        if !options.is_empty() {
            let file = shell_word(&self.file.display().to_string());
            say(format_args!(
                "import with: annals import STORE {file} {options}"
            ));
        }
        Ok(())
    }
}

impl Check {
    fn run(self) -> Outcome {
        let schema = read_schema(&self.schema, &Limits::personalize())?;
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
