use std::path::{Path, PathBuf};

use annals::filter::{AttributeDataset, AttributeSchema};
use annals::import::{infer_attribute_schema, infer_schema};
use annals::{DataType, Limits, Schema as Avro, Store};
use clap::{Args, Subcommand, ValueEnum};

use crate::args::{AllQuotas, Quotas};
use crate::failure::{Failure, Outcome};
use crate::form_args::{FormArgs, shell_word};
use crate::output::{Align, count, print, print_done, say, table};

#[derive(Subcommand)]
pub enum Schema {
    /// Propose a schema from the columns and all values of a file
    Infer(Infer),
    /// Explain what is wrong with a schema
    Check(Check),
    /// Print the schema of a store, as it was given
    Show(Show),
    /// Give a store another schema
    Evolve(Evolve),
}

/// What the rows of a schema are.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Dataset {
    /// What users did to items: the rows of a store
    Interactions,
    /// Attributes of items, for filters: CSV with a header alone
    Items,
    /// Attributes of users, for filters: CSV with a header alone
    Users,
}

#[derive(Args)]
pub struct Infer {
    /// CSV with a header, JSON lines, Parquet, or a file of another form; also compressed by gzip or zstd
    file: PathBuf,
    /// What the rows are
    #[arg(long, value_enum, default_value_t = Dataset::Interactions)]
    dataset: Dataset,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    quotas: AllQuotas,
}

#[derive(Args)]
pub struct Check {
    /// An Avro schema in JSON
    #[arg(value_name = "schema.json")]
    schema: PathBuf,
    /// What the rows are
    #[arg(long, value_enum, default_value_t = Dataset::Interactions)]
    dataset: Dataset,
    #[command(flatten)]
    quotas: Quotas,
}

#[derive(Args)]
pub struct Show {
    /// The folder of the store
    store: PathBuf,
}

impl Show {
    fn run(self) -> Outcome {
        let store = Store::open_read_only(&self.store)?;
        print(store.schema().json().trim_end())
    }
}

/// Gives a store another schema: nullable fields may be added, reserved ones, too; int may become long and
/// float double; metadata fields may become nullable or categorical. What was written before is read under
/// the new schema, with nulls where it has no value. Nobody may have the store open for writing.
///
/// A float that becomes a double keeps its value, whose text may be longer: 0.1 becomes 0.10000000149011612.
#[derive(Args)]
pub struct Evolve {
    /// The folder of the store
    store: PathBuf,
    /// The new schema, an Avro schema in JSON
    #[arg(long, value_name = "NEW.json")]
    schema: PathBuf,
}

impl Evolve {
    fn run(self) -> Outcome {
        let failed = |error| Failure::io(format_args!("reading {}", self.schema.display()), &error);
        let json = std::fs::read_to_string(&self.schema).map_err(failed)?;
        let within = |error| Failure::from(error).within(self.schema.display());
        let schema = Avro::parse(&json, &Limits::unlimited()).map_err(within)?;
        Store::builder().evolve(&self.store, &schema)?;
        let fields = count(schema.fields().len() as u64, "field");
        print_done(format_args!("{fields} from now on"))
    }
}

impl Schema {
    pub fn run(self) -> Outcome {
        match self {
            Self::Infer(command) => command.run(),
            Self::Check(command) => command.run(),
            Self::Show(command) => command.run(),
            Self::Evolve(command) => command.run(),
        }
    }
}

impl Infer {
    fn run(self) -> Outcome {
        let options = self.form.options();
        if self.dataset != Dataset::Interactions && !options.is_empty() {
            return Err(Failure::usage(format_args!(
                "{options}: only for interactions; a filter takes CSV with a header alone"
            )));
        }
        let inferred = match self.dataset {
            Dataset::Interactions => {
                infer_schema(&self.file, &self.form.form()?, &self.quotas.limits())?
            }
            Dataset::Items => infer_attribute_schema(&self.file, "Items", "ITEM_ID")?,
            Dataset::Users => infer_attribute_schema(&self.file, "Users", "USER_ID")?,
        };
        for note in &inferred.notes {
            say(format_args!("note: {note}"));
        }
        print(inferred.json)?;
        let unit = inferred.time_unit.map(|unit| format!("--time-unit {unit}"));
        let options: Vec<String> = [options]
            .into_iter()
            .filter(|options| !options.is_empty())
            .chain(unit)
            .collect();
        if !options.is_empty() {
            let options = options.join(" ");
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
        let attributes = match self.dataset {
            Dataset::Interactions => return self.check_interactions(),
            Dataset::Items => AttributeDataset::Items,
            Dataset::Users => AttributeDataset::Users,
        };
        let parsed = AttributeSchema::parse(attributes, &read_text(&self.schema)?);
        let schema = parsed.map_err(|error| Failure::from(error).within(self.schema.display()))?;
        let fields = schema.fields().iter();
        print_fields(fields.map(|field| {
            let (name, kind) = (field.name(), field.data_type());
            (name, kind, field.is_nullable(), field.is_categorical())
        }))?;
        print(format_args!("{}: valid", self.schema.display()))
    }

    fn check_interactions(&self) -> Outcome {
        let schema = read_schema(&self.schema, &self.quotas.limits()?)?;
        let fields = schema.fields().iter();
        print_fields(fields.map(|field| {
            let (name, kind) = (field.name(), field.data_type());
            (name, kind, field.is_nullable(), field.is_categorical())
        }))?;
        for warning in schema.warnings() {
            print(format_args!("warning: {warning}"))?;
        }
        print(format_args!("{}: valid", self.schema.display()))
    }
}

/// Writes a table of fields: name, type, whether it may be null, and whether it is categorical.
fn print_fields<'a>(fields: impl Iterator<Item = (&'a str, DataType, bool, bool)>) -> Outcome {
    let header = [
        ("field", Align::Left),
        ("type", Align::Left),
        ("null", Align::Left),
        ("categorical", Align::Left),
    ];
    let yes = |flag: bool| if flag { "yes" } else { "" }.to_owned();
    print(table(
        &header,
        fields.map(|(name, kind, nullable, categorical)| {
            vec![
                name.to_owned(),
                kind.name().to_owned(),
                yes(nullable),
                yes(categorical),
            ]
        }),
    ))
}

/// Reads and checks a schema; errors name the file.
pub fn read_schema(path: &Path, limits: &Limits) -> Outcome<Avro> {
    let json = read_text(path)?;
    Avro::parse(&json, limits).map_err(|error| Failure::from(error).within(path.display()))
}

fn read_text(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => {
            Failure::invalid(format_args!("{}: not valid UTF-8", path.display()))
        }
        _ => Failure::io(format_args!("reading {}", path.display()), &error),
    })
}
