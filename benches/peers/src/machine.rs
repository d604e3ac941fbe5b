//! What the figures were measured on, and with what.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub memory_gb: f64,
    /// What the disk of the stores reads ahead.
    #[serde(default)]
    pub readahead_kib: Option<u64>,
    pub kernel: String,
    pub rustc: String,
    pub python: String,
}

impl Machine {
    /// The folder is that of the stores, and exists.
    pub fn look(python: &Path, stores: &Path) -> Self {
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
            readahead_kib: readahead_kib(stores),
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
            readahead_kib,
            kernel,
            rustc,
            python,
        } = self;
        let disk =
            readahead_kib.map_or_else(String::new, |kib| format!(", disk reads {kib} KiB ahead"));
        format!("{processor}, {cores} cores, {memory_gb} GB{disk}, {kernel}, {rustc}, {python}")
    }
}

/// What the disk of a folder reads ahead, where that is told.
fn readahead_kib(folder: &Path) -> Option<u64> {
    let device = fs::metadata(folder).ok()?.dev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let disk = Path::new("/sys/dev/block").join(format!("{major}:{minor}"));
    // A partition's is that of the whole disk.
    let own = ["queue/read_ahead_kb", "../queue/read_ahead_kb"];
    let text = own
        .iter()
        .find_map(|file| fs::read_to_string(disk.join(file)).ok())?;
    text.trim().parse().ok()
}

/// What the processors have done until now, in ticks.
pub struct Busy {
    all: u64,
    busy: u64,
    /// This process and those that it waited for.
    own: u64,
}

impl Busy {
    pub fn look() -> Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().context("/proc/stat is empty")?;
        // User, nice, system, idle, waiting for the disk, two kinds of interrupts, taken by the hypervisor; what
        // follows is counted twice.
        let ticks: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .take(8)
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let all: u64 = ticks.iter().sum();
        let idle: u64 = ticks.iter().skip(3).take(2).sum();
        let stat = fs::read_to_string("/proc/self/stat")?;
        let rest = stat
            .rsplit(") ")
            .next()
            .context("/proc/self/stat is cut short")?;
        // User and system time, and both of the children.
        let own = rest.split(' ').skip(11).take(4).map(str::parse::<u64>);
        Ok(Self {
            all,
            busy: all - idle,
            own: own.sum::<Result<_, _>>()?,
        })
    }

    /// The share of the processors' time since then that neither this process nor its children took.
    pub fn others_percent(&self) -> Result<f64> {
        let now = Self::look()?;
        let others = (now.busy - self.busy).saturating_sub(now.own - self.own);
        Ok((others as f64 / (now.all - self.all).max(1) as f64 * 1e3).round() / 10.0)
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
