//! Files that import each other.
//!
//! A file imports another where a path leads to something that the other defines: a path in a `use` or
//! anywhere else, followed through the modules and what they re-export. A re-export alone is no import:
//! it says where others find something.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::{Import, Module, Path, modules_in};
use super::{Source, module_path};

/// A file that imports another: the line, and the path that says so.
struct Arrow<'a> {
    to: usize,
    path: &'a Path,
}

/// One file that imports another.
pub(super) struct FileImport<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) line: usize,
    /// As it stands there.
    pub(super) path: String,
}

/// Which file of `sources` imports which other, each pair once.
pub(super) fn imports(sources: &[Source]) -> Result<Vec<FileImport<'_>>, String> {
    let all = Modules::of(sources)?;
    let arrows = all.arrows(sources.len()).into_iter().zip(sources);
    let imports = arrows.flat_map(|(arrows, from)| {
        arrows.into_iter().map(|arrow| FileImport {
            from: &from.path,
            to: &sources[arrow.to].path,
            line: arrow.path.line,
            path: arrow.path.names.join("::"),
        })
    });
    Ok(imports.collect())
}

/// The circles of files in `sources`, each once.
pub(super) fn circles(sources: &[Source]) -> Result<Vec<Circle>, String> {
    let all = Modules::of(sources)?;
    let arrows = all.arrows(sources.len());
    let mut circles = Vec::new();
    for files in strong_components(&arrows) {
        let mut circle = Circle::default();
        for file in &files {
            let path = &sources[*file].path;
            circle.files.push(path.clone());
            for arrow in arrows[*file]
                .iter()
                .filter(|arrow| files.contains(&arrow.to))
            {
                circle.imports.push(format!(
                    "{path}:{} imports {} by `{}`",
                    arrow.path.line,
                    sources[arrow.to].path,
                    arrow.path.names.join("::")
                ));
            }
        }
        circles.push(circle);
    }
    Ok(circles)
}

/// Files of which each imports each other, at least over others.
#[derive(Debug, Default)]
pub(super) struct Circle {
    pub(super) files: Vec<String>,
    /// Which file imports which, where, and by which path.
    pub(super) imports: Vec<String>,
}

#[derive(Default)]
struct Modules {
    /// By place, the file that holds it, and the module.
    by_place: BTreeMap<Vec<String>, (usize, Module)>,
}

impl Modules {
    fn of(sources: &[Source]) -> Result<Self, String> {
        let mut all = Self::default();
        for (file, Source { path, text }) in sources.iter().enumerate() {
            let found = modules_in(text, module_path(path));
            let found = found.map_err(|error| format!("{path}: {error}"))?;
            for module in found {
                all.by_place.insert(module.place.clone(), (file, module));
            }
        }
        Ok(all)
    }

    /// For each file the arrows that begin at it, one for each file that they lead to.
    fn arrows(&self, files: usize) -> Vec<Vec<Arrow<'_>>> {
        let mut arrows: Vec<BTreeMap<usize, Arrow<'_>>> = Vec::new();
        arrows.resize_with(files, BTreeMap::new);
        for (from, module) in self.by_place.values() {
            if self.is_for_tests(&module.place) {
                continue;
            }
            let (globs, named): (Vec<&Import>, Vec<&Import>) = module
                .imports
                .iter()
                .partition(|import| import.name.is_none());
            let mut lead = |path, names: &[String]| {
                let to = self.file_of(&module.place, names, 0);
                if let Some(to) = to.filter(|to| to != from) {
                    arrows[*from].entry(to).or_insert(Arrow { to, path });
                }
            };
            let used = named.iter().filter(|import| is_used(import, module));
            for path in used.map(|import| &import.path).chain(&module.paths) {
                lead(path, &path.names);
            }
            // What a glob brings has no path where it is used.
            for glob in globs.iter().filter(|glob| self.begins_here(module, glob)) {
                for word in &module.words {
                    let names: Vec<String> =
                        glob.path.names.iter().chain([word]).cloned().collect();
                    lead(&glob.path, &names);
                }
            }
        }
        let arrows = arrows.into_iter();
        arrows
            .map(|arrows| arrows.into_values().collect())
            .collect()
    }

    /// Whether a module, or one that leads to it, is built for tests alone.
    fn is_for_tests(&self, place: &[String]) -> bool {
        (0..place.len()).any(|depth| {
            let above = self.by_place.get(&place[..depth]);
            let declared = |(_, above): &(usize, Module)| above.for_tests.contains(&place[depth]);
            place[depth] == "tests" || above.is_some_and(declared)
        })
    }

    /// The file that defines what a path means in the module at `place`; `None` where that is of another
    /// crate. Imports that lead to imports are followed so far.
    fn file_of(&self, place: &[String], names: &[String], steps: usize) -> Option<usize> {
        const MOST_STEPS: usize = 20;
        let Some((first, rest)) = names.split_first() else {
            return self.by_place.get(place).map(|(file, _)| *file);
        };
        if steps > MOST_STEPS {
            return None;
        }
        match first.as_str() {
            "crate" => return self.file_of(&[], rest, steps),
            "self" => return self.file_of(place, rest, steps),
            "super" => {
                let (_, above) = place.split_last()?;
                return self.file_of(above, rest, steps);
            }
            _ => {}
        }
        let below: Vec<String> = place.iter().chain([first]).cloned().collect();
        if self.by_place.contains_key(&below) {
            return self.file_of(&below, rest, steps);
        }
        let (file, module) = self.by_place.get(place)?;
        if module.items.contains(first) {
            return Some(*file);
        }
        let mut imports = module.imports.iter();
        imports.find_map(|import| {
            let behind = match &import.name {
                Some(name) if name == first => rest,
                None if self.begins_here(module, import) => names,
                _ => return None,
            };
            let whole: Vec<String> = import.path.names.iter().chain(behind).cloned().collect();
            self.file_of(place, &whole, steps + 1)
        })
    }

    /// Whether the first name of an import is found without the imports of its module.
    fn begins_here(&self, module: &Module, import: &Import) -> bool {
        import.path.names.first().is_some_and(|first| {
            let below: Vec<String> = module.place.iter().chain([first]).cloned().collect();
            ["crate", "self", "super"].contains(&first.as_str())
                || module.items.contains(first)
                || self.by_place.contains_key(&below)
        })
    }
}

/// Whether a module has use for an import itself.
fn is_used(import: &Import, module: &Module) -> bool {
    let name = import.name.as_ref();
    !import.is_reexport || name.is_some_and(|name| module.words.contains(name))
}

/// Sets of more than one file that lead to each other.
fn strong_components(arrows: &[Vec<Arrow<'_>>]) -> Vec<BTreeSet<usize>> {
    let reached: Vec<BTreeSet<usize>> = (0..arrows.len())
        .map(|file| reached(arrows, file))
        .collect();
    let mut components = BTreeSet::new();
    for (file, others) in reached.iter().enumerate() {
        let back = others
            .iter()
            .copied()
            .filter(|other| reached[*other].contains(&file));
        let component: BTreeSet<usize> = back.collect();
        if component.len() > 1 {
            components.insert(component);
        }
    }
    components.into_iter().collect()
}

/// The files that arrows lead to from a file, over others, too.
fn reached(arrows: &[Vec<Arrow<'_>>], file: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        for arrow in &arrows[file] {
            if reached.insert(arrow.to) {
                open.push(arrow.to);
            }
        }
    }
    reached
}
