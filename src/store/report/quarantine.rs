//! Bringing a store with damaged segments to what can be trusted: they are moved aside, never deleted.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::hot::OnDamage;
use crate::io::{Storage, link};
use crate::model::{Error, ErrorKind, Limits, Result, Schema};
use crate::segment::Damage;
use crate::store::engine::{Engine, LiveSegment, LostSegment, RecoveryReport};
use crate::store::folder::{Manifest, SegmentEntry, folders};
use crate::store::open::{GiveScratch, HotFiles, open_what_can_be, read_steady};
use crate::text::TextRoom;

/// The folder of what was moved aside.
pub(in crate::store) const QUARANTINE: &str = "quarantine";

/// What a repair found and did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RepairReport {
    /// The damaged segments, in the manifest's order.
    pub segments: Vec<DamagedSegment>,
    /// What was found in the hot tier's log, and given up where that was allowed.
    pub log: RecoveryReport,
    /// What is wrong with the hot tier where it does not open: a rehearsal goes on past it.
    pub hot_problem: Option<String>,
}

/// A segment that a repair takes out of the store, and what is lost with it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct DamagedSegment {
    /// Its file, from the store's folder.
    pub file: String,
    /// What is wrong with it.
    pub why: String,
    /// Where its file lies now; `None` where it was missing, or nothing was moved.
    pub moved_to: Option<String>,
    /// Its rows.
    pub rows: u64,
    /// The first and the last commit of its rows.
    pub commits: [u64; 2],
    /// The first and the last time of its rows, in epoch seconds, where they can be read.
    pub timestamps: Option<[i64; 2]>,
    /// The number of its users, where they can be read.
    pub users: Option<u64>,
    /// Its first and its last user; where they cannot be read, those between whom its own must lie, as
    /// far as other segments tell.
    pub between_users: [Option<String>; 2],
    /// A file with its users, a JSON string each, where they can be read and the segment was moved.
    pub users_file: Option<String>,
}

/// A damaged segment, open where it opens.
struct FoundSegment {
    report: DamagedSegment,
    entry: SegmentEntry,
    live: Option<Arc<LiveSegment>>,
}

impl FoundSegment {
    fn of_lost(lost: &LostSegment) -> Self {
        Self {
            report: DamagedSegment {
                file: SegmentEntry::path_of(lost.entry.id),
                why: lost.why.clone(),
                moved_to: None,
                rows: lost.entry.rows,
                commits: lost.entry.sequences,
                timestamps: None,
                users: None,
                between_users: lost.between.clone(),
                users_file: None,
            },
            entry: lost.entry.clone(),
            live: None,
        }
    }

    /// Of a segment that opens; `None` where every byte of it is right.
    fn of_live(live: &Arc<LiveSegment>, schema: &Schema) -> Option<Self> {
        let damage = live.segment.damage(schema);
        let why = match damage.first() {
            Some(first) => Some(said(first, damage.len())),
            None => live
                .segment
                .check_invariants(schema)
                .err()
                .map(|error| error.full_message()),
        }?;
        let footer = live.segment.footer();
        Some(Self {
            report: DamagedSegment {
                file: SegmentEntry::path_of(live.entry.id),
                why,
                moved_to: None,
                rows: live.entry.rows,
                commits: live.entry.sequences,
                timestamps: Some(footer.timestamps),
                users: Some(live.segment.users() as u64),
                between_users: live.users().clone().map(Some),
                users_file: None,
            },
            entry: live.entry.clone(),
            live: Some(live.clone()),
        })
    }

    /// The users, a JSON string a line; `None` where they cannot be read.
    fn users(&self) -> Option<Vec<u8>> {
        let ids = self.live.as_ref()?.segment.user_ids();
        let (mut lines, mut room) = (Vec::new(), TextRoom::default());
        for code in 1..=ids.len() as u32 {
            serde_json::to_writer(&mut lines, ids.read(code, &mut room).ok()?).ok()?;
            lines.push(b'\n');
        }
        Some(lines)
    }
}

fn said(first: &Damage, places: usize) -> String {
    let [start, end] = first.bytes;
    let more = match places {
        1 => String::new(),
        places => format!(", and {} places more", places - 1),
    };
    format!("bytes {start}..{end} are damaged ({}){more}", first.what)
}

/// The damaged segments of a manifest. `progress` is told the bytes read so far.
fn find(
    storage: &Arc<dyn Storage>,
    schema: &Schema,
    manifest: &Manifest,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<FoundSegment>> {
    let (live, lost) = open_what_can_be(storage, schema, manifest, None)?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    for entry in &manifest.segments {
        let lost = lost.iter().find(|lost| lost.entry.id == entry.id);
        let live = live.iter().find(|live| live.entry.id == entry.id);
        found.extend(lost.map(FoundSegment::of_lost));
        found.extend(live.and_then(|live| FoundSegment::of_live(live, schema)));
        bytes += entry.file_bytes;
        progress(bytes);
    }
    Ok(found)
}

impl Engine {
    /// Moves the damaged segments of this store aside, and publishes the store without them.
    pub(crate) fn repair(
        &self,
        root: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<RepairReport> {
        let manifest = self.manifest.lock().clone();
        let mut found = find(&self.storage, &self.schema, &manifest, progress)?;
        if !found.is_empty() {
            self.storage.create_folder(QUARANTINE)?;
            for one in &mut found {
                set_aside(&*self.storage, root, one)?;
            }
            self.storage.sync_folder(QUARANTINE)?;
            self.storage.sync_folder("")?;
            let stays = |entry: &SegmentEntry| found.iter().all(|one| one.entry.id != entry.id);
            self.publish(
                |manifest| {
                    manifest.segments.retain(stays);
                    manifest.removed.replaced = self.visible.load(Ordering::Acquire);
                    Ok(())
                },
                |current, manifest| self.version_of(manifest, current, current.generations.clone()),
            )?;
            for one in found.iter().filter(|one| one.report.moved_to.is_some()) {
                self.storage.remove(&one.report.file)?;
            }
        }
        Ok(RepairReport {
            segments: found.into_iter().map(|one| one.report).collect(),
            log: self.recovery_report().clone(),
            hot_problem: None,
        })
    }

    /// Finds what [`Engine::repair`] would move, and changes nothing.
    pub(crate) fn rehearse_repair(
        root: &Path,
        scratch: &mut GiveScratch<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<RepairReport> {
        let steady = read_steady(root, |storage, manifest| {
            let schema = Arc::new(Schema::parse(&manifest.schema, &Limits::unlimited())?);
            let found = find(storage, &schema, manifest, progress)?;
            let files = HotFiles::open(root, &**storage, manifest, OnDamage::Stop, scratch);
            let hot = files.and_then(|files| files.recover(&schema, manifest));
            let (log, hot_problem) = match hot {
                Ok(hot) => (hot.damage, None),
                Err(error) if error.kind() == ErrorKind::Corruption => {
                    (RecoveryReport::default(), Some(error.full_message()))
                }
                Err(error) => return Err(error),
            };
            Ok(RepairReport {
                segments: found.into_iter().map(|one| one.report).collect(),
                log,
                hot_problem,
            })
        })?;
        Ok(steady.read)
    }
}

/// Gives a segment's file its second name, beside its users and what is known of it. A crash behind that
/// leaves the segment in the store.
fn set_aside(storage: &dyn Storage, root: &Path, found: &mut FoundSegment) -> Result<()> {
    let at = |ending: &str| format!("{QUARANTINE}/{:08}.{ending}", found.entry.id);
    let (moved, users, report) = (at("seg"), at("users.jsonl"), at("json"));
    // What a repair left that did not come to its end.
    for name in [&moved, &users, &report] {
        match storage.remove(name) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    match link(&root.join(&found.report.file), &root.join(&moved)) {
        Ok(_) => found.report.moved_to = Some(moved),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if let Some(lines) = found.users() {
        write(storage, &users, &lines)?;
        found.report.users_file = Some(users);
    }
    let text = serde_json::to_vec_pretty(&found.report)
        .map_err(|error| Error::internal(format_args!("a report that is no JSON: {error}")))?;
    write(storage, &report, &text)
}

fn write(storage: &dyn Storage, path: &str, bytes: &[u8]) -> Result<()> {
    let mut file = storage.create(path)?;
    file.append(bytes)?;
    file.sync()
}

/// A file in the folders of a store that nothing names.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct UnnamedFile {
    /// From the store's folder.
    pub file: String,
    /// What it may be.
    pub what: &'static str,
}

/// The files that no manifest lists and that the hot tier does not need, in the folders that are the store's.
///
/// # Errors
/// `Io`.
pub(super) fn unnamed_files(root: &Path, manifest: &Manifest) -> Result<Vec<UnnamedFile>> {
    const LEFT: &str = "left by what was interrupted, or being written by a process at this moment; the next \
                        opening for writing removes it";
    const FOREIGN: &str = "no file of the store";
    let storage = folders::storage(root);
    let list = |folder: &str| match storage.list(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed,
    };
    let mut found = Vec::new();
    let mut add = |file: String, what| found.push(UnnamedFile { file, what });
    for name in list("")? {
        if crate::store::folder::is_leftover(&name) {
            add(name, LEFT);
        }
    }
    for (folder, ending) in [(folders::SEGMENTS, ".seg"), (folders::TEMPORARY, ".run")] {
        for name in list(folder)? {
            let path = format!("{folder}/{name}");
            let mut listed = manifest
                .segments
                .iter()
                .map(|entry| SegmentEntry::path_of(entry.id));
            if !listed.any(|listed| listed == path) {
                let is_own = crate::store::open::is_own(&name, ending);
                add(path, if is_own { LEFT } else { FOREIGN });
            }
        }
    }
    for name in list(folders::HOT)? {
        if name.starts_with("damaged-") {
            let path = format!("{}/{name}", folders::HOT);
            add(path, "a copy of a damaged log, kept by a repair");
        }
    }
    for name in list(QUARANTINE)? {
        add(format!("{QUARANTINE}/{name}"), "set aside by a repair");
    }
    Ok(found)
}
