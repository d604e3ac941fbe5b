//! A range of timestamps.

use annals::TimeRange;
use clap::Args;
use jiff::Timestamp;

use super::moment::epoch_seconds;

/// A half-open range of timestamps.
#[derive(Args)]
pub struct Window {
    /// Only timestamps from this one on: epoch seconds, a date or date and time (UTC), or how long before
    /// now, by this machine's clock: 1704067200, 2024-01-01, 2024-01-01T18:30:00Z, 7d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = bound)]
    since: Option<Bound>,
    /// Only timestamps before this one, written as with `--since`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = bound)]
    until: Option<Bound>,
}

/// One end of a range, in epoch seconds.
#[derive(Clone, Copy)]
struct Bound(i64);

impl Window {
    pub fn range(&self) -> TimeRange {
        let [since, until] = [self.since, self.until].map(|end| end.map(|Bound(seconds)| seconds));
        TimeRange::new(since, until)
    }

    /// The bounds that were given, with what the command line calls them.
    pub fn bounds(&self) -> impl Iterator<Item = (&'static str, i64)> {
        let bounds = [("--since", self.since), ("--until", self.until)];
        let given = bounds.into_iter();
        given.filter_map(|(name, bound)| Some((name, bound?.0)))
    }
}

fn bound(text: &str) -> Result<Bound, String> {
    epoch_seconds(text, Timestamp::now()).map(Bound)
}
