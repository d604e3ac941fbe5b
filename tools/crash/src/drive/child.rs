//! This program again, as a process that may hang, panic, or be watched.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::Outcome;

/// How a process ended.
#[derive(Debug)]
pub enum End {
    Done,
    /// With this status.
    Failed(String),
    /// It was killed at its time limit.
    Hung,
}

/// A process that ended, and what it wrote.
#[derive(Debug)]
pub struct Ended {
    pub end: End,
    pub output: String,
    pub errors: String,
}

/// A command of this program.
pub fn command(arguments: &[impl AsRef<OsStr>]) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(command)
}

/// Has the recorder write what the process does below `root` to the file `trace`.
pub fn record(command: &mut Command, root: &Path, trace: &Path) {
    command
        .env("LD_PRELOAD", env!("RECORDER"))
        .env("RECORDER_ROOT", root)
        .env("RECORDER_TRACE", trace);
}

/// Runs a process to its end, or kills it at the time limit.
pub fn run(mut command: Command, limit: Duration) -> Outcome<Ended> {
    let child = command.spawn()?;
    finish(child, Some(limit), |child, overdue| {
        if overdue {
            child.kill()?;
        }
        Ok(())
    })
}

/// Runs a process and kills it after `time`, if it has not ended by then.
pub fn kill_after(mut command: Command, time: Duration) -> Outcome<Ended> {
    let child = command.spawn()?;
    finish(child, Some(time), |child, _| Ok(child.kill()?))
}

/// Reads what the process writes until it closes its output, or the time is over; then has it
/// `ended`.
fn finish(
    mut child: Child,
    limit: Option<Duration>,
    ended: impl FnOnce(&mut Child, bool) -> Outcome<()>,
) -> Outcome<Ended> {
    let output = child.stdout.take().ok_or("no pipe")?;
    let errors = child.stderr.take().ok_or("no pipe")?;
    std::thread::scope(|scope| {
        let (closed, wait) = mpsc::channel();
        let output = std::thread::Builder::new().spawn_scoped(scope, move || {
            let text = read(output);
            let _ = closed.send(());
            text
        })?;
        let errors = std::thread::Builder::new().spawn_scoped(scope, move || read(errors))?;
        let overdue = match limit {
            Some(limit) => wait.recv_timeout(limit).is_err(),
            None => wait.recv().is_err(),
        };
        ended(&mut child, overdue)?;
        let status = child.wait()?;
        let panicked = |_| "a thread that reads panicked";
        Ok(Ended {
            end: match (overdue, status.success()) {
                (true, _) => End::Hung,
                (false, true) => End::Done,
                (false, false) => End::Failed(status.to_string()),
            },
            output: output.join().map_err(panicked)?,
            errors: errors.join().map_err(panicked)?,
        })
    })
}

fn read(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    // What came before an error counts.
    let _ = from.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
