//! Sessions and recommendations.

use super::events::check_source;
use super::{Validator, rules, shown};
use crate::model::{Error, Recommendation, Result, holds_mark, lifting};

impl Validator {
    /// Checks the id of a session, which may come to stand in as a user.
    ///
    /// # Errors
    /// `InvalidInput`, naming the value and the rule.
    pub(crate) fn check_session(&self, session: &str) -> Result<()> {
        self.check_id("session id", session)?;
        if holds_mark(session) {
            return Err(Error::invalid(format!(
                "session id: value {}: holds U+0000, which ends the keys of sessions; leave it out",
                shown(session)
            )));
        }
        Ok(())
    }

    /// Checks what was recommended.
    ///
    /// # Errors
    /// `InvalidInput`, naming the value and the rule.
    pub(crate) fn check_recommendation(&self, given: &Recommendation) -> Result<()> {
        let within = |error: Error| error.within(format!("recommendation {}", shown(&given.id)));
        self.check_named(
            "recommendation id",
            &given.id,
            self.limits.max_recommendation_id_chars,
            "max_recommendation_id_chars",
        )?;
        if given.items.is_empty() {
            return Err(within(Error::invalid(
                "has no items; give those that were shown",
            )));
        }
        for item in &given.items {
            self.check_id("item id", item)
                .and_then(|()| self.check_no_name("item id", item))
                .map_err(within)?;
            if item.contains('|') {
                return Err(within(Error::invalid(format!(
                    "item id: value {}: must not hold a bar, which separates the items of an \
                     impression; correct the id",
                    shown(item)
                ))));
            }
        }
        let bytes: usize = given.items.iter().map(String::len).sum();
        // Joined by bars.
        let bytes = bytes + given.items.len() - 1;
        if bytes > super::Limits::MAX_CELL_BYTES {
            return Err(within(Error::invalid(format!(
                "its items take {bytes} bytes; a store holds at most {} in one value; give fewer",
                super::Limits::MAX_CELL_BYTES
            ))));
        }
        match &given.source {
            Some(source) => check_source("source", source, &self.limits)
                .and_then(|()| self.check_no_name("source", source))
                .map_err(within),
            None => Ok(()),
        }
    }

    /// What an import refuses must not come in otherwise, or an export would not import again.
    fn check_no_name(&self, what: &str, text: &str) -> Result<()> {
        if self.is_refused_name(text) {
            let (value, rule) = (shown(text), rules::reserved_name());
            return Err(Error::invalid(format!("{what}: value {value}: {rule}")));
        }
        Ok(())
    }

    fn check_id(&self, what: &str, id: &str) -> Result<()> {
        self.check_named(what, id, self.limits.max_id_chars, "max_id_chars")
    }

    fn check_named(&self, what: &str, text: &str, max: Option<usize>, limit: &str) -> Result<()> {
        let refused = |rule: String| {
            let value = shown(text);
            Err(Error::invalid(format!("{what}: value {value}: {rule}")))
        };
        if text.is_empty() {
            return refused("must not be empty; give a value".to_owned());
        }
        if text.len() > super::Limits::MAX_CELL_BYTES {
            return refused(format!("{} bytes; shorten it", text.len()));
        }
        match max.map(|max| (text.chars().count(), max)) {
            Some((chars, max)) if chars > max => refused(format!(
                "{chars} characters; shorten it to {max} or {}",
                lifting(limit)
            )),
            _ => Ok(()),
        }
    }
}
