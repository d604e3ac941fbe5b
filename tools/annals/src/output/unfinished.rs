//! Files that are being written: none of them outlives a process that is told to end.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::mpsc::{Sender, channel};

use parking_lot::Mutex;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use tempfile::{NamedTempFile, PersistError, TempDir};

/// Those of the process.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file that goes when it is dropped, and on the signals that end a process, unless it was
/// persisted.
pub struct Unfinished(NamedTempFile);

impl Unfinished {
    /// What `create` makes.
    pub fn create(create: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<Self> {
        remove_on_signals();
        // A signal that comes meanwhile waits until the file is known.
        let mut unfinished = UNFINISHED.lock();
        let file = create()?;
        unfinished.push(file.path().to_owned());
        Ok(Self(file))
    }

    /// Syncs the file, and puts it in its place, and in that of a file that is there.
    pub fn persist(self, place: &Path) -> io::Result<()> {
        self.0.as_file().sync_all()?;
        let mut unfinished = UNFINISHED.lock();
        let path = self.0.path().to_owned();
        let persisted = self.0.persist(place);
        unfinished.retain(|known| *known != path);
        persisted.map_err(|PersistError { error, .. }| error)?;
        drop(unfinished);
        sync_folder_of(place)
    }
}

/// A folder that goes when it is dropped, and on the signals that end a process, unless it was
/// persisted.
pub struct UnfinishedFolder(Option<TempDir>);

impl UnfinishedFolder {
    /// Makes one in `parent`.
    pub fn create(parent: &Path) -> io::Result<Self> {
        remove_on_signals();
        let mut unfinished = UNFINISHED.lock();
        let folder = tempfile::Builder::new()
            .prefix(".annals-")
            .suffix(".part")
            // As any new folder has, less the umask.
            .permissions(Permissions::from_mode(0o777))
            .tempdir_in(parent)?;
        unfinished.push(folder.path().to_owned());
        Ok(Self(Some(folder)))
    }

    pub fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new(""), TempDir::path)
    }

    /// Puts the folder in its place, where nothing or an empty folder is.
    pub fn persist(mut self, place: &Path) -> io::Result<()> {
        let mut unfinished = UNFINISHED.lock();
        let path = self.path().to_owned();
        std::fs::rename(&path, place)?;
        if let Some(folder) = self.0.take() {
            let _ = folder.keep();
        }
        unfinished.retain(|known| *known != path);
        drop(unfinished);
        sync_folder_of(place)
    }
}

/// Has the name of a file survive power loss.
fn sync_folder_of(place: &Path) -> io::Result<()> {
    let folder = match place.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Sees to it that the signals remove the files before they end the process as they always do.
fn remove_on_signals() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let (ready, is_ready) = channel();
        let thread = std::thread::Builder::new().name("signals".to_owned());
        // Without the thread, signals end the process at once, as if nobody had asked.
        if thread.spawn(move || heed_signals(&ready)).is_ok() {
            let _ = is_ready.recv();
        }
    });
}

fn heed_signals(ready: &Sender<()>) {
    let heeded = [SIGHUP, SIGINT, SIGTERM];
    let heeded = heeded.into_iter().filter(|signal| !is_ignored(*signal));
    let Ok(mut signals) = Signals::new(heeded) else {
        return;
    };
    let _ = ready.send(());
    for signal in signals.forever() {
        // Held to the end, so that no file is made or put in its place any more.
        let unfinished = UNFINISHED.lock();
        for path in unfinished.iter() {
            let _ = match path.is_dir() {
                true => std::fs::remove_dir_all(path),
                false => std::fs::remove_file(path),
            };
        }
        let _ = emulate_default_handler(signal);
    }
}

/// Whether whoever started the process wants it to go on at this signal, as `nohup` does.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
