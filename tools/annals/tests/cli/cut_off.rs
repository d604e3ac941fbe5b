//! Exports that a full disk, a signal or the end of the process cuts off.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Folder, HEADER};

const NAMES: [&str; 7] = [
    "rows.csv",
    "rows.jsonl",
    "rows.parquet",
    "rows.arrow",
    "rows.arrows",
    "rows.inter",
    "folder",
];

/// A store of 20,000 rows that do not compress away.
fn filled() -> Folder {
    let folder = Folder::with_store();
    let mut rows = HEADER.to_owned();
    let mut state = 7u64;
    for number in 0..20_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        rows += &format!("user {},item {state:x},{number},view,,,\n", number % 700);
    }
    folder.write("import.csv", rows);
    folder.run(&["import", "store", "import.csv"]).ok();
    folder
}

fn arguments(name: &str) -> Vec<&str> {
    let more: &[&str] = match name {
        "folder" => &["--split", "user-hash:80,10,10", "--format", "csv"],
        "rows.inter" => &["--columns", "USER_ID,ITEM_ID,TIMESTAMP"],
        _ => &[],
    };
    [&["export", "store", "--output", name], more].concat()
}

#[test]
fn a_full_disk_leaves_nothing_and_is_told() {
    let folder = filled();
    let before = folder.names(".");
    for name in NAMES {
        let tool = env!("CARGO_BIN_EXE_annals");
        let words: Vec<String> = arguments(name)
            .iter()
            .map(|word| format!("'{word}'"))
            .collect();
        // Writing beyond the bound on a file's size fails as on a full disk.
        let line = format!(
            "trap '' XFSZ; ulimit -f 64; exec '{tool}' {}",
            words.join(" ")
        );
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(folder.path("."))
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {message}");
        assert!(
            message.contains("File too large") && message.contains(name),
            "{name}: {message}"
        );
        assert_eq!(folder.names("."), before, "{name}");
    }
}

/// The processes end at many moments; what stands under the name is nothing, or all of it.
#[test]
fn a_killed_export_leaves_nothing_under_its_name() {
    let folder = filled();
    let (mut cut, mut whole) = (0, 0);
    for (number, name) in NAMES.iter().cycle().take(35).enumerate() {
        let mut child = folder
            .command(&arguments(name))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(40 * (number as u64 % 12)));
        let signal = if number % 2 == 0 { "KILL" } else { "INT" };
        let _ = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .stderr(Stdio::null())
            .status();
        child.wait().unwrap();
        let manifest = match *name {
            "folder" => "folder/manifest.json".to_owned(),
            file => format!("{file}.manifest.json"),
        };
        if !folder.path(name).exists() {
            cut += 1;
            assert!(!folder.path(&manifest).exists(), "{name}");
            if signal == "INT" {
                let left = folder.names(".").into_iter();
                let left: Vec<String> = left.filter(|left| left.contains(name)).collect();
                let of_killed = |left: &&String| !left.starts_with('.');
                assert_eq!(left.iter().find(of_killed), None, "{name}");
            }
            continue;
        }
        whole += 1;
        // Between the two names there may be a moment with the file alone.
        if folder.path(&manifest).exists() {
            folder.run(&["export", "store", "--check", &manifest]).ok();
        }
        let _ = std::fs::remove_file(folder.path(&manifest));
        let _ = std::fs::remove_file(folder.path(name));
        let _ = std::fs::remove_dir_all(folder.path(name));
    }
    assert!(cut > 0 && whole > 0, "{cut} cut off, {whole} whole");
}
