//! Tokens of a source file, and which of them are for tests alone.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

pub(super) fn parsed(text: &str) -> Result<TokenStream, String> {
    text.parse().map_err(|error: proc_macro2::LexError| {
        format!("line {}: not Rust: {error}", error.span().start().line)
    })
}

/// `[cfg(test)]` or `[cfg(all(test, …))]`.
pub(super) fn is_cfg_test(attribute: &Group) -> bool {
    let text: String = attribute.stream().to_string().split_whitespace().collect();
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

/// What follows the item, field or arm that `tokens` start with.
pub(super) fn skip_item(tokens: &[TokenTree]) -> &[TokenTree] {
    let ends_at_comma = !is_item(tokens);
    let end = tokens.iter().position(|token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => is_punct(token, ';') || (ends_at_comma && is_punct(token, ',')),
    });
    end.map_or(&[], |end| &tokens[end + 1..])
}

/// Whether `tokens` start with an item, which a comma does not end, after attributes and `pub`.
fn is_item(tokens: &[TokenTree]) -> bool {
    const KEYWORDS: [&str; 14] = [
        "async", "const", "enum", "extern", "fn", "impl", "let", "mod", "static", "struct",
        "trait", "type", "unsafe", "use",
    ];
    match tokens {
        [hash, TokenTree::Group(_), rest @ ..] if is_punct(hash, '#') => is_item(rest),
        [word, TokenTree::Group(_), rest @ ..] if is_ident(word, "pub") => is_item(rest),
        [word, rest @ ..] if is_ident(word, "pub") => is_item(rest),
        [first, ..] => KEYWORDS.iter().any(|keyword| is_ident(first, keyword)),
        [] => false,
    }
}

pub(super) fn after_colons(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    match tokens {
        [first, second, rest @ ..] if is_punct(first, ':') && is_punct(second, ':') => Some(rest),
        _ => None,
    }
}

pub(super) fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

pub(super) fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

pub(super) fn line(token: &TokenTree) -> usize {
    token.span().start().line
}
