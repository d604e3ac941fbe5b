//! Everything in (user, timestamp) order.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Session;
use crate::checksum::Checksum;
use crate::peer::{Fields, Form, Scan};
use crate::protocol::Reply;
use crate::times::seconds;

/// How long a scan is repeated, at the least.
const LEAST: Duration = Duration::from_millis(250);

/// A first scan of less than this does not count: of a longer one, what it finds cold is a small part.
const WARM_UP: Duration = Duration::from_secs(2);

#[derive(Clone, Copy)]
pub struct Work {
    pub fields: Fields,
    pub form: Form,
    pub window: bool,
    pub threads: usize,
}

impl Work {
    fn name(&self) -> &'static str {
        match (self.window, self.fields) {
            (true, _) => "window",
            (false, Fields::All) => "all",
            (false, Fields::Three) => "three",
        }
    }

    fn form(&self) -> &'static str {
        match self.form {
            Form::Codes => "codes",
            Form::Strings => "strings",
            Form::Arrow => "arrow",
            Form::Views => "views",
        }
    }
}

pub fn scan(session: &Session<'_>, work: Work, check: bool) -> Result<Reply> {
    let mut reply = Reply::default();
    if !session.store.forms.contains(&work.form) {
        return Ok(reply);
    }
    if check {
        let sum = run(session, work, true)?;
        let name = format!("scan {} {} {}", work.name(), work.form(), work.threads);
        reply.notes.push(format!("{name}: {}", sum.text()));
        reply.answer(format!("scan {}", work.name()), sum.text());
    }
    let mut start = Instant::now();
    run(session, work, false)?;
    let mut scans = 1;
    if start.elapsed() < WARM_UP {
        (start, scans) = (Instant::now(), 0);
    }
    while scans == 0 || start.elapsed() < LEAST {
        run(session, work, false)?;
        scans += 1;
    }
    let rows = scans as f64 * session.questions.rows as f64 / seconds(start.elapsed());
    let name = format!("scan_{}_{}_{}t_s", work.name(), work.form(), work.threads);
    reply.figure(name, rows);
    Ok(reply)
}

/// Scans on as many threads, each a part; with the checksum or the number of rows alone.
fn run(session: &Session<'_>, work: Work, check: bool) -> Result<Checksum> {
    let part = |part: usize| -> Result<Checksum> {
        let border = Some(session.questions.border.as_str());
        let scan = Scan {
            fields: work.fields,
            form: work.form,
            time: work.window.then_some(session.questions.window),
            from: border.filter(|_| part > 0),
            to: border.filter(|_| part + 1 < work.threads),
            part,
            parts: work.threads,
        };
        let mut sum = Checksum::default();
        let mut failed = None;
        session.peer.reader()?.scan(&scan, &mut |batch| {
            let batch = black_box(batch);
            match check {
                true => failed = batch.check(work.fields, &mut sum).err().or(failed.take()),
                false => sum.rows += batch.rows() as u64,
            }
        })?;
        failed.map_or(Ok(sum), Err)
    };
    std::thread::scope(|scope| {
        let part = &part;
        let others: Vec<_> = (1..work.threads)
            .map(|number| scope.spawn(move || part(number)))
            .collect();
        let mut sum = part(0)?;
        for other in others {
            sum.append(other.join().ok().context("a scanning thread panicked")??);
        }
        Ok(sum)
    })
}
