//! Traces made by hand, and what may be left of them.

use std::collections::BTreeSet;

use super::history::History;
use super::image::Image;
use super::loss::{Loss, Style};

const OPENED: u32 = 1;
const WRITTEN: u32 = 3;
const RESIZED: u32 = 4;
const SYNC_BEGUN: u32 = 6;
const SYNC_ENDED: u32 = 7;
const RENAMED: u32 = 8;
const FOLDER_MADE: u32 = 11;
const SAID: u32 = 13;

/// A trace in the recorder's layout.
#[derive(Default)]
struct Trace(Vec<u8>);

impl Trace {
    fn put(mut self, kind: u32, fd: i32, (a, b): (u64, u64), first: &[u8], second: &[u8]) -> Self {
        self.0.extend(kind.to_le_bytes());
        self.0.extend(fd.to_le_bytes());
        self.0.extend(a.to_le_bytes());
        self.0.extend(b.to_le_bytes());
        self.0.extend((first.len() as u32).to_le_bytes());
        self.0.extend((second.len() as u32).to_le_bytes());
        self.0.extend(first);
        self.0.extend(second);
        self
    }

    fn create(self, fd: i32, path: &str) -> Self {
        self.put(OPENED, fd, (1, 0), path.as_bytes(), b"")
    }

    fn open(self, fd: i32, path: &str) -> Self {
        self.put(OPENED, fd, (0, 0), path.as_bytes(), b"")
    }

    fn write(self, fd: i32, offset: u64, data: &[u8]) -> Self {
        self.put(WRITTEN, fd, (offset, 0), data, b"")
    }

    fn sync(self, fd: i32, id: u64) -> Self {
        self.put(SYNC_BEGUN, fd, (id, 0), b"", b"")
            .put(SYNC_ENDED, fd, (id, 0), b"", b"")
    }

    fn rename(self, from: &str, to: &str) -> Self {
        self.put(RENAMED, -1, (0, 0), from.as_bytes(), to.as_bytes())
    }

    fn history(&self) -> History {
        History::of(&self.0, &Image::default(), None).unwrap()
    }

    /// Every state that some draws of a loss give after all calls.
    fn states(&self, style: Style) -> BTreeSet<Vec<(String, Vec<u8>)>> {
        let history = self.history();
        let points = history.points();
        let state = |seed| {
            let mut loss = Loss::draw(seed, points, Some(style));
            let files = history.image(points, &mut loss).files;
            let file = |(path, bytes): (String, std::sync::Arc<Vec<u8>>)| (path, bytes.to_vec());
            files.into_iter().map(file).collect()
        };
        (0..300).map(state).collect()
    }
}

fn files(of: &[(&str, &[u8])]) -> Vec<(String, Vec<u8>)> {
    let file = |(path, bytes): &(&str, &[u8])| ((*path).to_owned(), bytes.to_vec());
    of.iter().map(file).collect()
}

#[test]
fn what_was_synced_survives_everything() {
    let trace = Trace::default()
        .create(3, "/a")
        .write(3, 0, b"synced")
        .sync(3, 1)
        .open(4, "")
        .sync(4, 2);
    for style in [
        Style::Nothing,
        Style::Everything,
        Style::Moment,
        Style::Tails,
        Style::Chaos,
    ] {
        let only = BTreeSet::from([files(&[("/a", b"synced")])]);
        assert_eq!(trace.states(style), only, "{style:?}");
    }
}

#[test]
fn a_file_whose_name_was_not_synced_may_be_gone() {
    let trace = Trace::default()
        .create(3, "/a")
        .write(3, 0, b"synced")
        .sync(3, 1);
    let either = BTreeSet::from([files(&[]), files(&[("/a", b"synced")])]);
    assert_eq!(trace.states(Style::Names), either);
    assert_eq!(
        trace.states(Style::Everything),
        BTreeSet::from([files(&[])])
    );
}

#[test]
fn a_rename_is_all_or_nothing() {
    let trace = Trace::default()
        .create(3, "/old")
        .write(3, 0, b"1")
        .sync(3, 1)
        .create(4, "/new")
        .write(4, 0, b"2")
        .sync(4, 2)
        .open(5, "/")
        .sync(5, 3)
        .rename("/new", "/old");
    let either = BTreeSet::from([
        files(&[("/new", b"2"), ("/old", b"1")]),
        files(&[("/old", b"2")]),
    ]);
    assert_eq!(trace.states(Style::Chaos), either);
}

#[test]
fn what_is_written_during_a_sync_may_be_lost() {
    let trace = Trace::default()
        .create(3, "/a")
        .open(4, "/")
        .sync(4, 1)
        .write(3, 0, b"before")
        .put(SYNC_BEGUN, 3, (2, 0), b"", b"")
        .write(3, 6, b" during")
        .put(SYNC_ENDED, 3, (2, 0), b"", b"");
    let only = BTreeSet::from([files(&[("/a", b"before")])]);
    assert_eq!(trace.states(Style::Everything), only);
}

#[test]
fn a_length_may_come_without_its_bytes_and_sectors_each_by_themselves() {
    let bytes = [7_u8; 1024];
    let trace = Trace::default()
        .create(3, "/a")
        .open(4, "/")
        .sync(4, 1)
        .write(3, 0, &bytes);
    let zeros = trace.states(Style::Zeros);
    assert!(zeros.contains(&files(&[("/a", &[0; 1024])])));
    let mut second_only = [0_u8; 1024];
    second_only[512..].fill(7);
    let sectors = trace.states(Style::Sectors);
    assert!(sectors.contains(&files(&[("/a", &second_only)])));
    assert!(sectors.contains(&files(&[("/a", b"")])));
    assert!(sectors.iter().flatten().all(|(_, bytes)| {
        let sector = |bytes: &[u8]| bytes.iter().all(|byte| *byte == bytes[0]);
        bytes.chunks(512).all(sector)
    }));
}

#[test]
fn a_file_that_was_cut_may_be_long_again() {
    let trace = Trace::default()
        .create(3, "/a")
        .write(3, 0, b"long")
        .sync(3, 1)
        .open(4, "/")
        .sync(4, 2)
        .put(RESIZED, 3, (1, 0), b"", b"");
    let either = BTreeSet::from([files(&[("/a", b"long")]), files(&[("/a", b"l")])]);
    assert_eq!(trace.states(Style::Tails), either);
}

#[test]
fn a_file_is_in_its_folder_or_nowhere() {
    let trace = Trace::default()
        .put(FOLDER_MADE, -1, (0, 0), b"/in", b"")
        .create(3, "/in//a")
        .open(4, "/in")
        .sync(4, 1);
    assert_eq!(
        trace.states(Style::Everything),
        BTreeSet::from([files(&[])])
    );
    let either = BTreeSet::from([files(&[]), files(&[("/in/a", b"")])]);
    assert_eq!(trace.states(Style::Names), either);
}

#[test]
fn what_was_said_counts_from_its_place_on() {
    let trace = Trace::default()
        .put(SAID, 1, (0, 0), b"tried 1\n", b"")
        .put(SAID, 1, (0, 0), b"synced 1\ntried 2\n", b"");
    let history = trace.history();
    let bounds = |at| {
        let bounds = history.bounds(at);
        (bounds.synced, bounds.tried)
    };
    assert_eq!((bounds(0), bounds(1), bounds(2)), ((0, 0), (0, 1), (1, 2)));
}

#[test]
fn a_record_that_is_cut_short_ends_the_trace() {
    let mut trace = Trace::default().create(3, "/a").create(4, "/b");
    trace.0.pop();
    assert_eq!(trace.history().points(), 1);
}
