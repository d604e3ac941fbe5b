//! The folders under `src/` are ranked, and a file imports from its own folder or from a lower
//! rank; no two files import each other, directly or over others. The compiler does not check this
//! inside one crate; these tests do.

mod circles;
mod modules;
mod names;
mod rooms;
mod tests;
mod tokens;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use circles::circles;
use names::{Name, Named, names_in};
use rooms::against_floors;

/// The ranked folders, lowest first.
const RANKS: [(&str, u8); 21] = [
    ("model", 0),
    ("io", 1),
    ("csv", 1),
    ("check", 1),
    ("text", 1),
    ("column", 2),
    ("codec", 3),
    ("segment", 4),
    ("hot", 4),
    ("store", 5),
    ("api", 6),
    ("import", HOST),
    ("export", HOST),
    ("filter", HOST),
    ("backup", HOST),
    ("guide", HOST),
    ("insights", HOST),
    ("partitions", HOST),
    ("report", ABOVE_HOSTS),
    ("shards", ABOVE_HOSTS),
    ("fuzzing", FUZZING),
];

/// These stand on the public API, as any host does.
const HOST: u8 = 7;

/// These stand on the public API, too, and on what hosts have made of it.
const ABOVE_HOSTS: u8 = 8;

/// Opens the private parsers to the fuzz targets, so it may name anything, and nobody names it.
const FUZZING: u8 = 9;

/// What a folder of rank `HOST` may name beside its own files and what the crate root re-exports; one
/// of rank `ABOVE_HOSTS` names those of rank `HOST`, too.
const OPEN_TO_HOSTS: [&str; 6] = ["api", "csv", "model", "check", "text", "column"];

/// Only this folder names RocksDB.
const ROCKSDB_HOME: &str = "hot";

/// A source file: its path from the package's root (`src/hot/log/key.rs`) and its text.
struct Source {
    path: String,
    text: String,
}

/// All that is wrong in `sources`, a line each: where, what, and what to do.
fn violations(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    let mut bincode_users: BTreeMap<&str, usize> = BTreeMap::new();
    for Source { path, text } in sources {
        let modules = module_path(path);
        if modules.last().is_some_and(|name| name == "tests") {
            continue;
        }
        let names = match names_in(text, modules.len()) {
            Ok(names) => names,
            Err(error) => {
                found.push(format!("{path}: {error}"));
                continue;
            }
        };
        let folder = modules.first().map(String::as_str);
        if let Some(folder) = folder.filter(|folder| rank(folder).is_none()) {
            found.push(format!(
                "{path}: `{folder}` has no rank; move the file into a ranked folder, or give its \
                 folder a rank in tests/integration/ranks.rs"
            ));
            continue;
        }
        for Name { named, line } in names {
            if matches!(&named, Named::Crate("bincode")) {
                bincode_users.entry(path).or_insert(line);
            }
            if let Some(refusal) = refusal(folder, &named) {
                found.push(format!("{path}:{line}: {refusal}"));
            }
        }
    }
    if bincode_users.len() > 1 {
        found.extend(bincode_users.iter().map(|(path, line)| {
            format!(
                "{path}:{line}: names `bincode`, as another file does; one file owns the row's \
                 bytes, so call that file's functions"
            )
        }));
    }
    found
}

/// The modules that lead to a file: `src/store/maintain/seal.rs` is `[store, seal]`, `src/lib.rs` is `[]`.
fn module_path(path: &str) -> Vec<String> {
    let mut modules: Vec<String> = path
        .trim_start_matches("src/")
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    if modules.last().is_some_and(|name| name == "mod") || modules == ["lib"] {
        modules.pop();
    }
    modules
}

fn rank(folder: &str) -> Option<u8> {
    RANKS
        .iter()
        .find(|(name, _)| *name == folder)
        .map(|(_, rank)| *rank)
}

/// Why a file of `folder` (`None`: the crate root) may not name this, and what to do instead.
fn refusal(folder: Option<&str>, named: &Named) -> Option<String> {
    match named {
        Named::Crate("rocksdb" | "librocksdb_sys") if folder != Some(ROCKSDB_HOME) => Some(
            "names `rocksdb`, which only src/hot does; go through hot's trait and types".to_owned(),
        ),
        Named::Crate(_) => None,
        Named::Root(name) => refusal_of_root_name(folder?, name),
        Named::WholeRoot => folder.map(|_| {
            "imports the whole crate root, which hides what it uses; name the folder".to_owned()
        }),
    }
}

fn refusal_of_root_name(folder: &str, name: &str) -> Option<String> {
    let own = rank(folder)?;
    if name == folder {
        return None;
    }
    let stands_on_api = matches!(own, HOST | ABOVE_HOSTS);
    match rank(name) {
        Some(HOST) if own == ABOVE_HOSTS => None,
        Some(_) if stands_on_api && OPEN_TO_HOSTS.contains(&name) => None,
        Some(_) if stands_on_api => Some(format!(
            "`{folder}` names `{name}`, but stands on the public API like any host; use api, csv, \
             model, check, text, column or what the crate root re-exports"
        )),
        Some(other) if other < own => None,
        Some(other) => Some(format!(
            "`{folder}` (rank {own}) names `{name}` (rank {other}), but a file imports from its own \
             folder or from a lower rank; move what both need down, or the caller up"
        )),
        None if stands_on_api => None,
        None => Some(format!(
            "`{folder}` names `crate::{name}` from the crate root, which hides where it comes from; \
             name its folder"
        )),
    }
}

/// Every Rust file below `folder`, with its path from `root`.
fn read_sources(root: &Path, folder: &Path) -> std::io::Result<Vec<Source>> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    let mut sources = Vec::new();
    for path in entries {
        if path.is_dir() {
            sources.extend(read_sources(root, &path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path)?;
            let path = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .display()
                .to_string();
            sources.push(Source { path, text });
        }
    }
    Ok(sources)
}

#[test]
fn files_import_from_their_own_folder_or_a_lower_rank() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = read_sources(root, &root.join("src")).unwrap();
    assert!(
        sources.iter().any(|source| source.path == "src/lib.rs"),
        "src/ was not read"
    );
    let found = violations(&sources);
    assert!(
        found.is_empty(),
        "{} against the ranks:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn rooms_import_from_lower_floors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = read_sources(root, &root.join("src")).unwrap();
    let found = against_floors(&sources).unwrap();
    assert!(
        found.is_empty(),
        "{} against the floors:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn no_files_import_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = read_sources(root, &root.join("src")).unwrap();
    let found: Vec<String> = circles(&sources)
        .unwrap()
        .into_iter()
        .map(|circle| {
            format!(
                "{}\n  {}",
                circle.files.join(", "),
                circle.imports.join("\n  ")
            )
        })
        .collect();
    assert!(
        found.is_empty(),
        "{} circles of files; move what both need into a file of its own:\n{}",
        found.len(),
        found.join("\n")
    );
}
