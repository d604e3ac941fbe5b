//! A folder in which the tool runs.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub const SCHEMA: &str = r#"{
  "type": "record",
  "name": "Interactions",
  "namespace": "com.amazonaws.personalize.schema",
  "fields": [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "EVENT_VALUE", "type": ["null", "float"]},
    {"name": "DEVICE", "type": ["string", "null"], "categorical": true},
    {"name": "IMPRESSION", "type": ["null", "string"]}
  ],
  "version": "1.0"
}"#;

pub const HEADER: &str = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE,IMPRESSION\n";

/// Four rows of two users, not in order.
pub const ROWS: &str = "\
b,i1,30,view,,tv,\n\
a,i2,20,click,1.5,,i2|i3\n\
a,i1,10,view,,phone,\n\
a,i3,20,buy,2.0,,\n";

/// The same rows as an export has them.
pub const SORTED: &str = "\
a,i1,10,view,,phone,\n\
a,i2,20,click,1.5,,i2|i3\n\
a,i3,20,buy,2.0,,\n\
b,i1,30,view,,tv,\n";

/// What a run of the tool gave.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Its standard output, once it is sure that it ended well.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// Its standard error, once it is sure that it ended with this exit code.
    #[track_caller]
    pub fn fails(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        assert!(self.stderr.starts_with("annals: "), "{}", self.stderr);
        self.stderr
    }
}

/// A folder of its own for a test.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// With an empty store of [`SCHEMA`] in `store`.
    pub fn with_store() -> Self {
        let folder = Self::new();
        folder.write("schema.json", SCHEMA);
        folder
            .run(&["init", "store", "--schema", "schema.json"])
            .ok();
        folder
    }

    /// With a store that holds [`ROWS`] by import.
    pub fn with_rows() -> Self {
        let folder = Self::with_store();
        folder.write("rows.csv", format!("{HEADER}{ROWS}"));
        folder.run(&["import", "store", "rows.csv"]).ok();
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names of the files in a folder, sorted.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
        command.current_dir(self.0.path()).args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    pub fn run_with(&self, arguments: &[&str], stdin: impl AsRef<[u8]>) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that ends before it has read all of it is judged by its output.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_ref());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().expect("ended by a signal"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The whole store as CSV.
    #[track_caller]
    pub fn exported(&self, store: &str) -> String {
        self.run(&["export", store, "--output", "-"]).ok()
    }

    /// The path of the only segment.
    #[track_caller]
    pub fn segment(&self) -> String {
        match self.names("store/segments").as_slice() {
            [name] => format!("store/segments/{name}"),
            names => panic!("{names:?}"),
        }
    }
}
