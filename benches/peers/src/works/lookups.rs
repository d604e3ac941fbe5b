//! Newest interactions of a user, and which candidates a user has not taken.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Session;
use crate::checksum::Checksum;
use crate::peer::{Peer, Reader};
use crate::protocol::{Draw, Reply};
use crate::questions::Filter;
use crate::times::{Times, median, seconds};

/// How long lookups are timed, at the least, in whole passes.
const LEAST: Duration = Duration::from_millis(250);

/// How long a rate is measured.
const RATE: Duration = Duration::from_millis(400);

/// Whether the rows are copied out.
#[derive(Clone, Copy)]
enum Lookup {
    Copy,
    View,
}

impl Lookup {
    fn name(self) -> &'static str {
        match self {
            Self::Copy => "history",
            Self::View => "view",
        }
    }

    fn run(self, reader: &mut dyn Reader, user: &str) -> Result<()> {
        match self {
            Self::Copy => reader.history(user),
            Self::View => reader.view(user),
        }
    }

    fn check(self, reader: &dyn Reader, sum: &mut Checksum) -> Result<()> {
        match self {
            Self::Copy => reader.check(sum),
            Self::View => reader.check_view(sum),
        }
    }
}

pub fn history(session: &Session<'_>, draw: Draw, check: bool) -> Result<Reply> {
    let mut reply = Reply::default();
    let users = match draw {
        Draw::Activity => &session.questions.activity,
        Draw::Uniform => &session.questions.uniform,
    };
    let few = session.questions.few_lookups.min(users.len());
    let users = match session.store.slow {
        true => &users[..few],
        false => users,
    };
    let mut forms = vec![Lookup::Copy];
    forms.extend(session.store.view.then_some(Lookup::View));
    for lookup in forms {
        let mut reader = session.peer.reader()?;
        // Either way all users are asked for once before it counts.
        match check {
            true => answer(lookup, reader.as_mut(), users, few, draw, &mut reply)?,
            false => users
                .iter()
                .try_for_each(|user| lookup.run(black_box(reader.as_mut()), user))?,
        }
        let name = |figure: &str| format!("{}_{}_{figure}", lookup.name(), draw.name());
        let [p50, p99] = percentiles(users, |user| lookup.run(black_box(reader.as_mut()), user))?;
        reply.figure(name("p50_us"), p50);
        reply.figure(name("p99_us"), p99);
        for threads in [1, 2] {
            let rate = rate(session.peer, lookup, users, threads)?;
            reply.figure(name(&format!("{threads}t_s")), rate);
        }
    }
    Ok(reply)
}

/// Microseconds that half of the calls, and 99 of 100, do not exceed: medians over passes. The pass of a fast
/// store is so short that what else runs on the machine would decide about a single one.
fn percentiles<T>(asked: &[T], mut call: impl FnMut(&T) -> Result<()>) -> Result<[f64; 2]> {
    let start = Instant::now();
    let mut passes = [Vec::new(), Vec::new()];
    while passes[0].is_empty() || start.elapsed() < LEAST {
        let mut times = Times::default();
        for one in asked {
            times.time(|| call(one))?;
        }
        for (passes, share) in passes.iter_mut().zip([0.50, 0.99]) {
            passes.push(times.percentile(share));
        }
    }
    Ok(passes.map(|passes| median(&passes)))
}

/// Asks for all users, and for the few that slow stores are asked for.
fn answer(
    lookup: Lookup,
    reader: &mut dyn Reader,
    users: &[String],
    few: usize,
    draw: Draw,
    reply: &mut Reply,
) -> Result<()> {
    let mut sum = Checksum::default();
    for (asked, user) in (1..).zip(users) {
        lookup.run(reader, user)?;
        lookup.check(reader, &mut sum)?;
        if asked == few || asked == users.len() {
            let name = format!("{} {} {asked}", lookup.name(), draw.name());
            reply.answer(name.replace("view", "history"), sum.text());
        }
    }
    Ok(())
}

/// Lookups a second on so many threads, each with all users, begun at different ones.
fn rate(peer: &dyn Peer, lookup: Lookup, users: &[String], threads: usize) -> Result<f64> {
    let start = Instant::now();
    let run = |thread: usize| -> Result<u64> {
        let mut reader = peer.reader()?;
        let mut done = 0;
        let skipped = users.len() / threads * thread;
        for user in users.iter().cycle().skip(skipped) {
            lookup.run(black_box(reader.as_mut()), user)?;
            done += 1;
            if done % 16 == 0 && start.elapsed() >= RATE {
                break;
            }
        }
        Ok(done)
    };
    let done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|thread| scope.spawn(move || run(thread)))
            .collect();
        let mut done = run(0)?;
        for other in others {
            done += other.join().ok().context("a looking thread panicked")??;
        }
        anyhow::Ok(done)
    })?;
    Ok(done as f64 / seconds(start.elapsed()))
}

/// Histories of many users in one call, users by activity.
pub fn many(session: &Session<'_>, check: bool) -> Result<Reply> {
    let mut reply = Reply::default();
    let (all, few) = (session.questions.together, session.questions.few_together);
    let together = if session.store.slow { few } else { all };
    let users: Vec<&str> = session
        .questions
        .activity
        .iter()
        .map(String::as_str)
        .collect();
    let mut calls: Vec<&[&str]> = users.chunks(together).collect();
    calls.truncate(if session.store.slow { 1 } else { calls.len() });
    let first = *calls.first().context("no users")?;
    let mut reader = session.peer.reader()?;
    let mut sums = vec![Checksum::default(); first.len()];
    reader.many(first, Some(&mut sums))?;
    for asked in [few, all]
        .into_iter()
        .filter(|asked| check && *asked <= sums.len())
    {
        let mut sum = Checksum::default();
        sums[..asked].iter().for_each(|own| sum.append(*own));
        reply.answer(format!("history of {asked} in one call"), sum.text());
    }
    calls
        .iter()
        .try_for_each(|users| reader.many(users, None))?;
    let [p50, _] = percentiles(&calls, |users| black_box(reader.as_mut()).many(users, None))?;
    reply.figure("many_activity_us", p50 / together as f64);
    Ok(reply)
}

pub fn unseen(session: &Session<'_>, check: bool) -> Result<Reply> {
    let mut reply = Reply::default();
    let few = session
        .questions
        .few_filters
        .min(session.questions.filters.len());
    let filters = match session.store.slow {
        true => &session.questions.filters[..few],
        false => session.questions.filters.as_slice(),
    };
    let asked: Vec<(&str, Vec<&str>)> = filters.iter().map(borrowed).collect();
    let mut reader = session.peer.reader()?;
    let mut flags = Vec::new();
    let mut sum = Checksum::default();
    for (number, (user, candidates)) in (1..).zip(&asked) {
        reader.unseen(user, candidates, &mut flags)?;
        flags.iter().for_each(|flag| sum.push(1 + u64::from(*flag)));
        if check && (number == few || number == asked.len()) {
            reply.answer(format!("unseen {number}"), sum.text());
        }
    }
    let [p50, p99] = percentiles(&asked, |(user, candidates)| {
        reader.unseen(user, candidates, black_box(&mut flags))
    })?;
    reply.figure("unseen_p50_us", p50);
    reply.figure("unseen_p99_us", p99);
    Ok(reply)
}

fn borrowed(filter: &Filter) -> (&str, Vec<&str>) {
    let candidates = filter.candidates.iter().map(String::as_str);
    (&filter.user, candidates.collect())
}
