//! A terminal, which is sent nothing that it would obey.

use std::io::{self, IsTerminal, Write};

/// A stream that, where it is a terminal, is written without the control characters of UTF-8 text,
/// but for line ends and tabs. What goes to files and pipes is left as it is.
pub struct Terminal<W> {
    out: W,
    escapes: bool,
    /// Whether the first byte of what may be a control character of two is held back.
    half: bool,
}

/// The first of the two bytes of U+0080 to U+00BF.
const LATIN_1: u8 = 0xc2;

impl<W: Write + IsTerminal> Terminal<W> {
    pub fn new(out: W) -> Self {
        let escapes = out.is_terminal();
        Self {
            out,
            escapes,
            half: false,
        }
    }
}

impl<W: Write> Terminal<W> {
    /// What leads to a terminal, such as a pager.
    pub fn escaping(out: W) -> Self {
        Self {
            out,
            escapes: true,
            half: false,
        }
    }

    fn escape(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut text = Vec::with_capacity(bytes.len());
        for byte in bytes {
            let half = std::mem::take(&mut self.half);
            match byte {
                0x80..0xa0 if half => write!(text, "\\u{{{byte:x}}}")?,
                b'\n' | b'\t' => text.push(*byte),
                _ if byte.is_ascii_control() => {
                    text.extend(char::from(*byte).escape_default().map(|c| c as u8));
                }
                &LATIN_1 => self.half = true,
                _ => {
                    text.extend(half.then_some(LATIN_1));
                    text.push(*byte);
                }
            }
        }
        self.out.write_all(&text)
    }
}

impl<W: Write> Write for Terminal<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.escapes {
            return self.out.write(bytes);
        }
        self.escape(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, escapes: bool, most: usize) -> String {
        let mut out = Terminal {
            escapes,
            ..Terminal::escaping(Vec::new())
        };
        for bytes in text.as_bytes().chunks(most) {
            out.write_all(bytes).unwrap();
        }
        String::from_utf8(out.out).unwrap()
    }

    #[test]
    fn a_terminal_gets_nothing_to_obey() {
        let text = "a\u{1b}[2J\r\u{7f}\u{9b}31m\u{a0}\u{e9}\u{7528}\tb\n\u{80}";
        let escaped = "a\\u{1b}[2J\\r\\u{7f}\\u{9b}31m\u{a0}\u{e9}\u{7528}\tb\n\\u{80}";
        for most in 1..9 {
            assert_eq!(written(text, true, most), escaped);
            assert_eq!(written(text, false, most), text);
        }
    }
}
