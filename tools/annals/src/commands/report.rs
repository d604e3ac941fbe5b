use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::failure::Outcome;
use crate::output::{OutputFile, check_output};
use crate::store::open_for_reading;

/// Writes what the store holds as one page of HTML, which asks for nothing outside of itself: events over time,
/// activity and popularity, completeness, repeats, sessions, impressions, bytes, findings.
#[derive(Args)]
pub struct Report {
    /// The folder of the store
    store: PathBuf,
    /// The file to write, or `-` for standard output
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

impl Report {
    pub fn run(self) -> Outcome {
        check_output("--output", &self.output, &[], &self.store)?;
        let store = open_for_reading(&self.store)?;
        let html = annals::report::html(&store)?;
        let mut output = OutputFile::create(&self.output)?;
        output.write_all(html.as_bytes())?;
        output.finish()
    }
}
