//! Outputs that would replace what is read.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::file::place_of;
use crate::failure::{Failure, Outcome};

/// Refuses an output that is one of the inputs, by this or any other path to it, or that lies in the
/// folder of the store. `option` is what the command line calls it.
pub fn check_output(option: &str, output: &Path, inputs: &[PathBuf], store: &Path) -> Outcome {
    let refused = |what: String| {
        let output = output.display();
        Err(Failure::usage(format_args!(
            "{option} {output}: {what}, which would be replaced; give another file"
        )))
    };
    if let Some(input) = inputs.iter().find(|input| is_same_file(input, output)) {
        return refused(format!("that is the input {}", input.display()));
    }
    if lies_in(output, store) {
        return refused(format!("that lies in the store {}", store.display()));
    }
    Ok(())
}

/// Whether two paths lead to one regular file. Pipes and devices are not replaced.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    let found = |path: &Path| {
        let found = path.metadata().ok().filter(|found| found.is_file())?;
        Some((found.dev(), found.ino()))
    };
    found(one).is_some_and(|one| found(other) == Some(one))
}

fn lies_in(path: &Path, folder: &Path) -> bool {
    let place = place_of(path);
    let parent = place.parent().filter(|parent| *parent != Path::new(""));
    let parent = parent.unwrap_or(Path::new(".")).canonicalize();
    let folder = folder.canonicalize();
    matches!((parent, folder), (Ok(parent), Ok(folder)) if parent.starts_with(&folder))
}
