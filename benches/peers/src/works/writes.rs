//! Single events written, alone and beside lookups.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::Session;
use crate::data::{Event, Rows};
use crate::protocol::Reply;
use crate::times::{Times, seconds};

/// Events a second of the writer beside the lookups, written together every millisecond.
const TOGETHER: usize = 20;
const EVERY: Duration = Duration::from_millis(1);
/// Events written as fast as can be before the lookups are timed, so that sealing and compaction
/// fall into the time.
const BEFORE: usize = 200_000;

/// New events: rows drawn again, so that users write as often as they act, after all that is there.
struct Fresh<'a> {
    rows: &'a Rows,
    rng: Xoshiro256PlusPlus,
}

impl<'a> Fresh<'a> {
    fn new(rows: &'a Rows, seed: u32) -> Self {
        let rng = Xoshiro256PlusPlus::seed_from_u64(u64::from(seed));
        Self { rows, rng }
    }

    fn event(&mut self, number: u32) -> Event<'a> {
        let row = self.rng.random_range(0..self.rows.len());
        Event {
            timestamp: annals_generate::END + i64::from(number),
            ..self.rows.event(row)
        }
    }
}

/// How events are written as fast as can be.
#[derive(Clone, Copy)]
pub struct Put {
    pub synced: bool,
    pub threads: usize,
    /// Events of one write.
    pub together: usize,
}

pub fn put(session: &mut Session<'_>, put: Put, time: f64) -> Result<Reply> {
    let Put {
        synced,
        threads,
        together,
    } = put;
    let next = AtomicU32::new(session.next);
    let (peer, rows) = (session.peer, session.rows);
    let limit = Duration::from_secs_f64(time);
    let start = Instant::now();
    let run = |thread: usize| -> Result<Times> {
        let mut writer = peer.writer(synced)?;
        let mut fresh = Fresh::new(rows, next.load(Ordering::Relaxed) + thread as u32);
        let mut times = Times::default();
        let mut last = None;
        let mut events = Vec::with_capacity(together);
        while start.elapsed() < limit {
            let first = next.fetch_add(together as u32, Ordering::Relaxed);
            let numbers = first..first + together as u32;
            events.clear();
            events.extend(numbers.map(|number| fresh.event(number)));
            times.time(|| writer.put(&events, first))?;
            last = events.last().copied();
        }
        let last = last.context("no event was written")?;
        let mut reader = peer.reader()?;
        reader.history(last.user)?;
        let mut sum = crate::checksum::Checksum::default();
        reader.check(&mut sum)?;
        ensure!(
            sum.rows > 0,
            "user {:?} has no history after a write",
            last.user
        );
        Ok(times)
    };
    let mut times = std::thread::scope(|scope| {
        let run = &run;
        let others: Vec<_> = (1..threads)
            .map(|thread| scope.spawn(move || run(thread)))
            .collect();
        let mut times = run(0)?;
        for other in others {
            times.append(other.join().ok().context("a writing thread panicked")??);
        }
        anyhow::Ok(times)
    })?;
    let mut reply = Reply::default();
    let mode = if synced { "synced" } else { "buffered" };
    let what = match together {
        1 => "put".to_owned(),
        _ => format!("put{together}"),
    };
    let name = |figure: &str| format!("{what}_{mode}_{threads}t_{figure}");
    let events = times.len() * together;
    reply.figure(name("s"), events as f64 / seconds(start.elapsed()));
    reply.figure(name("p50_us"), times.percentile(0.50));
    reply.figure(name("p99_us"), times.percentile(0.99));
    session.next = next.into_inner();
    Ok(reply)
}

pub fn mixed(session: &mut Session<'_>, time: f64) -> Result<Reply> {
    let (peer, rows, users) = (session.peer, session.rows, &session.questions.activity);
    let mut next = session.next;
    let done = AtomicBool::new(false);
    let mut reply = Reply::default();
    {
        let mut writer = peer.writer(false)?;
        let mut fresh = Fresh::new(rows, next);
        for _ in 0..BEFORE / TOGETHER {
            next = put_together(writer.as_mut(), &mut fresh, next)?;
        }
    }
    let start = Instant::now();
    let limit = Duration::from_secs_f64(time);
    let (mut times, written) = std::thread::scope(|scope| {
        let writing = scope.spawn(|| write_steadily(session, next, &done));
        let mut reader = peer.reader()?;
        let mut times = Times::default();
        let looked = users.iter().cycle().try_for_each(|user| {
            match start.elapsed() < limit {
                true => Some(times.time(|| black_box(reader.as_mut()).history(user))),
                false => None,
            }
            .map_or(Err(None), |result| result.map_err(Some))
        });
        done.store(true, Ordering::Relaxed);
        let written = writing
            .join()
            .ok()
            .context("the writing thread panicked")??;
        match looked {
            Err(Some(error)) => Err(error),
            _ => Ok((times, written)),
        }
    })?;
    session.next = next + written;
    reply.figure("mixed_p50_us", times.percentile(0.50));
    reply.figure("mixed_p99_us", times.percentile(0.99));
    let elapsed = seconds(start.elapsed());
    reply.figure("mixed_lookups_s", times.len() as f64 / elapsed);
    reply.figure("mixed_writes_s", f64::from(written) / elapsed);
    reply
        .notes
        .extend(peer.note().map(|note| format!("after mixed: {note}")));
    Ok(reply)
}

fn put_together(
    writer: &mut dyn crate::peer::Writer,
    fresh: &mut Fresh<'_>,
    next: u32,
) -> Result<u32> {
    let numbers = next..next + TOGETHER as u32;
    let events: Vec<Event<'_>> = numbers.clone().map(|number| fresh.event(number)).collect();
    writer.put(&events, next)?;
    Ok(numbers.end)
}

/// Writes until told to stop; gives the number of events.
fn write_steadily(session: &Session<'_>, first: u32, done: &AtomicBool) -> Result<u32> {
    let mut writer = session.peer.writer(false)?;
    let mut fresh = Fresh::new(session.rows, first);
    let mut next = first;
    let mut due = Instant::now();
    while !done.load(Ordering::Relaxed) {
        next = put_together(writer.as_mut(), &mut fresh, next)?;
        due += EVERY;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(next - first)
}
