//! DuckDB, through its Python package: compiling it here would take longer than all the rest.

use super::Script;

pub const SCRIPT: Script = Script {
    name: "duckdb",
    settings: "threads=2 (1 for scans on one thread), CREATE TABLE AS SELECT .. ORDER BY user, \
               arrival from an Arrow table of strings, CHECKPOINT; lookups by prepared statements from \
               Python, the call included; many users by one join; scans as Arrow batches, of strings \
               and of string views, in insertion order, which is that of user and ts",
    file: "duckdb_peer.py",
    csv: true,
};
