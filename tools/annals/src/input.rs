//! Files and standard input, read line by line.

use std::fs::File;
use std::io::BufReader;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::failure::{Failure, Outcome};

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 1 << 20;

/// A file, or standard input.
pub type Input = BufReader<File>;

/// Opens a file, or standard input for `-`.
pub fn open(path: &Path) -> Outcome<Input> {
    let opened = if path == Path::new("-") {
        // The file itself, to see whether anything is there to be read.
        std::io::stdin()
            .as_fd()
            .try_clone_to_owned()
            .map(File::from)
    } else {
        File::open(path)
    };
    let input =
        opened.map_err(|error| Failure::io(format_args!("opening {}", path.display()), &error))?;
    Ok(BufReader::with_capacity(BUFFER_BYTES, input))
}

/// What messages call it.
pub fn name(path: &Path) -> String {
    match path.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => path.display().to_string(),
    }
}

/// Whether the next line may be long in coming: there is no whole one at hand, and nothing more to be
/// read at the moment. At its end an input has nothing to wait for.
pub fn waits(input: &Input) -> bool {
    !input.buffer().contains(&b'\n') && !is_ready(input.get_ref())
}

/// Whether reading would give something, or the end, at once.
fn is_ready(file: &File) -> bool {
    let mut asked = [PollFd::new(file, PollFlags::IN)];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    poll(&mut asked, Some(&at_once)).is_ok_and(|ready| ready > 0)
}
