//! The modules of a source file: what each defines, imports and names by a path. Items under
//! `#[cfg(test)]` are left out.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::tokens::{after_colons, is_cfg_test, is_ident, is_punct, line, parsed, skip_item};

/// A module: that of a file, or one that stands in braces within it.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// The modules that lead to it from the crate's root, and its own name.
    pub(super) place: Vec<String>,
    /// Items that it defines, by name.
    pub(super) items: BTreeSet<String>,
    pub(super) imports: Vec<Import>,
    /// Paths of two names and more outside of imports.
    pub(super) paths: Vec<Path>,
    /// Every name outside of imports.
    pub(super) words: BTreeSet<String>,
    /// Modules in files of their own that are built for tests alone.
    pub(super) for_tests: BTreeSet<String>,
}

/// A path, and the line where it begins.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) names: Vec<String>,
    pub(super) line: usize,
}

/// A path of a `use`, without the glob or the other name at its end.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) path: Path,
    /// What the module calls it; `None` for a glob.
    pub(super) name: Option<String>,
    /// Whether others see it here, too.
    pub(super) is_reexport: bool,
}

/// The modules in the text of a file, that of the file first; `place` leads to it.
pub(super) fn modules_in(text: &str, place: Vec<String>) -> Result<Vec<Module>, String> {
    let mut modules = Vec::new();
    read_module(parsed(text)?, place, &mut modules);
    Ok(modules)
}

fn read_module(stream: TokenStream, place: Vec<String>, modules: &mut Vec<Module>) {
    let at = modules.len();
    modules.push(Module::default());
    let mut module = Module {
        place,
        ..Module::default()
    };
    module.read(stream, true, modules);
    modules[at] = module;
}

impl Module {
    /// Reads tokens; `outermost` are those that stand in no other braces of the module.
    fn read(&mut self, stream: TokenStream, outermost: bool, modules: &mut Vec<Module>) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut rest = tokens.as_slice();
        let mut is_public = false;
        while let Some((first, after)) = rest.split_first() {
            let was_public = std::mem::take(&mut is_public);
            rest = match rest {
                [hash, bang, TokenTree::Group(attribute), ..]
                    if is_punct(hash, '#') && is_punct(bang, '!') && is_cfg_test(attribute) =>
                {
                    return;
                }
                [hash, TokenTree::Group(attribute), item @ ..]
                    if is_punct(hash, '#') && is_cfg_test(attribute) =>
                {
                    self.for_tests.extend(module_of(item));
                    skip_item(item)
                }
                [hash, TokenTree::Group(_), after @ ..] if is_punct(hash, '#') => after,
                [word, TokenTree::Group(to), after @ ..]
                    if is_ident(word, "pub") && is_visibility(to.stream()) =>
                {
                    is_public = true;
                    after
                }
                [word, ..] if is_ident(word, "pub") => {
                    is_public = true;
                    after
                }
                [word, ..] if is_ident(word, "use") => {
                    let end = after.iter().position(|token| is_punct(token, ';'));
                    let (tree, after) = after.split_at(end.unwrap_or(after.len()));
                    self.import(tree, &[], was_public);
                    after
                }
                [
                    word,
                    TokenTree::Ident(name),
                    TokenTree::Group(body),
                    after @ ..,
                ] if is_ident(word, "mod") => {
                    let place = self.place.iter().cloned().chain([name.to_string()]);
                    read_module(body.stream(), place.collect(), modules);
                    after
                }
                [word, TokenTree::Ident(_), after @ ..] if is_ident(word, "mod") => after,
                [word, bang, TokenTree::Ident(name), after @ ..]
                    if is_ident(word, "macro_rules") && is_punct(bang, '!') =>
                {
                    self.items.insert(name.to_string());
                    after
                }
                [word, TokenTree::Ident(name), after @ ..]
                    if outermost && defines(word) && name != "fn" =>
                {
                    self.items.insert(name.to_string());
                    after
                }
                [TokenTree::Ident(_), ..] => {
                    let (path, after) = path_of(rest);
                    self.words.extend(path.names.first().cloned());
                    if path.names.len() > 1 {
                        self.paths.push(path);
                    }
                    after
                }
                _ => {
                    if let TokenTree::Group(group) = first {
                        self.read(group.stream(), false, modules);
                    }
                    after
                }
            };
        }
    }

    /// Adds what a tree of a `use` imports; `before` are the names that stand before it.
    fn import(&mut self, tree: &[TokenTree], before: &[String], is_reexport: bool) {
        let Some(first) = tree.first() else { return };
        let mut names = before.to_vec();
        let mut rest = tree;
        loop {
            rest = match rest {
                [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Brace => {
                    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                    for tree in tokens.split(|token| is_punct(token, ',')) {
                        self.import(tree, &names, is_reexport);
                    }
                    return;
                }
                [TokenTree::Ident(name), after @ ..] if name != "as" => {
                    // `a::{self}` is `a`.
                    if name != "self" || names.is_empty() {
                        names.push(name.to_string());
                    }
                    after_colons(after).unwrap_or(after)
                }
                [star, ..] if is_punct(star, '*') => break,
                [word, TokenTree::Ident(_), ..] if is_ident(word, "as") => break,
                // `::a`: another crate.
                _ if rest.len() == tree.len() => return,
                _ => break,
            };
        }
        let name = match rest {
            [word, TokenTree::Ident(name), ..] if is_ident(word, "as") => Some(name.to_string()),
            [] => names.last().cloned(),
            _ => None,
        };
        self.imports.push(Import {
            path: Path {
                names,
                line: line(first),
            },
            name,
            is_reexport,
        });
    }
}

/// The names that `tokens` start with, joined by colons, and what follows them.
fn path_of(tokens: &[TokenTree]) -> (Path, &[TokenTree]) {
    let mut path = Path {
        names: Vec::new(),
        line: tokens.first().map_or(0, line),
    };
    let mut rest = tokens;
    while let [TokenTree::Ident(name), after @ ..] = rest {
        path.names.push(name.to_string());
        rest = after;
        match after_colons(after) {
            Some(next @ [TokenTree::Ident(_), ..]) => rest = next,
            _ => break,
        }
    }
    (path, rest)
}

/// The name of the module, in a file of its own, that an item declares.
fn module_of(item: &[TokenTree]) -> Option<String> {
    let at = item.iter().position(|token| is_ident(token, "mod"))?;
    match item.get(at + 1..)? {
        [TokenTree::Ident(name), end, ..] if is_punct(end, ';') => Some(name.to_string()),
        _ => None,
    }
}

/// Whether it is what `pub` has in its parentheses, and no type of a field.
fn is_visibility(stream: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    match tokens.as_slice() {
        [word, ..] if is_ident(word, "in") => true,
        [word] => ["crate", "super", "self"]
            .iter()
            .any(|to| is_ident(word, to)),
        _ => false,
    }
}

fn defines(word: &TokenTree) -> bool {
    const KEYWORDS: [&str; 8] = [
        "struct", "enum", "union", "trait", "fn", "const", "static", "type",
    ];
    KEYWORDS.iter().any(|keyword| is_ident(word, keyword))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(modules: &[Module]) -> Vec<String> {
        let paths = modules.iter().flat_map(|module| &module.paths);
        paths.map(|path| path.names.join("::")).collect()
    }

    #[test]
    fn a_tree_of_imports_is_taken_apart() {
        let text = "pub(crate) use super::a::{self, B as C, d::{E, F}};\nuse g::*; use ::h::I;";
        let modules = modules_in(text, Vec::new()).unwrap();
        let imports = modules[0].imports.iter().map(|import| {
            let name = import.name.as_deref().unwrap_or("*");
            (
                import.path.names.join("::"),
                name,
                import.is_reexport,
                import.path.line,
            )
        });
        let want = [
            ("super::a", "a", true, 1),
            ("super::a::B", "C", true, 1),
            ("super::a::d::E", "E", true, 1),
            ("super::a::d::F", "F", true, 1),
            ("g", "*", false, 2),
        ];
        let want = want.map(|(path, name, public, line)| (path.to_owned(), name, public, line));
        assert_eq!(imports.collect::<Vec<_>>(), want);
    }

    #[test]
    fn items_are_those_of_the_module_itself() {
        let text = "pub struct A(pub(super) B); const fn f() { fn g() {} }\n\
                    impl A { fn new() {} } mod m { type T = u8; } macro_rules! x { () => {} }";
        let modules = modules_in(text, vec!["a".to_owned()]).unwrap();
        let items: Vec<Vec<&str>> = modules
            .iter()
            .map(|module| module.items.iter().map(String::as_str).collect())
            .collect();
        assert_eq!(items, [vec!["A", "f", "x"], vec!["T"]]);
        assert_eq!(modules[1].place, ["a", "m"]);
    }

    #[test]
    fn paths_are_found_wherever_they_stand_and_a_visibility_is_none() {
        let text = "pub(in crate::x) fn f(a: super::A) -> b::B { vec![crate::c::D::new(E::F)] }\n\
                    #[cfg(test)] mod tests { fn g() { super::h::I } }\n\
                    #[cfg(test)] mod fixture;";
        let modules = modules_in(text, Vec::new()).unwrap();
        let want = ["super::A", "b::B", "crate::c::D::new", "E::F"];
        assert_eq!(paths(&modules), want);
        assert_eq!(modules[0].for_tests.iter().collect::<Vec<_>>(), ["fixture"]);
    }
}
