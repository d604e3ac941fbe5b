//! What the rocksdb crate offers and this project must not use. Clippy refuses it, too, but clippy is
//! not run where tests are, and passes over what it cannot resolve.

use std::path::{Path, PathBuf};

/// Names of functions, as they are called.
const FORBIDDEN: [&str; 18] = [
    // Opening beside a writer without being a secondary instance.
    "open_for_read_only",
    "open_cf_for_read_only",
    "open_cf_with_opts_for_read_only",
    "open_cf_descriptors_read_only",
    // Unsound.
    "set_snapshot",
    "iterator",
    "iterator_opt",
    "iterator_cf",
    "iterator_cf_opt",
    "get_approximate_sizes",
    "get_approximate_sizes_cf",
    // What lets rows go, or gives old ones.
    "open_with_ttl",
    "open_cf_with_ttl",
    "open_cf_descriptors_with_ttl",
    "new_with_ttl",
    "set_ttl",
    "try_catch_up_with_primary",
    // A form of the log that RocksDB's reader has known faults with.
    "set_recycle_log_file_num",
];

/// Where `text` names one of them outside of comments: the line, from 1, and the name.
fn uses(text: &str) -> Vec<(usize, &'static str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let code = line.split("//").next().unwrap_or_default();
        let words = code.split(|c| !is_part(c));
        let named = words.filter_map(|word| FORBIDDEN.into_iter().find(|name| *name == word));
        found.extend(named.map(|name| (number, name)));
    }
    found
}

/// The Rust files below `folder`.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn nothing_forbidden_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Only src/hot names RocksDB, as another test checks.
    let files = files_below(&root.join("src/hot"));
    assert!(files.iter().any(|file| file.ends_with("rocks.rs")));
    for file in files {
        let found = uses(&std::fs::read_to_string(&file).unwrap());
        assert_eq!(found, [], "{}: see docs/rocksdb.md", file.display());
    }
}

#[test]
fn clippy_refuses_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rules = std::fs::read_to_string(root.join("clippy.toml")).unwrap();
    for name in FORBIDDEN {
        let named = rules.lines().any(|line| {
            line.contains("path = \"rocksdb::") && line.contains(&format!("::{name}\""))
        });
        assert!(named, "clippy.toml does not refuse {name}");
    }
}

#[test]
fn a_use_is_found_where_it_is_one() {
    assert_eq!(
        uses("let db = DB::open_for_read_only(a, b);"),
        [(1, "open_for_read_only")]
    );
    assert_eq!(
        uses("a\n// open_for_read_only\n db.set_ttl(3)"),
        [(3, "set_ttl")]
    );
    assert_eq!(uses("raw_iterator_cf_opt(x); my_set_ttl(); iterators"), []);
}
