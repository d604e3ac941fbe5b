//! What the figures were measured on, and with what.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub memory_gb: f64,
    pub kernel: String,
    pub rustc: String,
    pub python: String,
}

impl Machine {
    pub fn look(python: &Path) -> Self {
        let processor = read_after("/proc/cpuinfo", "model name");
        let memory = read_after("/proc/meminfo", "MemTotal");
        let kibibytes: f64 = memory
            .split_whitespace()
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(0.0);
        Self {
            processor,
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_gb: (kibibytes * 1024.0 / 1e8).round() / 10.0,
            kernel: output(Command::new("uname").arg("-sr")),
            rustc: output(Command::new("rustc").arg("--version")),
            python: output(Command::new(python).arg("--version")),
        }
    }

    pub fn text(&self) -> String {
        let Self {
            processor,
            cores,
            memory_gb,
            kernel,
            rustc,
            python,
        } = self;
        format!("{processor}, {cores} cores, {memory_gb} GB, {kernel}, {rustc}, {python}")
    }
}

/// The date of today, in UTC.
pub fn today() -> String {
    output(Command::new("date").args(["-u", "+%F"]))
}

/// The versions of the stores: crates by the lock file, Python packages by the interpreter.
pub fn versions(home: &Path, python: &Path) -> BTreeMap<String, String> {
    let lock = fs::read_to_string(home.join("Cargo.lock")).unwrap_or_default();
    let crates = [
        "annals",
        "rocksdb",
        "librocksdb-sys",
        "heed",
        "lmdb-master-sys",
        "redb",
        "fjall",
        "rusqlite",
        "libsqlite3-sys",
        "parquet",
        "arrow",
    ];
    let mut versions: BTreeMap<String, String> = crates
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), locked(&lock, name)?)))
        .collect();
    let script = "import importlib.metadata as m\n\
                  for p in ('duckdb', 'vortex-data', 'pyarrow', 'numpy'): print(p, m.version(p))";
    let listed = output(Command::new(python).args(["-c", script]));
    versions.extend(listed.lines().filter_map(|line| {
        let (name, version) = line.split_once(' ')?;
        Some((name.to_owned(), version.to_owned()))
    }));
    versions
}

fn locked(lock: &str, name: &str) -> Option<String> {
    let mut lines = lock.lines();
    lines.find(|line| *line == format!("name = \"{name}\""))?;
    let version = lines.next()?.strip_prefix("version = \"")?;
    Some(version.trim_end_matches('"').to_owned())
}

fn read_after(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|line| line.split_once(':'));
    value.map_or_else(String::new, |(_, value)| value.trim().to_owned())
}

fn output(command: &mut Command) -> String {
    let bytes = command
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}
