//! Ids, one a line.

use std::path::Path;

use annals::import::Lines;

use crate::failure::{Failure, Outcome};
use crate::input;

/// The ids of a file, or of standard input for `-`; blank lines are passed over.
pub fn read_candidates(path: &Path) -> Outcome<Vec<String>> {
    let mut lines = Lines::new(input::open(path)?);
    let mut ids = Vec::new();
    loop {
        match lines.next_line() {
            Ok(None) => return Ok(ids),
            Ok(Some(id)) => ids.push(id.to_owned()),
            Err(error) => {
                let place = format!("{}: line {}", input::name(path), lines.line());
                return Err(Failure::from(error).within(place));
            }
        }
    }
}
