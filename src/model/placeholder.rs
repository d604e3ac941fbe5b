//! Ids that programs write where they have none.

/// What programs of several languages write for no value, in lower case.
const PLACEHOLDERS: [&str; 4] = ["null", "undefined", "none", "nan"];

/// Whether a user's or session's id is probably none: `null`, `undefined`, `None` or `NaN` in any case of
/// letters, as programs write where a value is missing. All such users would be one.
#[inline]
pub fn is_placeholder_id(id: &str) -> bool {
    // Most ids are told apart by their length and first letter alone.
    let begins = matches!(id.as_bytes().first(), Some(b'n' | b'N' | b'u' | b'U'));
    begins
        && id.len() <= 9
        && PLACEHOLDERS
            .iter()
            .any(|known| id.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known_in_any_case() {
        for id in [
            "null",
            "NULL",
            "undefined",
            "Undefined",
            "None",
            "none",
            "NaN",
            "nan",
        ] {
            assert!(is_placeholder_id(id), "{id}");
        }
        for id in ["", "nul", "nulls", " null", "nancy", "u", "undefined1"] {
            assert!(!is_placeholder_id(id), "{id}");
        }
    }
}
