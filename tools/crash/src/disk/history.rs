//! What became of each file and folder, call by call.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::contents::{Change, File, Sync};
use super::image::Image;
use super::loss::Loss;
use super::trace::{Call, calls};
use crate::Outcome;
use crate::marks::{Bounds, Mark};

/// A file or folder, whatever its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    File(usize),
    Folder(usize),
}

type Name = (usize, String);

/// A change of the names in a folder.
#[derive(Debug)]
enum NameChange {
    Set(Name, Node),
    Remove(Name),
    /// Atomic: both names change, or neither does.
    Move(Name, Name, Node),
}

impl NameChange {
    fn folder(&self) -> usize {
        match self {
            Self::Set((folder, _), _)
            | Self::Remove((folder, _))
            | Self::Move(_, (folder, _), _) => *folder,
        }
    }

    fn apply(&self, names: &mut BTreeMap<Name, Node>) {
        match self {
            Self::Set(name, node) => {
                names.insert(name.clone(), *node);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
            Self::Move(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}

/// What a process did below a folder, in order.
#[derive(Default)]
pub struct History {
    files: Vec<File>,
    /// Syncs of each folder.
    folders: Vec<Vec<Sync>>,
    names_at_first: BTreeMap<Name, Node>,
    name_changes: Vec<(usize, NameChange)>,
    marks: Vec<(usize, Mark)>,
    /// Behind the begin and the end of each sync.
    sync_points: Vec<usize>,
    points: usize,
}

impl History {
    /// Follows a trace from the files that were there at its beginning, all of them on disk. Syncs of
    /// files whose names end with `never_synced` do not count.
    pub fn of(trace: &[u8], base: &Image, never_synced: Option<&str>) -> Outcome<Self> {
        let mut reading = Reading::new(base, never_synced)?;
        for (at, call) in calls(trace)?.into_iter().enumerate() {
            reading
                .note(at, &call)
                .map_err(|error| format!("call {at} of the trace, {}: {error}", short(&call)))?;
            reading.history.points = at + 1;
        }
        Ok(reading.history)
    }

    /// Calls; a crash may come before the first, and behind each of them.
    pub fn points(&self) -> usize {
        self.points
    }

    pub fn sync_points(&self) -> &[usize] {
        &self.sync_points
    }

    /// What was said by the first `at` calls.
    pub fn bounds(&self, at: usize) -> Bounds {
        let mut bounds = Bounds::default();
        let said = self.marks.iter().take_while(|(place, _)| *place < at);
        said.for_each(|(_, mark)| bounds.note(mark));
        bounds
    }

    /// What is on disk after the first `at` calls and power loss.
    pub fn image(&self, at: usize, loss: &mut Loss) -> Image {
        let mut names = self.names_at_first.clone();
        let before = self
            .name_changes
            .iter()
            .take_while(|(place, _)| *place < at);
        for (place, change) in before {
            let folder = change.folder();
            let syncs = self.folders.get(folder).map_or(&[][..], Vec::as_slice);
            if *place < Sync::covered(syncs, at) || loss.keeps_name(folder, *place) {
                change.apply(&mut names);
            }
        }
        let mut image = Image::default();
        self.add_folder(&mut image, 0, "", &names, &mut |number, file| {
            file.contents(at, loss, number)
        });
        image
    }

    fn add_folder(
        &self,
        image: &mut Image,
        folder: usize,
        path: &str,
        names: &BTreeMap<Name, Node>,
        contents: &mut dyn FnMut(usize, &File) -> Vec<u8>,
    ) {
        let inside = names.range((folder, String::new())..(folder + 1, String::new()));
        for ((_, name), node) in inside {
            let path = format!("{path}/{name}");
            match node {
                Node::Folder(number) => {
                    self.add_folder(image, *number, &path, names, contents);
                    image.folders.insert(path);
                }
                Node::File(number) => {
                    if let Some(file) = self.files.get(*number) {
                        image.files.insert(path, Arc::new(contents(*number, file)));
                    }
                }
            }
        }
    }
}

fn short(call: &Call<'_>) -> String {
    format!("{call:?}").chars().take(120).collect()
}

/// A history in the making: with the names there are, and what descriptors stand for.
struct Reading<'a> {
    history: History,
    never_synced: Option<&'a str>,
    names: BTreeMap<Name, Node>,
    open: HashMap<i32, Node>,
    /// Where each sync began, and of what; nothing, where it does not count.
    syncs: HashMap<u64, Option<(usize, Node)>>,
    uncounted: HashSet<i32>,
}

impl<'a> Reading<'a> {
    fn new(base: &Image, never_synced: Option<&'a str>) -> Outcome<Self> {
        let mut reading = Self {
            history: History {
                folders: vec![Vec::new()],
                ..History::default()
            },
            never_synced,
            names: BTreeMap::new(),
            open: HashMap::new(),
            syncs: HashMap::new(),
            uncounted: HashSet::new(),
        };
        for folder in &base.folders {
            let node = reading.new_folder();
            let name = reading.name_of(folder)?;
            reading.names.insert(name, node);
        }
        for (path, bytes) in &base.files {
            let node = reading.new_file(File::on_disk(bytes.clone()));
            let name = reading.name_of(path)?;
            reading.names.insert(name, node);
        }
        reading.history.names_at_first = reading.names.clone();
        Ok(reading)
    }

    fn new_folder(&mut self) -> Node {
        self.history.folders.push(Vec::new());
        Node::Folder(self.history.folders.len() - 1)
    }

    fn new_file(&mut self, file: File) -> Node {
        self.history.files.push(file);
        Node::File(self.history.files.len() - 1)
    }

    /// The folder and the name in it that a path means.
    fn name_of(&self, path: &str) -> Outcome<Name> {
        let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let last = parts.pop().ok_or("the folder itself has no name")?;
        let mut folder = 0;
        for part in parts {
            folder = match self.names.get(&(folder, part.to_owned())) {
                Some(Node::Folder(inner)) => *inner,
                _ => return Err(format!("no folder {part} on the way to {path}").into()),
            };
        }
        Ok((folder, last.to_owned()))
    }

    fn node_of(&self, path: &str) -> Outcome<Node> {
        if path.trim_matches('/').is_empty() {
            return Ok(Node::Folder(0));
        }
        let node = self.names.get(&self.name_of(path)?).copied();
        Ok(node.ok_or_else(|| format!("nothing is at {path}"))?)
    }

    fn rename(&mut self, at: usize, change: NameChange) {
        change.apply(&mut self.names);
        self.history.name_changes.push((at, change));
    }

    fn change(&mut self, at: usize, fd: i32, change: Change) -> Outcome<()> {
        let Some(Node::File(number)) = self.open.get(&fd) else {
            return Err(format!("descriptor {fd} is no file").into());
        };
        let file = self.history.files.get_mut(*number);
        file.ok_or("no such file")?.change(at, change);
        Ok(())
    }

    fn note(&mut self, at: usize, call: &Call<'_>) -> Outcome<()> {
        match *call {
            Call::Open {
                fd,
                path,
                is_new,
                truncates,
            } => {
                if is_new {
                    let node = self.new_file(File::default());
                    let name = self.name_of(path)?;
                    self.rename(at, NameChange::Set(name, node));
                }
                self.open.insert(fd, self.node_of(path)?);
                self.uncounted.remove(&fd);
                if self.never_synced.is_some_and(|end| path.ends_with(end)) {
                    self.uncounted.insert(fd);
                }
                if truncates {
                    self.change(at, fd, Change::Resize(0))?;
                }
            }
            Call::Close { fd } => {
                self.open.remove(&fd);
            }
            Call::Write { fd, offset, data } => {
                self.change(at, fd, Change::Write(offset, data.into()))?;
            }
            Call::Resize { fd, length } => self.change(at, fd, Change::Resize(length))?,
            Call::Grow { fd, length } => self.change(at, fd, Change::Grow(length))?,
            Call::BeginSync { fd, id } => {
                let node = self.open.get(&fd).copied();
                let node = node.ok_or("a sync of an unknown descriptor")?;
                let counts = !self.uncounted.contains(&fd);
                self.syncs.insert(id, counts.then_some((at, node)));
                self.history.sync_points.push(at + 1);
            }
            Call::EndSync { id } => self.end_sync(at, id)?,
            Call::Rename { from, to } => {
                let node = self.node_of(from)?;
                let (from, to) = (self.name_of(from)?, self.name_of(to)?);
                self.rename(at, NameChange::Move(from, to, node));
            }
            Call::Unlink { path } | Call::RemoveFolder { path } => {
                let name = self.name_of(path)?;
                self.rename(at, NameChange::Remove(name));
            }
            Call::Link { from, to } => {
                let node = self.node_of(from)?;
                let to = self.name_of(to)?;
                self.rename(at, NameChange::Set(to, node));
            }
            Call::MakeFolder { path } => {
                let name = self.name_of(path)?;
                let node = self.new_folder();
                self.rename(at, NameChange::Set(name, node));
            }
            Call::Say { text } => {
                let marks = Mark::all(text).map(|mark| (at, mark));
                self.history.marks.extend(marks);
            }
            Call::Fail { .. } => {}
        }
        Ok(())
    }

    fn end_sync(&mut self, at: usize, id: u64) -> Outcome<()> {
        self.history.sync_points.push(at + 1);
        let sync = self.syncs.remove(&id).ok_or("a sync that was not begun")?;
        let Some((begun, node)) = sync else {
            return Ok(());
        };
        let sync = Sync { begun, ended: at };
        match node {
            Node::Folder(number) => self.history.folders.get_mut(number),
            Node::File(number) => self.history.files.get_mut(number).map(File::syncs_mut),
        }
        .ok_or("a sync of nothing")?
        .push(sync);
        Ok(())
    }
}
