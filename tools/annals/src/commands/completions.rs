use clap::Args;
use clap_complete::{Shell, generate};

use crate::failure::Outcome;
use crate::output::print_bytes;

/// Writes the completions of a shell to standard output.
#[derive(Args)]
pub struct Completions {
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub fn run(self, mut whole: clap::Command) -> Outcome {
        let mut script = Vec::new();
        generate(self.shell, &mut whole, "annals", &mut script);
        print_bytes(&script)
    }
}
