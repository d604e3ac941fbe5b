//! How answers are written.

mod apart;
mod file;
mod fit;
mod folder;
mod records;
mod screen;
mod table;
mod terminal;
mod unfinished;
mod values;
mod wrap;

use std::io::{BufWriter, StdoutLock, Write};
use std::time::Duration;

pub use apart::{check_output, is_same_file};
pub use file::OutputFile;
pub use folder::OutputFolder;
pub use records::{Kind, Records};
pub use table::{Align, facts, table};
pub use terminal::Terminal;
pub use values::Entries;

use annals::inspect::printable;

use crate::failure::Outcome;
use crate::verbosity::Level;

/// Bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 1 << 18;

/// Standard output, locked and buffered; has to be flushed.
pub type Stdout = BufWriter<Terminal<StdoutLock<'static>>>;

/// See [`Stdout`].
pub fn stdout() -> Stdout {
    BufWriter::with_capacity(BUFFER_BYTES, Terminal::new(std::io::stdout().lock()))
}

/// Writes text and a line end to standard output; longer text than the screen by the pager, if there is
/// one.
pub fn print(text: impl std::fmt::Display) -> Outcome {
    screen::show(&text.to_string())
}

/// As [`print`], of a sentence, which is broken between words where it is longer than a terminal's line.
pub fn print_line(text: impl std::fmt::Display) -> Outcome {
    let width = screen::width_of(std::io::stdout());
    screen::show(&wrap::wrapped(&text.to_string(), width))
}

/// Writes text that is no answer but a file, such as a script, to standard output.
pub fn print_bytes(bytes: &[u8]) -> Outcome {
    let mut out = stdout();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// As [`print`], of what was done: should it fail, the error says what was done all the same.
pub fn print_done(done: impl std::fmt::Display) -> Outcome {
    print_line(&done).map_err(|failure| failure.and(&done))
}

/// Writes JSON for people and programs to standard output.
pub fn print_json(value: &impl serde::Serialize) -> Outcome {
    let mut out = stdout();
    serde_json::to_writer_pretty(&mut out, value).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// Says something that is no result, on standard error; control characters are escaped. Where that
/// cannot be written, such as on a full disk, there is nobody to tell, and the command goes on.
pub fn say(text: impl std::fmt::Display) {
    if Level::get() > Level::Quiet {
        say_always(text);
    }
}

/// As [`say`], where it was asked for.
pub fn detail(text: impl std::fmt::Display) {
    if Level::get() == Level::Verbose {
        say_always(text);
    }
}

/// As [`say`], of what ends a command.
pub fn say_always(text: impl std::fmt::Display) {
    let line = format!("annals: {}", printable(&text.to_string()));
    let line = wrap::wrapped(&line, screen::width_of(std::io::stderr())) + "\n";
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// As [`say_always`], of text in several lines, which stay as they are.
pub fn say_lines(text: &str) {
    let lines: Vec<_> = text.lines().map(printable).collect();
    let text = format!("annals: {}\n", lines.join("\n"));
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Warnings, on standard error.
pub fn warn<T: std::fmt::Display>(warnings: impl IntoIterator<Item = T>) {
    for warning in warnings {
        say(format_args!("warning: {warning}"));
    }
}

/// Warns of records with a string that is longer than the service takes, if there are any; `first` is
/// the field of the first.
pub fn warn_of_long(records: u64, what: &str, first: &str) {
    if records > 0 {
        warn([format_args!(
            "{} with a string that is longer than the service takes in a cell ({first}, in the first); \
             they are kept whole (limits max_string_chars, max_impression_chars)",
            count(records, what)
        )]);
    }
}

/// A number with its thousands set apart.
pub fn thousands(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// `1 row`, `2 rows`.
pub fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", thousands(number))
}

/// A timestamp in epoch seconds, with its date and time in UTC where a calendar has them.
pub fn instant(timestamp: i64) -> String {
    match dated(timestamp) {
        Some(time) => format!("{timestamp} ({time})"),
        None => timestamp.to_string(),
    }
}

/// Date and time in UTC of a timestamp in epoch seconds, as ISO 8601 has them; `None` outside of the years
/// -9999 to 9999.
pub fn dated(timestamp: i64) -> Option<String> {
    let time = jiff::Timestamp::from_second(timestamp).ok()?;
    Some(time.to_string())
}

/// The date and time of Unix epoch seconds of a clock.
pub fn moment(seconds: u64) -> String {
    let date = i64::try_from(seconds).ok().and_then(dated);
    date.unwrap_or_else(|| seconds.to_string())
}

/// Seconds with two decimals.
pub fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
