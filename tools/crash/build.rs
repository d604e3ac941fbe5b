//! Compiles the recorder, a library that is loaded into the processes that are watched.

use std::path::PathBuf;
use std::process::Command;

const SOURCE: &str = "shim/recorder.c";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed={SOURCE}");
    let library = PathBuf::from(std::env::var("OUT_DIR")?).join("librecorder.so");
    let mut command: Command = cc::Build::new().opt_level(2).get_compiler().to_command();
    command.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-o"]);
    command.arg(&library).args([SOURCE, "-lpthread", "-ldl"]);
    let status = command.status()?;
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    println!("cargo:rustc-env=RECORDER={}", library.display());
    Ok(())
}
