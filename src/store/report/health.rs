//! Whether a store does all that it should.

use crate::store::engine::Engine;

/// How a store is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "state", content = "reasons", rename_all = "snake_case")]
pub enum Health {
    /// It reads, writes and maintains.
    Healthy,
    /// It goes on, but for what the reasons say: segments that are damaged or missing, whose rows cannot be read;
    /// compaction in the background that damage has ended.
    Degraded(Vec<String>),
    /// It refuses writes until it is opened again, since what is on disk may differ from what is in memory.
    Poisoned(String),
}

impl Engine {
    /// How it is.
    pub(crate) fn health(&self) -> Health {
        if let Some(why) = self.poisoned() {
            return Health::Poisoned(why.to_owned());
        }
        let version = self.version.load();
        let lost = version.lost.iter().map(|lost| lost.why.clone());
        let stopped = self.compaction_stopped.lock();
        let stopped = stopped
            .iter()
            .map(|damage| format!("compaction in the background stopped: {damage}"));
        let reasons: Vec<String> = lost.chain(stopped).collect();
        match reasons.is_empty() {
            true => Health::Healthy,
            false => Health::Degraded(reasons),
        }
    }
}
