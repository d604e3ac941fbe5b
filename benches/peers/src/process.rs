//! What a process takes, and what a folder does.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

const MEGABYTE: f64 = 1e6;
const SAMPLE_EVERY: Duration = Duration::from_millis(2);

/// Memory that work takes beyond what the process had before.
pub struct Peak {
    /// Anonymous memory, in megabytes: what cannot be dropped and read again.
    pub anonymous: f64,
    /// All resident memory, mapped files included, in megabytes.
    pub resident: f64,
}

/// Runs work while watching this process's memory.
pub fn watch<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Peak)> {
    // Sets the high-water mark back to what is resident now.
    fs::write("/proc/self/clear_refs", "5").context("/proc/self/clear_refs")?;
    let anonymous_before = status("RssAnon")?;
    let resident_before = status("VmRSS")?;
    let highest = AtomicU64::new(anonymous_before);
    let done = AtomicBool::new(false);
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                highest.fetch_max(status("RssAnon").unwrap_or(0), Ordering::Relaxed);
                std::thread::sleep(SAMPLE_EVERY);
            }
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        result
    })?;
    let over = |high: u64, before: u64| high.saturating_sub(before) as f64 * 1024.0 / MEGABYTE;
    let peak = Peak {
        anonymous: over(highest.into_inner(), anonymous_before),
        resident: over(status("VmHWM")?, resident_before),
    };
    Ok((result, peak))
}

/// A figure of /proc/self/status, in KiB.
fn status(name: &str) -> Result<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.with_context(|| format!("no {name}"))?.parse()?)
}

/// Bytes that a folder's files take on the disk.
pub fn disk_bytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += match metadata.is_dir() {
            true => disk_bytes(&entry.path())?,
            false => metadata.blocks() * 512,
        };
    }
    Ok(bytes)
}
