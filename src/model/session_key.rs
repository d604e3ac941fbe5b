//! Under whom rows are stored: a user's id, or a session that stands in as the user.
//!
//! The key of a session is its id and U+0000, which no id holds: so it sorts right behind the user
//! of the same name, and nothing can come between the two.

use super::{Error, Result, shown};

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

/// Refuses to look for a user whose id is none: it would be taken for the key of a session.
///
/// # Errors
/// `InvalidInput`, naming the value and the rule.
#[inline]
pub(crate) fn check_asked_user(id: &str) -> Result<()> {
    if holds_mark(id) {
        return Err(no_user(id));
    }
    Ok(())
}

#[cold]
fn no_user(id: &str) -> Error {
    Error::invalid(format!(
        "user id {}: holds U+0000, which no user's id does; leave it out",
        shown(id)
    ))
}

/// Whether an id holds what only keys of sessions hold.
#[inline]
pub(crate) fn holds_mark(id: &str) -> bool {
    id.as_bytes().contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So bounds on users are bounds on keys, too.
    #[test]
    fn a_session_lies_on_the_same_side_of_a_bound_as_the_user_of_its_name() {
        for bound in ["", "a", "a\u{1}", "aa", "c"] {
            for user in ["a", "a\u{1}", "aa", "b"] {
                let key = session_key(user);
                assert_eq!(shown_user(&key), user);
                assert_eq!(key.as_str() < bound, user < bound, "{key:?} {bound:?}");
            }
        }
    }
}
