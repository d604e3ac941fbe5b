//! The works, each against any store that runs in this process.

mod cold;
mod lookups;
mod scans;
mod writes;

use anyhow::Result;

use crate::data::Rows;
use crate::peer::{Peer, Store};
use crate::protocol::{Reply, Work};
use crate::questions::Questions;

pub use cold::cold;

/// An open store, and what it is asked.
pub struct Session<'a> {
    pub store: &'a Store,
    pub peer: &'a dyn Peer,
    pub rows: &'a Rows,
    pub questions: &'a Questions,
    /// Number of the next event that is written.
    pub next: u32,
}

impl Session<'_> {
    pub fn run(&mut self, work: Work) -> Result<Reply> {
        match work {
            Work::History { draw, check } => lookups::history(self, draw, check),
            Work::Many { check } => lookups::many(self, check),
            Work::Unseen { check } => lookups::unseen(self, check),
            Work::Scan {
                fields,
                form,
                window,
                threads,
                check,
            } => {
                let scan = scans::Work {
                    fields,
                    form,
                    window,
                    threads,
                };
                scans::scan(self, scan, check)
            }
            Work::Put {
                synced,
                threads,
                together,
                seconds,
            } => {
                let put = writes::Put {
                    synced,
                    threads,
                    together,
                };
                writes::put(self, put, seconds)
            }
            Work::Mixed { seconds } => writes::mixed(self, seconds),
        }
    }
}
