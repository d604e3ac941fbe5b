use std::io::Write;
use std::path::{Path, PathBuf};

use annals::Store;
use annals::filter::{AttributeDataset, AttributeTable, FilterContext, FilterPlan, Subject};
use clap::Args;

use crate::args::read_candidates;
use crate::failure::{Failure, Outcome};
use crate::output::{stdout, warn};
use crate::store::{open_for_reading, open_of_user};
use crate::unmatched::{warn_of_names, warn_of_user};

/// Tells which candidates, or which users, a filter expression keeps, one a line.
#[derive(Args)]
pub struct Filter {
    /// The folder of the store
    store: PathBuf,
    /// The expression, such as `EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")`
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    expression: String,
    /// The user of the request, exactly as it was written; for ItemID expressions
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    user: Option<String>,
    /// A file of item ids, one a line; `-` for standard input; for ItemID expressions
    #[arg(long, value_name = "FILE")]
    candidates: Option<PathBuf>,
    /// The values of a parameter, quoted, with commas between them: `GENRE="comedy","drama"`
    #[arg(long = "param", value_name = "NAME=VALUES", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// A CSV file of the Items dataset
    #[arg(long, value_name = "FILE", requires = "items_schema")]
    items: Option<PathBuf>,
    /// Its schema
    #[arg(long, value_name = "FILE", requires = "items")]
    items_schema: Option<PathBuf>,
    /// A CSV file of the Users dataset
    #[arg(long, value_name = "FILE", requires = "users_schema")]
    users: Option<PathBuf>,
    /// Its schema
    #[arg(long, value_name = "FILE", requires = "users")]
    users_schema: Option<PathBuf>,
    /// The item that the request is about: CurrentItem
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    current_item: Option<String>,
    /// Tell for each candidate why it is kept or dropped
    #[arg(long)]
    explain: bool,
}

/// `NAME=VALUES`, with or without `$` before the name.
fn parameter(argument: &str) -> Result<(String, String), String> {
    let Some((name, values)) = argument.split_once('=') else {
        return Err("write NAME=VALUES".to_owned());
    };
    let name = name.strip_prefix('$').unwrap_or(name);
    Ok((name.to_owned(), values.to_owned()))
}

fn table(
    dataset: AttributeDataset,
    file: Option<&Path>,
    schema: Option<&Path>,
) -> Outcome<Option<AttributeTable>> {
    let Some((file, schema)) = file.zip(schema) else {
        return Ok(None);
    };
    let document = std::fs::read_to_string(schema)
        .map_err(|error| Failure::io(format_args!("reading {}", schema.display()), &error))?;
    Ok(Some(AttributeTable::open(dataset, &document, file)?))
}

impl Filter {
    pub fn run(self) -> Outcome {
        let store = match &self.user {
            Some(user) => open_of_user(&self.store, user)?,
            None => open_for_reading(&self.store)?,
        };
        let plan = FilterPlan::compile(&self.expression, store.schema(), store.limits())?;
        warn(plan.warnings());
        warn_of_names(&store, &plan.event_types());
        let items = self.items.as_deref();
        let items = table(AttributeDataset::Items, items, self.items_schema.as_deref())?;
        let users = self.users.as_deref();
        let users = table(AttributeDataset::Users, users, self.users_schema.as_deref())?;
        let mut context = FilterContext::new();
        if let Some(items) = &items {
            context = context.items(items);
        }
        if let Some(users) = &users {
            context = context.users(users);
        }
        if let Some(item) = &self.current_item {
            context = context.current_item(item);
        }
        for (name, values) in &self.parameters {
            context = context.parameter(name, values)?;
        }
        let is_given = |name: &str| self.parameters.iter().any(|(given, _)| given == name);
        for name in plan.parameters().iter().filter(|name| !is_given(name)) {
            warn([format_args!(
                "parameter ${name} has no values, so that an EXCLUDE that names it is left out; give some: --param \
                 '{name}=\"a\",\"b\"'"
            )]);
        }
        match plan.subject() {
            Subject::Items => self.keep_items(&store, &plan, &context),
            Subject::Users => self.select_users(&store, &plan, &context),
        }
    }

    fn keep_items(&self, store: &Store, plan: &FilterPlan, context: &FilterContext<'_>) -> Outcome {
        let Some((user, candidates)) = self.user.as_ref().zip(self.candidates.as_ref()) else {
            return Err(Failure::usage(
                "an ItemID expression needs --user and --candidates",
            ));
        };
        let candidates = read_candidates(candidates)?;
        warn_of_user(store, user)?;
        let mut out = stdout();
        if self.explain {
            let snapshot = store.snapshot();
            for candidate in &candidates {
                let explanation = snapshot.explain(plan, user, candidate, context)?;
                writeln!(out, "{explanation}")?;
            }
            return Ok(out.flush()?);
        }
        for at in store.filter(plan, user, &candidates, context)? {
            if let Some(candidate) = candidates.get(at) {
                writeln!(out, "{candidate}")?;
            }
        }
        Ok(out.flush()?)
    }

    fn select_users(
        &self,
        store: &Store,
        plan: &FilterPlan,
        context: &FilterContext<'_>,
    ) -> Outcome {
        if self.user.is_some() || self.candidates.is_some() || self.explain {
            return Err(Failure::usage(
                "a UserID expression selects users; leave out --user, --candidates and --explain",
            ));
        }
        let mut out = stdout();
        for user in store.filter_users(plan, context)? {
            writeln!(out, "{user}")?;
        }
        Ok(out.flush()?)
    }
}
