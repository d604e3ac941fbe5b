//! Vortex, through its Python package: its crates bring another Arrow.

use super::Script;

pub const SCRIPT: Script = Script {
    name: "vortex",
    settings: "one file sorted by (user, ts) in Arrow, batches of 500k rows, default compressor; \
               opened as a memory map; lookups on the caller's thread: filter user == ? with zone \
               pruning, then the last 100 rows, the Python call included; scans as Arrow \
               dictionaries (codes), as plain Arrow strings and as string views, each thread an equal \
               part of the rows; its own arrays (undecoded) come still encoded, so they are not compared",
    file: "vortex_peer.py",
    csv: false,
};
