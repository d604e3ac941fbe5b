//! Every byte read, every checksum and invariant checked.

use std::path::Path;
use std::sync::Arc;

use super::quarantine::{UnnamedFile, unnamed_files};
use super::verify_beside::verify_beside;
use crate::hot::OnDamage;
use crate::model::{Error, ErrorKind, Limits, Result, Schema};
use crate::segment::{Damage, Segment};
use crate::store::engine::{Engine, LiveSegment, open_segment};
use crate::store::folder::SegmentEntry;
use crate::store::open::{GiveScratch, HotFiles, read_steady};

/// What verification found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Segments that were read.
    pub segments: u64,
    /// Bytes of these segments.
    pub bytes: u64,
    /// Rows of the hot tier that were read.
    pub hot_rows: u64,
    /// Damaged parts of segments.
    pub damage: Vec<Damage>,
    /// Rules that do not hold, failures of the hot tier, and what stopped compaction.
    pub problems: Vec<String>,
    /// Files in the store's folders that nothing names; they take room and do no harm. An open store does
    /// not look for them.
    pub unnamed: Vec<UnnamedFile>,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty() && self.problems.is_empty()
    }

    fn check(&mut self, segment: &Segment, schema: &Schema) {
        let damage = segment.damage(schema);
        if damage.is_empty() {
            // Damaged bytes would only be reported a second time.
            if let Err(error) = segment.check_invariants(schema) {
                self.problems.push(error.full_message());
            }
        }
        self.damage.extend(damage);
    }

    /// Notes a segment that does not open; other failures than damage are given back.
    fn add_unreadable(&mut self, entry: &SegmentEntry, error: Error) -> Result<()> {
        if !matches!(error.kind(), ErrorKind::Corruption | ErrorKind::NotFound) {
            return Err(error);
        }
        let [first, last] = entry.sequences;
        let cause = std::error::Error::source(&error);
        let cause = cause.and_then(|cause| cause.downcast_ref::<Error>());
        self.damage.push(Damage {
            file: SegmentEntry::path_of(entry.id),
            bytes: [0, entry.file_bytes],
            what: format!(
                "the whole segment, rows of the commits {first} to {last}: {} ({})",
                entry.rows,
                error.message()
            ),
            is_missing: cause.is_some_and(|cause| cause.kind() == ErrorKind::NotFound),
        });
        Ok(())
    }

    /// Notes what was read of the hot tier; failures of the system are given back.
    fn add_hot(&mut self, read: Result<u64>) -> Result<()> {
        match read {
            Ok(rows) => self.hot_rows = rows,
            Err(error) if matches!(error.kind(), ErrorKind::Io | ErrorKind::Internal) => {
                return Err(error);
            }
            Err(error) => {
                let problem = error.within("hot tier").full_message();
                self.problems.push(problem);
            }
        }
        Ok(())
    }

    fn count(&mut self, entry: &SegmentEntry, progress: &mut dyn FnMut(u64)) {
        self.segments += 1;
        self.bytes += entry.file_bytes;
        progress(self.bytes);
    }
}

/// A store as far as it can be opened.
struct Opened {
    schema: Arc<Schema>,
    segments: Vec<(SegmentEntry, Result<Arc<LiveSegment>>)>,
    hot: Result<HotFiles>,
}

impl Engine {
    /// Reads everything again. `progress` is told the bytes read so far.
    pub(crate) fn verify(&self, progress: &mut dyn FnMut(u64)) -> Result<VerifyReport> {
        let snapshot = self.snapshot();
        let mut report = VerifyReport::default();
        for lost in &*snapshot.version.lost {
            report.problems.push(lost.why.clone());
        }
        for live in snapshot.version.segments() {
            report.check(&live.segment, &self.schema);
            report.count(&live.entry, progress);
        }
        if let Some(tier) = &self.tier {
            let read = tier.verify();
            let read = read.and_then(|rows| self.verify_registry().map(|()| rows));
            report.add_hot(read)?;
        }
        let stopped = self.compaction_stopped.lock();
        let problem = stopped
            .iter()
            .map(|damage| format!("compaction in the background stopped: {damage}"));
        report.problems.extend(problem);
        Ok(report)
    }

    /// Reads the store in `root` as it lies on disk, also while another process writes to it, and
    /// past damage that no opening would pass.
    pub(crate) fn verify_files(
        root: &Path,
        scratch: &mut GiveScratch<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<VerifyReport> {
        let steady = read_steady(root, |storage, manifest| {
            let schema = Arc::new(Schema::parse(&manifest.schema, &Limits::unlimited())?);
            let open = |entry: &SegmentEntry| {
                let store = manifest.identity.store;
                let opened = open_segment(storage, &schema, store, entry);
                (entry.clone(), opened)
            };
            Ok(Opened {
                segments: manifest.segments.iter().map(open).collect(),
                hot: HotFiles::open(root, &**storage, manifest, OnDamage::Refuse, scratch),
                schema,
            })
        })?;
        let opened = steady.read;
        let mut report = VerifyReport::default();
        for (entry, segment) in opened.segments {
            match segment {
                Ok(live) => report.check(&live.segment, &opened.schema),
                Err(error) => report.add_unreadable(&entry, error)?,
            }
            report.count(&entry, progress);
        }
        let rows = opened.hot.and_then(|files| {
            // Each row is decoded here.
            let hot = files.recover(&opened.schema, &steady.manifest)?;
            hot.registry.verify()?;
            Ok(hot.rows())
        });
        report.add_hot(rows)?;
        report.unnamed = unnamed_files(root, &steady.manifest)?;
        let beside = verify_beside(root)?;
        report.problems.extend(beside.problems);
        report.unnamed.extend(beside.unnamed);
        Ok(report)
    }
}
