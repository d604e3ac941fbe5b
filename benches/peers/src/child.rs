//! The process of one store.

use std::io::{BufRead, Write};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::data::Rows;
use crate::peer::Store;
use crate::peers::{self, Kind, LIMIT};
use crate::process::{self, Peak};
use crate::protocol::{Reply, Work};
use crate::questions::Questions;
use crate::scratch::Scratch;
use crate::times::seconds;
use crate::works::{self, Session};

/// How often a store is opened for the figure.
const OPENINGS: usize = 3;

/// Runs a command for a store; what it has to say goes to standard output, a line each.
pub fn run(name: &str, scratch: &Scratch, command: &str) -> Result<()> {
    let store = peers::all().into_iter().find_map(|kind| match kind {
        Kind::Here(store) if store.name == name => Some(store),
        _ => None,
    });
    let store = store.with_context(|| format!("no store {name} in this program"))?;
    match command {
        "load" => load(&store, scratch),
        "load-csv" => load_csv(&store, scratch),
        "cold" => {
            let questions = Questions::read(&scratch.questions())?;
            say(&works::cold(
                &store,
                &scratch.store(store.name),
                &questions,
            )?)
        }
        "serve" => serve(&store, scratch),
        _ => bail!("no command {command}"),
    }
}

fn load(store: &Store, scratch: &Scratch) -> Result<()> {
    let rows = Rows::read(&scratch.rows())?;
    let folder = scratch.empty_store(store.name)?;
    let start = Instant::now();
    let (_, peak) = process::watch(|| (store.load)(&folder, &rows))?;
    let mut reply = loaded("load", rows.len(), start, &peak);
    let bytes = process::disk_bytes(&folder)?;
    if bytes > 0 {
        reply.figure("disk_bytes_row", bytes as f64 / rows.len() as f64);
    }
    say(&reply)
}

fn load_csv(store: &Store, scratch: &Scratch) -> Result<()> {
    let load = store.load_csv.context("this store reads no CSV")?;
    let rows = Questions::read(&scratch.questions())?.rows;
    let folder = scratch.empty_store(store.name)?;
    let start = Instant::now();
    let (_, peak) = process::watch(|| load(&folder, &scratch.csv()))?;
    say(&loaded("csv", rows, start, &peak))
}

fn loaded(name: &str, rows: usize, start: Instant, peak: &Peak) -> Reply {
    let mut reply = Reply::default();
    reply.figure(
        format!("{name}_rows_s"),
        rows as f64 / seconds(start.elapsed()),
    );
    reply.figure(format!("{name}_peak_mb"), peak.anonymous);
    reply.figure(format!("{name}_peak_resident_mb"), peak.resident);
    reply
}

/// Opens the store and does what it is told, until there is no more.
fn serve(store: &Store, scratch: &Scratch) -> Result<()> {
    let rows = Rows::read(&scratch.rows())?;
    let questions = Questions::read(&scratch.questions())?;
    let folder = scratch.store(store.name);
    let mut reply = Reply::default();
    let mut peer = (store.open)(&folder, &rows)?;
    if store.name != LIMIT {
        for _ in 0..OPENINGS {
            drop(peer);
            let start = Instant::now();
            peer = (store.open)(&folder, &rows)?;
            reply.figure("open_ms", seconds(start.elapsed()) * 1e3);
        }
    }
    reply.notes.extend(peer.note());
    say(&reply)?;
    let mut session = Session {
        store,
        peer: peer.as_ref(),
        rows: &rows,
        questions: &questions,
        next: rows.len() as u32,
    };
    for line in std::io::stdin().lock().lines() {
        let work: Work = serde_json::from_str(&line?)?;
        let reply = session.run(work).unwrap_or_else(|error| Reply {
            error: Some(format!("{work:?}: {error:#}")),
            ..Reply::default()
        });
        say(&reply)?;
    }
    Ok(())
}

fn say(reply: &Reply) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, reply)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}
