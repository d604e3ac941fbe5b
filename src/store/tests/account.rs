//! The account follows the manifest, whatever comes in between.

use super::fixture::{Expected, Machine, Step, lines};
use crate::io::{SimStorage, read_small, replace};
use crate::store::bulk::ImportMode::Incremental;
use crate::store::folder::account;

fn accounted(storage: &SimStorage) -> Vec<u8> {
    read_small(storage, account::FILE).unwrap()
}

#[test]
fn crashes_between_manifest_and_account_do_not_add_up() {
    let machine = Machine::new();
    let mut expected = Expected::default();
    for number in 1..=3 {
        let engine = machine.open().unwrap();
        let before = accounted(&machine.storage);
        let step = Step::Import(2, Incremental);
        step.run(&engine, number).unwrap();
        expected = step.expected(&expected);
        drop(engine);
        // As if the process had died once the manifest was written.
        replace(&machine.storage, account::FILE, account::NEW_FILE, &before).unwrap();
    }
    assert_eq!(lines(&machine.open().unwrap()).unwrap(), expected.lines());
}
