//! The terminal that standard output goes to.

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};

use terminal_size::{Height, Width, terminal_size_of};

use super::Terminal;
use crate::failure::Outcome;

/// Rows that one can take in.
const MOST_ROWS: usize = 40;
/// Columns and rows of a terminal that tells none, as those of a serial line and of some containers do.
const USUAL: (usize, usize) = (80, 24);

/// What a table has to fit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Screen {
    /// Columns of letters; `None` where there is no terminal.
    pub width: Option<usize>,
    /// Rows of a table; `None` for all.
    pub most_rows: Option<usize>,
}

impl Screen {
    /// That of standard output. With a pager there is room for all rows.
    pub fn of_stdout() -> Self {
        let Some(width) = width_of(std::io::stdout()) else {
            return Self::default();
        };
        let pages = pager().is_some();
        Self {
            width: Some(width),
            most_rows: (!pages).then_some(MOST_ROWS),
        }
    }
}

/// How many letters a line of the terminal has; `None` where there is none.
pub fn width_of(stream: impl std::os::fd::AsFd) -> Option<usize> {
    size_of(stream).map(|(width, _)| width)
}

/// Columns and rows of the terminal; `None` where there is none.
fn size_of(stream: impl std::os::fd::AsFd) -> Option<(usize, usize)> {
    let (Width(width), Height(height)) = terminal_size_of(stream)?;
    Some(size_of_told(width, height))
}

fn size_of_told(width: u16, height: u16) -> (usize, usize) {
    let or_usual = |told: u16, usual| match told {
        0 => usual,
        told => usize::from(told),
    };
    (or_usual(width, USUAL.0), or_usual(height, USUAL.1))
}

/// The pager that whoever sits before the terminal wants.
fn pager() -> Option<String> {
    let pager = std::env::var("PAGER").ok()?;
    let wanted = !pager.trim().is_empty() && std::io::stdout().is_terminal();
    wanted.then_some(pager)
}

/// Writes text and a line end to standard output; by the pager, where there is one and the text is
/// longer than the screen.
pub fn show(text: &str) -> Outcome {
    let height = size_of(std::io::stdout()).map(|(_, height)| height);
    let is_long = height.is_some_and(|height| text.lines().count() >= height);
    if let Some(pager) = pager().filter(|_| is_long)
        && page(&pager, text).is_ok()
    {
        return Ok(());
    }
    let mut out = Terminal::new(std::io::stdout().lock());
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Fails where the pager cannot be started; whoever leaves it early has seen enough.
fn page(pager: &str, text: &str) -> std::io::Result<()> {
    let mut command = Command::new("sh");
    command.args(["-c", pager]).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // Long lines are cut, not wrapped, and the screen stays as it was where all fits it.
        command.env("LESS", "FRSX");
    }
    let mut child = command.spawn()?;
    if let Some(input) = child.stdin.take() {
        let mut input = Terminal::escaping(input);
        let _ = writeln!(input, "{text}");
    }
    child.wait().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_tells_no_size_has_the_usual_one() {
        assert_eq!(size_of_told(0, 0), (80, 24));
        assert_eq!(size_of_told(0, 50), (80, 50));
        assert_eq!(size_of_told(132, 0), (132, 24));
        assert_eq!(size_of_told(1, 1), (1, 1));
    }
}
