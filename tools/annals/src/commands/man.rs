use std::path::PathBuf;

use clap::Args;
use clap_mangen::Man as Page;

use crate::failure::{Failure, Outcome};
use crate::output::print_bytes;

/// Writes the manual page to standard output, or a page for every command into a folder.
#[derive(Args)]
pub struct Man {
    /// The folder; made where it is missing. Pages of the same names are replaced
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

impl Man {
    pub fn run(self, whole: clap::Command) -> Outcome {
        let Some(folder) = &self.output else {
            let mut page = Vec::new();
            Page::new(whole).render(&mut page)?;
            return print_bytes(&page);
        };
        let failed = |error| Failure::io(format_args!("writing to {}", folder.display()), &error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        clap_mangen::generate_to(whole, folder).map_err(failed)
    }
}
