//! Looks for ids in all files of a store.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;

use super::pending::PENDING;
use super::place::FoundPlace;
use super::receipt::{ITEM, PurgeFinding, PurgeReceipt, USER};
use super::searched::Searched;
use super::sought::Sought;
use crate::hot::Names;
use crate::model::{Error, Result, Role, shown_user};
use crate::segment::Segment;
use crate::store::engine::{Engine, Version};
use crate::store::folder::{HOT, SegmentEntry};
use crate::text::TextRoom;

/// Ids below this are not looked for byte by byte: others would contain them by chance.
const LEAST_BYTES: usize = 8;

/// A text that the store holds as a value.
struct FoundText<'a> {
    file: &'a str,
    /// What it is.
    what: &'a str,
    /// What it names, where that is known.
    names: Option<Names>,
    text: &'a str,
}

/// Calls `visit` with each of them.
fn each_value(
    engine: &Engine,
    version: &Version,
    visit: &mut dyn FnMut(&FoundText<'_>) -> Result<()>,
) -> Result<()> {
    for live in version.segments() {
        let file = SegmentEntry::path_of(live.entry.id);
        each_text(&live.segment, engine, &mut |what, names, text| {
            visit(&FoundText {
                file: &file,
                what,
                names,
                text,
            })
        })?;
    }
    let mut hot = |what: &str, names: Option<Names>, text: &str| {
        visit(&FoundText {
            file: HOT,
            what,
            names,
            text,
        })
    };
    for generation in &version.generations {
        for user in generation.users(&Default::default()) {
            hot("a user of the hot tier", Some(Names::User), &user)?;
        }
        for (id, field) in engine.schema.fields().iter().enumerate() {
            // Impressions share the dictionary of the items.
            let is_list = field.role() == Role::Impression;
            let Some(strings) = generation.dictionary(id).filter(|_| !is_list) else {
                continue;
            };
            for code in 1..=strings.len() as u32 {
                hot(field.name(), named_by(engine, id), strings.get(code)?)?;
            }
        }
    }
    match engine.remembers() {
        Some(registry) => registry.each_id(&mut |table, names, text| hot(table, Some(names), text)),
        None => Ok(()),
    }
}

/// What the values of a field name.
fn named_by(engine: &Engine, field: usize) -> Option<Names> {
    let is_item = field == engine.schema.item();
    is_item.then_some(Names::Item)
}

/// Called with what a text is of, what it names, and the text.
type VisitText<'a> = dyn FnMut(&str, Option<Names>, &str) -> Result<()> + 'a;

fn each_text(segment: &Segment, engine: &Engine, visit: &mut VisitText<'_>) -> Result<()> {
    let ids = segment.user_ids();
    let mut room = TextRoom::default();
    for code in 1..=ids.len() as u32 {
        visit("a user", Some(Names::User), ids.read(code, &mut room)?)?;
    }
    for (id, field) in engine.schema.fields().iter().enumerate() {
        let Some(strings) = segment.dictionary(id) else {
            continue;
        };
        for code in 1..=strings.len() as u32 {
            let text = strings.read(code, &mut room)?;
            visit(field.name(), named_by(engine, id), text)?;
        }
    }
    Ok(())
}

/// Looks for the ids in all files, as values and as bytes, while others write. What is found of an id that
/// somebody uses again by the end of it does not count.
pub(super) fn search(
    root: &Path,
    engine: &Engine,
    sought: &mut Sought,
) -> Result<(Searched, Vec<FoundPlace>)> {
    // Its files stay as long as it is held.
    let version = engine.version.load_full();
    let mut found = values(engine, &version, sought)?;
    let (searched, in_bytes) = bytes(root, engine, &version, sought)?;
    found.extend(in_bytes);
    for version in [version, engine.version.load_full()] {
        sought.leave_out_used(engine, &version)?;
    }
    found.retain(|place| sought.has(&place.id));
    Ok((searched, found))
}

/// Looks for the ids among all values.
fn values(engine: &Engine, version: &Version, sought: &Sought) -> Result<Vec<FoundPlace>> {
    let mut found = Vec::new();
    each_value(engine, version, &mut |value| {
        if sought.holds(value.names, value.text) {
            found.push(FoundPlace {
                id: shown_user(value.text).to_owned(),
                file: value.file.to_owned(),
                what: value.what.to_owned(),
            });
        }
        Ok(())
    })?;
    Ok(found)
}

/// Looks for ids that a receipt names by their hashes among all values.
pub(super) fn hashed(engine: &Engine, receipt: &PurgeReceipt) -> Result<Vec<PurgeFinding>> {
    let names = |kind: &str| match kind {
        USER => Some(Names::User),
        ITEM => Some(Names::Item),
        _ => None,
    };
    let mut deleted: BTreeMap<&str, Vec<Option<Names>>> = BTreeMap::new();
    for one in &receipt.deleted {
        let of_hash = deleted.entry(one.hash.as_str()).or_default();
        of_hash.push(names(&one.kind));
    }
    let mut found = BTreeSet::new();
    each_value(engine, &engine.version.load_full(), &mut |value| {
        let hash = receipt.hash_of(shown_user(value.text));
        let of_hash = deleted.get(hash.as_str()).into_iter().flatten();
        let mut meant = of_hash.map(|names| {
            names
                .zip(value.names)
                .is_none_or(|(deleted, found)| deleted == found)
        });
        if meant.any(|is_meant| is_meant) {
            found.insert(PurgeFinding {
                hash,
                file: value.file.to_owned(),
                place: value.what.to_owned(),
            });
        }
        Ok(())
    })?;
    Ok(found.into_iter().collect())
}

/// Looks for ids byte by byte in every file, but for those that are still being written: imports that are under way
/// are later commits, and what else is written begins with files that were searched.
fn bytes(
    root: &Path,
    engine: &Engine,
    version: &Version,
    sought: &Sought,
) -> Result<(Searched, Vec<FoundPlace>)> {
    let ids: Vec<&str> = sought.ids().filter(|id| id.len() >= LEAST_BYTES).collect();
    let ids = not_contained(engine, version, ids)?;
    let automaton = automaton(&ids)?;
    let mut searched = Searched {
        in_bytes: ids.iter().map(|id| (*id).to_owned()).collect(),
        files: 0,
        bytes: 0,
    };
    let mut found = Vec::new();
    for path in files(root)? {
        let name = path.strip_prefix(root).unwrap_or(&path);
        let name = name.to_string_lossy().into_owned();
        if name == PENDING || engine.unpublished.lock().contains(&name) {
            continue;
        }
        let doing = || format!("search {}", path.display());
        let file = match File::open(&path) {
            // Removed since it was listed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            file => file.map_err(|error| Error::io(doing(), error))?,
        };
        let length = file
            .metadata()
            .map_err(|error| Error::io(doing(), error))?
            .len();
        searched.files += 1;
        searched.bytes += length;
        let texts =
            texts_of(version, &name).or_else(|| texts_of(&engine.version.load_full(), &name));
        let texts = texts.unwrap_or_default();
        let mut seen = BTreeSet::new();
        for one in automaton.stream_find_iter(file) {
            let one = one.map_err(|error| Error::io(doing(), error))?;
            // Where strings lie one behind the other, the end of one and the begin of the next may look like
            // an id; they were compared as values.
            let is_text = |text: &Range<usize>| text.start <= one.start() && one.end() <= text.end;
            if texts.iter().any(is_text) || !seen.insert(one.pattern()) {
                continue;
            }
            found.push(FoundPlace {
                id: ids
                    .get(one.pattern().as_usize())
                    .copied()
                    .unwrap_or_default()
                    .to_owned(),
                file: name.clone(),
                what: format!("byte {}", one.start()),
            });
        }
    }
    if !found.is_empty() {
        // Other texts that contain some may have come meanwhile.
        let left = not_contained(engine, &engine.version.load_full(), ids)?;
        found.retain(|place| left.contains(&place.id.as_str()));
        searched.in_bytes.retain(|id| left.contains(&id.as_str()));
    }
    Ok((searched, found))
}

fn automaton(ids: &[&str]) -> Result<AhoCorasick> {
    AhoCorasick::new(ids).map_err(|error| {
        Error::invalid("the deleted ids are too many to be looked for at once").caused_by(error)
    })
}

/// The ids that no value of the store contains: the others are found as values or not at all.
fn not_contained<'a>(
    engine: &Engine,
    version: &Version,
    ids: Vec<&'a str>,
) -> Result<Vec<&'a str>> {
    let automaton = automaton(&ids)?;
    let mut contained = BTreeSet::new();
    each_value(engine, version, &mut |value| {
        let matches = automaton.find_overlapping_iter(value.text);
        contained.extend(matches.map(|one| one.pattern().as_usize()));
        Ok(())
    })?;
    let left = ids.into_iter().enumerate();
    let left = left.filter(|(position, _)| !contained.contains(position));
    Ok(left.map(|(_, id)| id).collect())
}

/// Where the strings of a segment lie in its file; `None` for another file.
fn texts_of(version: &Version, name: &str) -> Option<Vec<Range<usize>>> {
    let mut segments = version.segments();
    let live = segments.find(|live| SegmentEntry::path_of(live.entry.id) == name)?;
    Some(live.segment.texts())
}

/// All files in a folder and those in it.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error| Error::io(format!("list {}", folder.display()), error);
        // Others may remove folders and files meanwhile.
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let kind = match entry.file_type() {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                kind => kind.map_err(failed)?,
            };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Bytes of all files of a store.
pub(super) fn folder_bytes(root: &Path) -> Result<u64> {
    let mut bytes = 0;
    for path in files(root)? {
        let file = std::fs::metadata(&path);
        bytes += match file {
            Ok(file) => file.len(),
            // A writer may remove files meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            Err(error) => return Err(Error::io(format!("look at {}", path.display()), error)),
        };
    }
    Ok(bytes)
}
