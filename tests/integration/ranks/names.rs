//! What a source file names, read from its tokens: comments and strings do not count, the inside
//! of macro calls does, and items under `#[cfg(test)]` are left out.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::tokens::{after_colons, is_cfg_test, is_ident, is_punct, line, parsed, skip_item};

/// Crates that have one home.
const CRATES: [&str; 3] = ["rocksdb", "librocksdb_sys", "bincode"];

/// Something that a file names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// The first segment of a path from the crate's root, however it got there (`crate`, `super`).
    Root(String),
    /// Everything in the crate's root: a glob, or the root under another name.
    WholeRoot,
    /// One of `CRATES`.
    Crate(&'static str),
}

/// Something that a file names, and the line where it does.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) named: Named,
    pub(super) line: usize,
}

/// What `text` names, the text being that of a module `depth` steps below the crate's root.
pub(super) fn names_in(text: &str, depth: usize) -> Result<Vec<Name>, String> {
    let mut names = Vec::new();
    walk(parsed(text)?, depth, &mut names);
    Ok(names)
}

fn walk(stream: TokenStream, depth: usize, names: &mut Vec<Name>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut rest = tokens.as_slice();
    while let Some((first, after)) = rest.split_first() {
        rest = match rest {
            // `#![cfg(test)]`: all that encloses it is for tests.
            [hash, bang, TokenTree::Group(attribute), ..]
                if is_punct(hash, '#') && is_punct(bang, '!') && is_cfg_test(attribute) =>
            {
                return;
            }
            [hash, TokenTree::Group(attribute), item @ ..]
                if is_punct(hash, '#') && is_cfg_test(attribute) =>
            {
                skip_item(item)
            }
            [
                keyword,
                TokenTree::Ident(_),
                TokenTree::Group(body),
                after @ ..,
            ] if is_ident(keyword, "mod") => {
                walk(body.stream(), depth + 1, names);
                after
            }
            [TokenTree::Group(group), ..] => {
                walk(group.stream(), depth, names);
                after
            }
            [TokenTree::Ident(ident), ..] if ident == "crate" => {
                root_names(after, line(first), names);
                after
            }
            [TokenTree::Ident(ident), ..] if ident == "super" => {
                let (steps, path) = supers(rest);
                if steps == depth {
                    root_names(path, line(first), names);
                }
                path
            }
            _ => {
                names.extend(known_crate(first));
                after
            }
        };
    }
}

/// How many `super` in a row `tokens` start with, and what follows them.
fn supers(tokens: &[TokenTree]) -> (usize, &[TokenTree]) {
    let mut steps = 1;
    let mut rest = &tokens[1..];
    while let Some((first, after)) = after_colons(rest).and_then(<[_]>::split_first) {
        if !is_ident(first, "super") {
            break;
        }
        steps += 1;
        rest = after;
    }
    (steps, rest)
}

/// What is taken from the crate's root, `tokens` being what follows the root's own name.
fn root_names(tokens: &[TokenTree], line: usize, names: &mut Vec<Name>) {
    match after_colons(tokens) {
        Some([TokenTree::Group(group), ..]) if group.delimiter() == Delimiter::Brace => {
            let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
            for tokens in tokens.split(|token| is_punct(token, ',')) {
                names.extend(tokens.first().and_then(root_name));
            }
        }
        Some(path) => names.extend(
            path.first()
                .and_then(|token| root_name(token).map(|name| Name { line, ..name })),
        ),
        // `extern crate self as …` and `use crate as …`
        None if tokens
            .first()
            .is_some_and(|next| is_ident(next, "self") || is_ident(next, "as")) =>
        {
            names.push(Name {
                named: Named::WholeRoot,
                line,
            });
        }
        None => {}
    }
}

fn root_name(token: &TokenTree) -> Option<Name> {
    let named = match token {
        TokenTree::Ident(ident) if ident == "self" => Named::WholeRoot,
        TokenTree::Ident(ident) => Named::Root(ident.to_string()),
        TokenTree::Punct(punct) if punct.as_char() == '*' => Named::WholeRoot,
        _ => return None,
    };
    Some(Name {
        named,
        line: line(token),
    })
}

fn known_crate(token: &TokenTree) -> Option<Name> {
    let name = CRATES.into_iter().find(|name| is_ident(token, name))?;
    Some(Name {
        named: Named::Crate(name),
        line: line(token),
    })
}
