//! One bound on memory.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use annals::{Durability, HistoryQuery, ImportMode, Interaction, Settings, Store, WriteBatch};

use crate::support::{folder, schema};

const CHILD: &str = "ANNALS_TEST_MEMORY_CHILD";
const BOUND: u64 = 32 << 20;
/// What a process takes without a store, and what an allocator keeps of small pieces.
const BESIDE: u64 = 24 << 20;
const ROWS: u64 = 600_000;
const USERS: u64 = 16_000;

/// Memory of the process that no file backs, in bytes.
fn anonymous() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let kib = line.unwrap().split_ascii_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() << 10
}

fn row(number: u64) -> Interaction {
    let user = format!("user-{:08}", number * 7919 % USERS);
    let item = format!("item-{:06}", number * 104_729 % 30_000);
    Interaction::new(user, item, (number / 10) as i64)
        .event_type("view")
        .with("POSITION", (number % 50) as i32)
}

fn soak(path: &std::path::Path) -> u64 {
    let done = AtomicBool::new(false);
    let watch = || {
        let mut most = 0;
        while !done.load(Ordering::Relaxed) {
            most = most.max(anonymous());
            std::thread::sleep(Duration::from_millis(5));
        }
        most
    };
    std::thread::scope(|scope| {
        let watcher = scope.spawn(watch);
        let settings = Settings::default().memory_bytes(BOUND);
        let builder = Store::builder().settings(settings);
        let store = builder.create(path, &schema()).unwrap();
        let mut import = store.import(ImportMode::Full).unwrap();
        for number in 0..ROWS {
            import.push(&row(number)).unwrap();
        }
        import.commit().unwrap();
        for from in (ROWS..ROWS + ROWS / 3).step_by(1000) {
            let batch: WriteBatch = (from..from + 1000).map(row).collect();
            store.write(batch, Durability::Buffered).unwrap();
        }
        store.flush().unwrap();
        store.compact().unwrap();
        let mut history = annals::History::new();
        for number in 0..USERS {
            let user = format!("user-{number:08}");
            let query = HistoryQuery::default();
            store.history(&user, &query, &mut history).unwrap();
            assert!(history.len() >= 37);
        }
        let stats = store.stats().unwrap();
        assert_eq!(stats.memory_bytes, Some(BOUND));
        assert_eq!(stats.work_bytes, 0);
        drop(store);
        done.store(true, Ordering::Relaxed);
        watcher.join().unwrap()
    })
}

#[test]
fn a_store_stays_within_its_bound_on_memory() {
    let folder = folder();
    let path = folder.path().join("store");
    if let Ok(path) = std::env::var(CHILD) {
        println!("most {}", soak(path.as_ref()));
        return;
    }
    // Other tests of this process take memory, too.
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "memory::a_store_stays_within_its_bound_on_memory",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD, &path)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let said = String::from_utf8(child.stdout).unwrap();
    assert!(child.status.success(), "{said}");
    let most = said.lines().find_map(|line| line.split("most ").nth(1));
    let most: u64 = most.unwrap().trim().parse().unwrap();
    assert!(
        most <= BOUND + BESIDE,
        "{most} bytes, and {BOUND} are allowed"
    );
    assert!(most > BOUND / 4, "{most} bytes: it was not watched");
}
