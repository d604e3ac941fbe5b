//! Progress of long work, on standard error and only where that is a terminal.

use std::fmt::Write;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::style::TemplateError;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::output::thousands;
use crate::verbosity::Level;

const TICK: Duration = Duration::from_millis(100);

/// A bar or a spinner; gone when it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// Bytes done of bytes in all.
    pub fn of_bytes(what: &'static str, bytes: u64) -> Self {
        let style = ProgressStyle::with_template(
            "{msg} {wide_bar} {done} of {all} MB, {speed} MB/s, {eta} left",
        );
        let style = style.map(|style| {
            let mb = |bytes: u64| thousands(bytes / 1_000_000);
            style
                .with_key("done", move |state: &ProgressState, out: &mut dyn Write| {
                    let _ = out.write_str(&mb(state.pos()));
                })
                .with_key("all", move |state: &ProgressState, out: &mut dyn Write| {
                    let _ = out.write_str(&mb(state.len().unwrap_or(0)));
                })
                .with_key(
                    "speed",
                    move |state: &ProgressState, out: &mut dyn Write| {
                        let _ = out.write_str(&mb(state.per_sec() as u64));
                    },
                )
        });
        Self::bar(what, bytes, style)
    }

    /// Rows done of rows in all.
    pub fn of_rows(what: &'static str, rows: u64) -> Self {
        let style = ProgressStyle::with_template(
            "{msg} {wide_bar} {human_pos} of {human_len} rows, {speed}/s, {eta} left",
        );
        let style = style.map(|style| {
            style.with_key("speed", |state: &ProgressState, out: &mut dyn Write| {
                let _ = out.write_str(&thousands(state.per_sec() as u64));
            })
        });
        Self::bar(what, rows, style)
    }

    /// Work of unknown length.
    pub fn spinner(what: &'static str) -> Self {
        let bar = if is_shown() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        bar.enable_steady_tick(TICK);
        bar.set_message(what);
        Self(bar)
    }

    fn bar(what: &'static str, length: u64, style: Result<ProgressStyle, TemplateError>) -> Self {
        if !is_shown() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(length);
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self(bar)
    }

    pub fn at(&self, position: u64) {
        self.0.set_position(position);
    }

    /// The same, of a length that is told as work goes on.
    pub fn at_of(&self, position: u64, length: u64) {
        self.0.set_length(length);
        self.0.set_position(position);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn is_shown() -> bool {
    Level::get() > Level::Quiet && std::io::stderr().is_terminal()
}
