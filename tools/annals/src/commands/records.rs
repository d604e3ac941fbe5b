//! Records from lines of which each stands for itself.

use std::fmt::Display;
use std::path::PathBuf;

use annals::import::Lines;
use annals::{Durability, ErrorKind, Result, Store, WriteBatch};
use clap::Args;

use crate::args::Safety;
use crate::failure::{Failure, Outcome};
use crate::input;
use crate::output::{count, print_done, say_always, thousands};

/// Lines between two syncs, at most.
const SYNC_LINES: u64 = 1000;

/// Where records come from and go to.
#[derive(Args)]
pub struct Records {
    /// The folder of the store
    store: PathBuf,
    /// A file of JSON lines, or `-` for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// When a line counts as written
    #[arg(long, value_enum, default_value_t = Safety::Synced)]
    durability: Safety,
}

/// What became of the lines.
pub struct Done {
    pub taken: u64,
    refused: u64,
    result: Outcome,
}

impl Records {
    /// Hands each line to `record`. A line that breaks a rule is named on standard error, and the
    /// next one goes on.
    pub fn each(&self, mut record: impl FnMut(&Store, &str) -> Result<()>) -> Outcome<Done> {
        let mut lines = Lines::new(input::open(&self.file)?);
        let store = Store::open(&self.store)?;
        let (mut taken, mut refused) = (0, 0);
        let result = loop {
            let done = match lines.next_line() {
                Ok(None) => break Ok(()),
                Ok(Some(line)) => record(&store, line),
                Err(error) => Err(error),
            };
            let place = || format!("{}: line {}", input::name(&self.file), lines.line());
            match done {
                Ok(()) => taken += 1,
                Err(error) if error.kind() == ErrorKind::InvalidInput => {
                    say_always(format_args!("{}: {}", place(), error.full_message()));
                    refused += 1;
                }
                Err(error) => break Err(Failure::from(error).within(place())),
            }
            if ((taken + refused) % SYNC_LINES == 0 || input::waits(lines.get_ref()))
                && let Err(failure) = self.sync(&store)
            {
                break Err(failure);
            }
        };
        // Of several failures the first one says why.
        let result = result.and(self.sync(&store));
        let result = result.and(store.maintain().map_err(Failure::from));
        Ok(Done {
            taken,
            refused,
            result,
        })
    }

    /// Lines share a sync.
    fn sync(&self, store: &Store) -> Outcome {
        if self.durability == Safety::Synced {
            store.write(WriteBatch::new(), Durability::Synced)?;
        }
        Ok(())
    }
}

impl Done {
    /// Reports the lines that were taken; fails when one was refused, or what came after it could
    /// not be done.
    pub fn outcome(self, what: &str, summary: impl Display) -> Outcome {
        let reported = print_done(summary);
        let refused = match self.refused {
            0 => Ok(()),
            refused => Err(Failure::invalid(format_args!(
                "{} of {} refused",
                count(refused, what),
                thousands(self.taken + refused)
            ))),
        };
        self.result.and(refused).and(reported)
    }
}
