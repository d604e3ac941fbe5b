//! Under whom rows are stored: a user's id, or a session that stands in as the user.
//!
//! The key of a session is its id and U+0000, which no id holds: so it sorts right behind the user
//! of the same name, and nothing can come between the two.

/// What ends the key of a session.
const MARK: char = '\0';

/// The key that the events of a session without a user lie under.
pub(crate) fn session_key(session: &str) -> String {
    let mut key = String::with_capacity(session.len() + 1);
    key.push_str(session);
    key.push(MARK);
    key
}

/// The session whose key it is; `None` for a user.
#[inline]
pub(crate) fn session_of(key: &str) -> Option<&str> {
    key.strip_suffix(MARK)
}

/// The user that a key is shown as: for a session its id.
#[inline]
pub(crate) fn shown_user(key: &str) -> &str {
    session_of(key).unwrap_or(key)
}

/// A bound on the users that are shown as one on keys. They differ for a bound that holds the mark:
/// it lies behind the user before the mark, and so behind the session of the same name.
pub(crate) fn key_bound(bound: &str) -> String {
    match bound.split_once(MARK) {
        Some((user, _)) => format!("{user}{MARK}{MARK}"),
        None => bound.to_owned(),
    }
}

/// Whether an id holds what only keys of sessions hold.
#[inline]
pub(crate) fn holds_mark(id: &str) -> bool {
    id.as_bytes().contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_on_shown_users_and_one_on_keys_say_the_same() {
        let users = ["a", "a\u{1}", "aa", "b"];
        for bound in ["", "a", "a\0", "a\0\0", "a\0b", "a\u{1}", "aa", "aa\0", "c"] {
            let on_keys = key_bound(bound);
            for user in users {
                for key in [user.to_owned(), session_key(user)] {
                    assert_eq!(shown_user(&key), user);
                    assert_eq!(
                        key.as_str() < on_keys.as_str(),
                        user < bound,
                        "{key:?} {bound:?}"
                    );
                }
            }
        }
    }
}
