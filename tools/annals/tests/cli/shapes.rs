//! Every command of docs/import.md, on a small file in the form of the data set.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Folder;

const DOCUMENT: &str = include_str!("../../../../docs/import.md");

/// The commands that import a data set.
fn commands() -> Vec<&'static str> {
    let (_, sets) = DOCUMENT.split_once("## Twenty data sets").unwrap();
    let commands = sets
        .lines()
        .filter(|line| line.starts_with("annals import "));
    commands.collect()
}

/// Files in the form of each data set, and in `stored` what a store then holds.
fn shapes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shapes")
}

/// Writes the file that a command names, compressed as its name says.
fn write_fixture(folder: &Folder, name: &str) {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let bytes =
        std::fs::read(shapes().join(plain)).unwrap_or_else(|error| panic!("{plain}: {error}"));
    if plain == name {
        folder.write(name, bytes);
        return;
    }
    let file = std::fs::File::create(folder.path(name)).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed.write_all(&bytes).unwrap();
    packed.finish().unwrap();
}

/// Runs a line as a shell does.
#[track_caller]
fn shell(folder: &Folder, line: &str) -> String {
    let tool = Path::new(env!("CARGO_BIN_EXE_annals"));
    let tools = tool.parent().unwrap().display();
    let path = format!("{tools}:{}", std::env::var("PATH").unwrap());
    let ran = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder.path("."))
        .env("PATH", path)
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{line}\n{said}");
    said
}

/// Infers a schema with the options of a command, runs it, and gives what the store then holds.
#[track_caller]
fn imported(command: &str) -> String {
    let folder = Folder::new();
    let (_, arguments) = command.split_once(" store ").unwrap();
    let name = arguments.split(' ').next().unwrap();
    write_fixture(&folder, name);
    shell(
        &folder,
        &format!("annals schema infer {arguments} > schema.json"),
    );
    shell(
        &folder,
        "annals init store --schema schema.json --limits unlimited",
    );
    let before = folder.exported("store");
    shell(&folder, &format!("{command} --dry-run"));
    assert_eq!(folder.exported("store"), before, "{command}");
    shell(&folder, command);
    folder.exported("store")
}

#[test]
fn twenty_data_sets_go_in_with_one_command_each() {
    let commands = commands();
    assert_eq!(commands.len(), 20);
    for command in commands {
        let (_, arguments) = command.split_once(" store ").unwrap();
        let name = arguments.split(' ').next().unwrap();
        let stored = shapes().join("stored").join(format!("{name}.csv"));
        let expected = std::fs::read_to_string(stored).unwrap();
        assert_eq!(imported(command), expected, "{command}");
    }
}
