//! A handle that crosses a fork.

use annals::query::Unseen;
use annals::{Durability, ErrorKind, History, HistoryQuery, ScanQuery, Store};

use crate::support::record::Record;
use crate::support::{create, folder, open, quiet};

/// What a child process finds, as its exit code: 0 where each call gives the error.
fn child(store: Store) -> i32 {
    let row = Record::numbered("ann", 1, 1).interaction();
    let snapshot = store.snapshot();
    let query = HistoryQuery::default();
    let errors = [
        store.write(row, Durability::Synced).err(),
        store.flush().err(),
        store.compact().err(),
        store.newest("ann", 1).err(),
        snapshot.scan(&ScanQuery::default()).err(),
        snapshot
            .unseen("ann", &["tea"], &[], &mut Unseen::new())
            .err(),
        snapshot
            .histories(&["ann"], &query, &mut History::new(), |_, _| {
                Ok::<_, annals::Error>(())
            })
            .err(),
    ];
    let is_told = |error: &Option<annals::Error>| {
        error.as_ref().is_some_and(|error| {
            error.kind() == ErrorKind::Unsupported && error.message().contains("forked from")
        })
    };
    let wrong = errors.iter().position(|error| !is_told(error));
    // Neither waits for threads that are not here, nor lets the parent's lock go.
    drop((snapshot, store));
    wrong.map_or(0, |at| at as i32 + 1)
}

#[test]
fn a_handle_that_crossed_a_fork_says_so_and_leaves_the_parent_alone() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = create(&path, annals::Settings::default());
    let row = |number| Record::numbered("ann", number as i64, number).interaction();
    store.write(row(1), Durability::Synced).unwrap();
    let copy = store.clone();
    // SAFETY: the child only calls the store's functions, which refuse before they take a lock, and ends.
    #[expect(unsafe_code, reason = "there is no other way to fork")]
    let process = unsafe { libc::fork() };
    if process == 0 {
        drop(store);
        let code = child(copy);
        #[expect(
            unsafe_code,
            reason = "ends the child without what the test harness does at an end"
        )]
        // SAFETY: it does not return.
        unsafe {
            libc::_exit(code)
        };
    }
    let mut status = 0;
    #[expect(unsafe_code, reason = "waits for the child")]
    // SAFETY: `status` is there for the call.
    let waited = unsafe { libc::waitpid(process, &mut status, 0) };
    assert_eq!(waited, process);
    assert!(libc::WIFEXITED(status), "status {status}");
    assert_eq!(libc::WEXITSTATUS(status), 0, "the call of this number");
    drop(copy);
    store.write(row(2), Durability::Synced).unwrap();
    let locked = Store::open(&path).err().unwrap();
    assert_eq!(locked.kind(), ErrorKind::Locked);
    assert!(locked.message().contains("another handle of this process"));
    drop(store);
    let store = open(&path, quiet());
    assert_eq!(store.newest("ann", 9).unwrap().len(), 2);
}
