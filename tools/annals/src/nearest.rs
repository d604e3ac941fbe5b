//! Names that a name may have been meant for.

use strsim::damerau_levenshtein;

/// Names that are offered, at most.
const MOST: usize = 3;
/// Bytes beyond which names are not compared: the cost grows with the square.
const MOST_BYTES: usize = 256;

/// The known names that are nearest to one that is not, nearest first: those that differ in case, or in
/// few letters, or begin alike.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = folded(name);
    let mut near: Vec<(usize, &str)> = Vec::new();
    for candidate in known {
        if let Some(distance) = distance(&wanted, &folded(candidate)) {
            let at = near.partition_point(|found| *found <= (distance, candidate));
            near.insert(at, (distance, candidate));
            near.truncate(MOST);
        }
    }
    near.into_iter().map(|(_, name)| name).collect()
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// How far apart two names are; `None` where nobody would take one for the other.
fn distance(wanted: &str, known: &str) -> Option<usize> {
    if wanted.len().max(known.len()) > MOST_BYTES {
        return None;
    }
    let distance = damerau_levenshtein(wanted, known);
    let letters = wanted.chars().count();
    let begins = letters >= 3 && (known.starts_with(wanted) || wanted.starts_with(known));
    (distance <= (letters / 3).max(1) || begins && !known.is_empty()).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_come_nearest_first() {
        let known = ["click", "purchase", "view", "add to cart"];
        assert_eq!(nearest("veiw", known), ["view"]);
        assert_eq!(nearest(" CLICK", known), ["click"]);
        assert_eq!(nearest("purch", known), ["purchase"]);
        assert_eq!(nearest("buy", known), [""; 0]);
        assert_eq!(
            nearest("u11", ["u1", "u12", "u13", "u14"]),
            ["u1", "u12", "u13"]
        );
    }
}
