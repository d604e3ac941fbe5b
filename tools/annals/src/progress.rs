//! Progress of long work, on standard error and only where that is a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

const TICK: Duration = Duration::from_millis(100);

/// A bar or a spinner; gone when it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// Bytes done of bytes in all.
    pub fn of_bytes(what: &'static str, bytes: u64) -> Self {
        Self::bar(
            what,
            bytes,
            "{msg} {bar:30} {bytes}/{total_bytes} ({bytes_per_sec}, {eta} left)",
        )
    }

    /// Rows done of rows in all.
    pub fn of_rows(what: &'static str, rows: u64) -> Self {
        Self::bar(
            what,
            rows,
            "{msg} {bar:30} {human_pos}/{human_len} rows ({per_sec}, {eta} left)",
        )
    }

    /// Work of unknown length.
    pub fn spinner(what: &'static str) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        bar.enable_steady_tick(TICK);
        bar.set_message(what);
        Self(bar)
    }

    fn bar(what: &'static str, length: u64, template: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(length);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self(bar)
    }

    pub fn at(&self, position: u64) {
        self.0.set_position(position);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
