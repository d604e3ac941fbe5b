//! Whether an export is what its manifest says.

use std::path::Path;

use annals::Snapshot;
use annals::export::{Manifest, sha256_of};

use crate::failure::{Failure, Outcome};
use crate::output::{count, print_line, say};

/// Makes the export of a manifest again and compares, and its files where they are there.
pub fn check(path: &Path, snapshots: &[Snapshot]) -> Outcome {
    let in_folder = path.join("manifest.json");
    let path = match path.is_dir() {
        true => in_folder.as_path(),
        false => path,
    };
    let reading =
        |error: &std::io::Error| Failure::io(format_args!("reading {}", path.display()), error);
    let json = std::fs::read_to_string(path).map_err(|error| reading(&error))?;
    let manifest =
        Manifest::parse(&json).map_err(|error| Failure::from(error).within(path.display()))?;
    let changed = changed_files(path, &manifest)?;
    let differences = manifest.differences(snapshots)?;
    if !differences.is_empty() {
        return Err(Failure::unequal(format_args!(
            "{}: the store does not give what the export has: {}",
            path.display(),
            differences.join("; ")
        )));
    }
    if !changed.is_empty() {
        return Err(Failure::damaged(format_args!(
            "{}: {}",
            path.display(),
            changed.join("; ")
        )));
    }
    let of = match manifest.shards.len() {
        0 => format!("as of commit {}", manifest.sequence),
        shards => format!("of {shards} shards"),
    };
    print_line(format_args!(
        "{} {of}, content {}: the store gives the same",
        count(manifest.report.content.rows, "row"),
        manifest.report.content
    ))
}

/// What is wrong with the files of a manifest; those that are not there are told of.
fn changed_files(path: &Path, manifest: &Manifest) -> Outcome<Vec<String>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut changed = Vec::new();
    for file in &manifest.files {
        let place = folder.join(&file.path);
        let opened = match std::fs::File::open(&place) {
            Ok(opened) => opened,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                say(format_args!(
                    "{}: is not there, and was not compared",
                    place.display()
                ));
                continue;
            }
            Err(error) => {
                return Err(Failure::io(
                    format_args!("reading {}", place.display()),
                    &error,
                ));
            }
        };
        let (sha256, bytes) = sha256_of(opened)?;
        if bytes != file.bytes || sha256 != file.sha256 {
            changed.push(format!(
                "the file {} was changed: {} bytes with SHA-256 {sha256}, and the manifest says {} with {}",
                file.path, bytes, file.bytes, file.sha256
            ));
        }
    }
    Ok(changed)
}
