//! Counts in words.

/// `1 row`, `2 rows`.
pub fn rows(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} row{plural}")
}
