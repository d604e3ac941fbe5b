//! The benchmark's own process: starts that of each store, and tells it what to do.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::peers::Kind;
use crate::protocol::{Reply, Work};
use crate::scratch::Scratch;

/// Where the Python stores live.
pub struct Python {
    /// The folder of this crate.
    home: PathBuf,
}

impl Python {
    pub fn new(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into() }
    }

    pub fn interpreter(&self) -> PathBuf {
        self.home.join(".venv/bin/python")
    }

    fn script(&self, file: &str) -> PathBuf {
        self.home.join("python").join(file)
    }
}

fn command(kind: &Kind, python: &Python, scratch: &Path, verb: &str) -> Result<Command> {
    let mut command = match kind {
        Kind::Here(store) => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["child", store.name]);
            command
        }
        Kind::Python(script) => {
            let mut command = Command::new(python.interpreter());
            command.arg(python.script(script.file));
            command
        }
    };
    command.arg(scratch).arg(verb);
    Ok(command)
}

/// Runs a command of a store in a process of its own, to its end.
pub fn once(kind: &Kind, python: &Python, scratch: &Scratch, verb: &str) -> Result<Reply> {
    let output = command(kind, python, scratch.folder(), verb)?
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("{} {verb}: {}", kind.name(), output.status);
    }
    let reply = serde_json::from_slice(&output.stdout);
    reply.with_context(|| format!("the answer of {} {verb}", kind.name()))
}

/// A process that has a store open and waits for work.
pub struct Served {
    name: &'static str,
    child: Child,
    // Closed before the process is waited for: that is what ends it.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Served {
    /// Starts the process; the reply is that of opening the store.
    pub fn start(kind: &Kind, python: &Python, scratch: &Scratch) -> Result<(Self, Reply)> {
        let mut child = command(kind, python, scratch.folder(), "serve")?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("no output")?;
        let mut served = Self {
            name: kind.name(),
            input: child.stdin.take(),
            output: BufReader::new(output),
            child,
        };
        let reply = served.reply()?;
        Ok((served, reply))
    }

    pub fn ask(&mut self, work: Work) -> Result<Reply> {
        let input = self.input.as_mut().context("the process has ended")?;
        let mut line = serde_json::to_string(&work)?;
        line.push('\n');
        input.write_all(line.as_bytes())?;
        input.flush()?;
        self.reply()
    }

    fn reply(&mut self) -> Result<Reply> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let reply: Reply =
            serde_json::from_str(&line).with_context(|| format!("the answer of {}", self.name))?;
        Ok(reply)
    }

    pub fn end(mut self) -> Result<()> {
        drop(self.input.take());
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
