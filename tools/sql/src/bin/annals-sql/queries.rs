//! Statements over a store that others may be writing to.

use std::path::Path;
use std::time::Instant;

use annals::Store;
use annals::filter::AttributeDataset;
use annals_datafusion::{Interactions, Live, Options, register, register_attributes, session};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use datafusion::physical_plan::displayable;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{DFParser, Statement};
use futures::StreamExt;

use crate::args::{Cli, read};
use crate::count::rows;
use crate::failure::{Failure, Outcome, say};
use crate::output::Output;

/// A session over a store, or a set of shards.
pub struct Queries {
    live: Live,
    context: SessionContext,
    interactions: Interactions,
}

/// What a statement gave.
pub struct Done {
    pub rows: u64,
}

impl Queries {
    pub fn open(cli: &Cli) -> Outcome<Self> {
        let live = Live::open(&cli.store)?;
        for store in live.stores() {
            warn_of_damage(&store);
        }
        let options = Options {
            threads: cli.threads,
            memory: cli
                .memory
                .map(|mebibytes| mebibytes.saturating_mul(1 << 20)),
        };
        let context = session(&options)?;
        let interactions = live.interactions()?;
        register(&context, &interactions)?;
        let queries = Self {
            live,
            context,
            interactions,
        };
        queries.attributes(AttributeDataset::Items, &cli.items, &cli.items_schema)?;
        queries.attributes(AttributeDataset::Users, &cli.users, &cli.users_schema)?;
        Ok(queries)
    }

    fn attributes(
        &self,
        dataset: AttributeDataset,
        file: &Option<impl AsRef<Path>>,
        schema: &Option<impl AsRef<Path>>,
    ) -> Outcome {
        if let (Some(file), Some(schema)) = (file, schema) {
            let schema = read(schema.as_ref())?;
            register_attributes(&self.context, dataset, &schema, file)?;
        }
        Ok(())
    }

    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    pub fn interactions(&self) -> &Interactions {
        &self.interactions
    }

    /// Goes on to what is in the store by now.
    pub fn refresh(&mut self) -> Outcome {
        if self.live.refresh()? {
            self.interactions = self.live.interactions()?;
            register(&self.context, &self.interactions)?;
        }
        Ok(())
    }

    /// Runs statements as the command line says. All of them see the store as it was opened.
    pub async fn run(&mut self, sql: &str, cli: &Cli) -> Outcome {
        let statements = parse(sql)?;
        let to_file = cli.output.as_os_str() != "-";
        if to_file && statements.len() != 1 {
            return Err(Failure::usage(format_args!(
                "--output takes the result of one statement, not of {}",
                statements.len()
            )));
        }
        for statement in statements {
            let start = Instant::now();
            let done = self.statement(statement, cli).await?;
            if cli.timing {
                say(&format!(
                    "{} in {:.3} s",
                    rows(done.rows),
                    start.elapsed().as_secs_f64()
                ));
            }
        }
        Ok(())
    }

    /// Runs one statement, and writes its result; an interrupt ends it.
    pub async fn statement(&self, statement: Statement, cli: &Cli) -> Outcome<Done> {
        tokio::select! {
            done = self.to_output(statement, cli) => done,
            _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
        }
    }

    async fn to_output(&self, statement: Statement, cli: &Cli) -> Outcome<Done> {
        let plan = self.context.state().statement_to_plan(statement).await?;
        let frame = self.context.execute_logical_plan(plan).await?;
        if cli.explain {
            let text = explained(frame).await?;
            return crate::output::print(&text).map(|()| Done { rows: 0 });
        }
        let schema: SchemaRef = frame.schema().as_arrow().clone().into();
        let mut stream = frame.execute_stream().await?;
        if schema.fields().is_empty() {
            // Statements such as CREATE VIEW give nothing.
            while stream.next().await.transpose()?.is_some() {}
            return Ok(Done { rows: 0 });
        }
        let mut output = Output::create(cli, &schema)?;
        let mut rows = 0;
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            rows += batch.num_rows() as u64;
            output.write(&batch)?;
        }
        output.finish()?;
        Ok(Done { rows })
    }
}

/// The statements of a text.
pub fn parse(sql: &str) -> Outcome<Vec<Statement>> {
    let statements = DFParser::parse_sql(sql)?;
    if statements.is_empty() {
        return Err(Failure::usage("there is no statement"));
    }
    Ok(statements.into())
}

async fn explained(frame: DataFrame) -> Outcome<String> {
    let (state, plan) = frame.into_parts();
    let logical = state.optimize(&plan)?;
    let physical = state.create_physical_plan(&logical).await?;
    let physical = displayable(physical.as_ref()).indent(false);
    Ok(format!(
        "logical plan\n{}\n\nphysical plan\n{physical}",
        logical.display_indent()
    ))
}

/// Says where a store does not show all that was written.
fn warn_of_damage(store: &Store) {
    for damaged in store.damaged_segments() {
        say(&format!("warning: {damaged}"));
    }
    if let Some(damage) = &store.recovery_report().damage {
        say(&format!(
            "warning: {damage}; what precedes the damage is shown, and what stands behind it is not: see \
             `annals repair --help`"
        ));
    }
}
