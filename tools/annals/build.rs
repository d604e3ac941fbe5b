//! What `annals --version` tells beside the version: the commit, and the version of RocksDB.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rustc-env=ANNALS_COMMIT={}", commit());
    println!("cargo:rustc-env=ANNALS_ROCKSDB={}", rocksdb());
    println!("cargo:rustc-env=ANNALS_TARGET={}", variable("TARGET"));
    println!("cargo:rerun-if-env-changed=ANNALS_COMMIT");
    for name in ["HEAD", "logs/HEAD"] {
        // Where there is no such file, a path that does not change would make every build run this.
        if let Some(path) =
            git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists())
        {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    println!("cargo:rerun-if-changed=../../Cargo.lock");
    println!("cargo:rerun-if-changed=build.rs");
}

/// The commit, from whoever builds from an archive, or from git.
fn commit() -> String {
    let told = variable("ANNALS_COMMIT");
    if !told.is_empty() {
        return told;
    }
    git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown commit".to_owned())
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// The version of RocksDB, which stands behind the plus of its crate's.
fn rocksdb() -> String {
    let lock = std::fs::read_to_string("../../Cargo.lock").unwrap_or_default();
    let package = lock
        .split("[[package]]")
        .find(|one| one.contains("name = \"librocksdb-sys\""));
    let version = package.and_then(|one| one.split('+').nth(1)?.split('"').next());
    version.unwrap_or("of unknown version").to_owned()
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
