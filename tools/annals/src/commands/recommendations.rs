use annals::Durability;
use annals::import::recommendation_of_json;
use clap::Args;

use super::records::Records;
use crate::failure::Outcome;
use crate::output::{count, warn_of_long};

/// Records what was recommended, for the events that name it: one JSON object a line, with
/// `recommendationId`, `items` and, if known, `source`; or an answer of the service's
/// GetRecommendations or GetPersonalizedRanking call, as its client libraries give it.
///
/// A line that breaks a rule is named, and the next one goes on; the command then ends with exit
/// code 3.
#[derive(Args)]
pub struct Recommendations {
    #[command(flatten)]
    records: Records,
}

impl Recommendations {
    pub fn run(self) -> Outcome {
        let (mut long, mut first_long) = (0, "");
        let done = self.records.each(|store, line| {
            let recommendation = recommendation_of_json(line)?;
            // Lines share a sync.
            store.record_recommendation(&recommendation, Durability::Buffered)?;
            if let Some(field) = recommendation.long_field(store.limits()) {
                first_long = if long == 0 { field } else { first_long };
                long += 1;
            }
            Ok(())
        })?;
        warn_of_long(long, "recommendation", first_long);
        let summary = format!("{} recorded", count(done.taken, "recommendation"));
        done.outcome("recommendation", summary)
    }
}
