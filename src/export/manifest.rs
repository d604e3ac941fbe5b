//! What is written beside an export, so that it can be told what it is and made again.

use std::collections::BTreeMap;

use arrow_schema::Schema as ArrowSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::builder::{Export, ExportReport};
use super::form::{Form, type_name};
use super::layout::Layout;
use super::selection::Selection;
use super::split::{Partition, Split};
use crate::api::{Change, Snapshot};
use crate::model::{Error, Result};

/// The version of the manifests that this build writes and reads.
const FORMAT: u32 = 1;

/// The manifest of an export: a JSON document beside its files.
#[derive(Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The version of the document. This build knows version 1.
    pub format: u32,
    /// The version of annals that wrote it.
    pub annals: String,
    /// The store's id; of a set of shards empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub store: String,
    /// The newest commit that the export saw. What arrived since has a higher number. Of a set of shards 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sequence: u64,
    /// Of a set, its shards by position.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<ManifestShard>,
    /// What was asked for.
    pub plan: ManifestPlan,
    /// The store's schema, as it was given.
    pub schema: Box<RawValue>,
    /// The columns of the files, with their physical types.
    pub columns: Vec<ManifestColumn>,
    /// Counts, and the content: the digest of the interactions that were taken, equal for equal content
    /// whatever the segments, tiers, threads, layout and form.
    pub report: ExportReport,
    /// Records of each part of a split export.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, u64>,
    /// What changed earlier rows since the commit [`Selection::after`]: to be applied, in this order, to what
    /// was exported then, before these files are added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What a reader has to know beside the columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The files, by path from the folder of the manifest.
    pub files: Vec<ManifestFile>,
}

/// A shard of a set that an export is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManifestShard {
    /// The id of its store.
    pub store: String,
    /// The newest commit of it that the export saw.
    pub sequence: u64,
}

fn is_zero(sequence: &u64) -> bool {
    *sequence == 0
}

/// What an export was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManifestPlan {
    /// Which interactions.
    pub selection: Selection,
    /// What a record is.
    pub layout: Layout,
    /// The parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// The folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
    /// The form of the files.
    pub form: Form,
    /// Whether histories were checked for what came later.
    pub leak_guard: bool,
}

/// A column of an export's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManifestColumn {
    /// Its name.
    pub name: String,
    /// Its type, as Arrow calls it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Whether it has nulls.
    pub nullable: bool,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManifestFile {
    /// From the folder of the manifest, with slashes.
    pub path: String,
    /// Its records.
    pub records: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Their SHA-256, as hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// The manifest of an export that was written.
    ///
    /// # Errors
    /// `Internal` where the store's schema is no JSON.
    pub(super) fn new(
        snapshots: &[Snapshot],
        plan: ManifestPlan,
        columns: &ArrowSchema,
        report: ExportReport,
        files: Vec<ManifestFile>,
    ) -> Result<Self> {
        let mut sources = snapshots.iter().map(|snapshot| ManifestShard {
            store: snapshot.store_id().to_string(),
            sequence: snapshot.sequence(),
        });
        let (store, shards) = match snapshots {
            [_] => (sources.next(), Vec::new()),
            _ => (None, sources.collect()),
        };
        let schema = snapshots.first().map_or("", |first| first.schema().json());
        let schema = RawValue::from_string(schema.to_owned());
        let schema =
            schema.map_err(|error| Error::internal("a schema that is no JSON").caused_by(error))?;
        let columns = columns.fields().iter().map(|field| ManifestColumn {
            name: field.name().clone(),
            data_type: type_name(field.data_type()),
            nullable: field.is_nullable(),
        });
        Ok(Self {
            format: FORMAT,
            annals: env!("CARGO_PKG_VERSION").to_owned(),
            sequence: store.as_ref().map_or(0, |store| store.sequence),
            store: store.map_or(String::new(), |store| store.store),
            shards,
            plan,
            schema,
            columns: columns.collect(),
            report,
            parts: BTreeMap::new(),
            changes: Vec::new(),
            notes: Vec::new(),
            files,
        })
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// `InvalidInput` where it is none, or of another version.
    pub fn parse(json: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let unfit = |error| Error::invalid("no manifest of an export").caused_by(error);
        let head: Head = serde_json::from_str(json).map_err(unfit)?;
        if head.format != FORMAT {
            return Err(Error::invalid(format!(
                "a manifest of format {}; this build reads format {FORMAT}",
                head.format
            )));
        }
        serde_json::from_str(json).map_err(unfit)
    }

    /// The document, with a line end.
    ///
    /// # Errors
    /// `Internal` where it is no JSON.
    pub fn to_json(&self) -> Result<String> {
        let json = serde_json::to_string_pretty(self);
        let json =
            json.map_err(|error| Error::internal("a manifest that is no JSON").caused_by(error))?;
        Ok(json + "\n")
    }

    /// The export that it tells of, once more, of later snapshots of the same store or of the shards of the same set.
    ///
    /// # Errors
    /// `InvalidInput` for a manifest of another store or of other shards; where what was known then can no longer
    /// be told, as [`Snapshot::as_of`].
    pub fn export(&self, snapshots: &[Snapshot]) -> Result<Export> {
        let then = self.as_of(snapshots)?;
        let (first, others) = then
            .split_first()
            .ok_or_else(|| Error::internal("a manifest of no store"))?;
        let mut export = Export::of(first, others)
            .selection(self.plan.selection.clone())
            .layout(self.plan.layout.clone());
        if let Some(split) = self.plan.split {
            export = export.split(split);
        }
        if let Some(partition) = self.plan.partition {
            export = export.partition(partition);
        }
        if !self.plan.leak_guard {
            export = export.without_leak_guard();
        }
        Ok(export)
    }

    /// Each snapshot as the export saw it.
    ///
    /// # Errors
    /// As [`Manifest::export`].
    pub fn as_of(&self, snapshots: &[Snapshot]) -> Result<Vec<Snapshot>> {
        let sources = match self.shards.as_slice() {
            [] => vec![(&self.store, self.sequence)],
            shards => shards
                .iter()
                .map(|shard| (&shard.store, shard.sequence))
                .collect(),
        };
        let ids: Vec<String> = snapshots
            .iter()
            .map(|snapshot| snapshot.store_id().to_string())
            .collect();
        if sources.iter().map(|(store, _)| *store).ne(&ids) {
            let told: Vec<&str> = sources.iter().map(|(store, _)| store.as_str()).collect();
            return Err(Error::invalid(format!(
                "the manifest is of {} {}, and this is {} {}",
                named(told.len()),
                told.join(", "),
                named(ids.len()),
                ids.join(", ")
            )));
        }
        let both = snapshots.iter().zip(sources);
        both.map(|(snapshot, (_, sequence))| snapshot.as_of(sequence))
            .collect()
    }

    /// Makes the export again, and tells what differs from what the manifest says; nothing where all is
    /// as it was. Cost: that of the export, but for its files.
    ///
    /// # Errors
    /// As [`Manifest::export`], and those of an export.
    pub fn differences(&self, snapshots: &[Snapshot]) -> Result<Vec<String>> {
        let found = self.export(snapshots)?.report()?;
        let mut differences = Vec::new();
        let mut compare = |what: &str, told: String, found: String| {
            if told != found {
                differences.push(format!(
                    "{what}: {told} in the manifest, {found} in the store"
                ));
            }
        };
        let told = &self.report;
        compare(
            "interactions",
            told.content.rows.to_string(),
            found.content.rows.to_string(),
        );
        compare(
            "content",
            told.content.to_string(),
            found.content.to_string(),
        );
        compare(
            "records",
            told.records.to_string(),
            found.records.to_string(),
        );
        for ((rule, told), (_, found)) in told.dropped.by_rule().iter().zip(found.dropped.by_rule())
        {
            compare(
                &format!("left out by {rule}"),
                told.to_string(),
                found.to_string(),
            );
        }
        Ok(differences)
    }
}

fn named(stores: usize) -> &'static str {
    match stores {
        1 => "the store",
        _ => "the shards",
    }
}
