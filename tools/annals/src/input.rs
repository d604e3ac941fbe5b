//! Files and standard input, read line by line.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::failure::{Failure, Outcome};

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 1 << 20;

/// A file, or standard input.
pub type Input = BufReader<Box<dyn Read>>;

/// Opens a file, or standard input for `-`.
pub fn open(path: &Path) -> Outcome<Input> {
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        let opened = File::open(path);
        let failed = |error| Failure::io(format_args!("opening {}", path.display()), &error);
        Box::new(opened.map_err(failed)?)
    };
    Ok(BufReader::with_capacity(BUFFER_BYTES, input))
}

/// What messages call it.
pub fn name(path: &Path) -> String {
    match path.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => path.display().to_string(),
    }
}

/// Whether the next line may be long in coming: there is no whole one at hand.
pub fn waits(input: &Input) -> bool {
    !input.buffer().contains(&b'\n')
}
