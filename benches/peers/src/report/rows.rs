//! The rows of the table: which figures are compared with which.

use crate::peers::{LIMIT, OURS};
use crate::results::Results;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Better {
    More,
    Less,
}

/// One work.
pub struct Work {
    pub label: &'static str,
    pub unit: &'static str,
    pub better: Better,
    /// The figures of our store, of which the best counts.
    pub ours: &'static [&'static str],
    /// The figures of the others, of which the best counts: a store may have more than one form.
    pub theirs: &'static [&'static str],
}

const fn work(
    label: &'static str,
    unit: &'static str,
    better: Better,
    ours: &'static [&'static str],
    theirs: &'static [&'static str],
) -> Work {
    Work {
        label,
        unit,
        better,
        ours,
        theirs,
    }
}

use Better::{Less, More};

#[rustfmt::skip]
pub const WORKS: &[Work] = &[
    work("bulk load", "rows/s", More, &["load_rows_s"], &["load_rows_s"]),
    work("bulk load, peak memory", "MB", Less, &["load_peak_mb"], &["load_peak_mb"]),
    work("size on disk", "bytes/row", Less, &["disk_bytes_row"], &["disk_bytes_row"]),
    work("CSV file to store", "rows/s", More, &["csv_rows_s"], &["csv_rows_s"]),
    work("cold: opening", "µs", Less, &["cold_open_us"], &["cold_open_us"]),
    work("cold: first lookup", "µs", Less, &["cold_first_us"], &["cold_first_us"]),
    work("cold: first lookup, read from the disk", "KiB", Less, &["cold_first_kib"], &["cold_first_kib"]),
    work("cold: second lookup", "µs", Less, &["cold_second_us"], &["cold_second_us"]),
    work("open", "ms", Less, &["open_ms"], &["open_ms"]),
    work("newest 100, users by activity, p50", "µs", Less, &["history_activity_p50_us"], &["history_activity_p50_us"]),
    work("newest 100, users by activity, p99", "µs", Less, &["history_activity_p99_us"], &["history_activity_p99_us"]),
    work("newest 100, users by activity, 1 thread", "/s", More, &["history_activity_1t_s"], &["history_activity_1t_s"]),
    work("newest 100, users by activity, 2 threads", "/s", More, &["history_activity_2t_s"], &["history_activity_2t_s"]),
    work("newest 100, users alike, p50", "µs", Less, &["history_uniform_p50_us"], &["history_uniform_p50_us"]),
    work("newest 100, users alike, p99", "µs", Less, &["history_uniform_p99_us"], &["history_uniform_p99_us"]),
    work("newest 100, users alike, 1 thread", "/s", More, &["history_uniform_1t_s"], &["history_uniform_1t_s"]),
    work("newest 100, users alike, 2 threads", "/s", More, &["history_uniform_2t_s"], &["history_uniform_2t_s"]),
    work("newest 100 as a view, by activity, p50", "µs", Less, &["view_activity_p50_us"], &["history_activity_p50_us"]),
    work("newest 100 as a view, by activity, p99", "µs", Less, &["view_activity_p99_us"], &["history_activity_p99_us"]),
    work("newest 100 of 1,000 users in one call, each", "µs", Less, &["many_activity_us"], &["many_activity_us"]),
    work("filter 500 candidates, p50", "µs", Less, &["unseen_p50_us"], &["unseen_p50_us"]),
    work("filter 500 candidates, p99", "µs", Less, &["unseen_p99_us"], &["unseen_p99_us"]),
    work("scan, all columns, codes, 1 thread", "rows/s", More, &["scan_all_codes_1t_s"], &["scan_all_codes_1t_s", "scan_all_strings_1t_s"]),
    work("scan, all columns, codes, 2 threads", "rows/s", More, &["scan_all_codes_2t_s"], &["scan_all_codes_2t_s", "scan_all_strings_2t_s"]),
    work("scan, all columns, strings, 1 thread", "rows/s", More, &["scan_all_strings_1t_s"], &["scan_all_strings_1t_s"]),
    work("scan, all columns, strings, 2 threads", "rows/s", More, &["scan_all_strings_2t_s"], &["scan_all_strings_2t_s"]),
    work("scan, all columns, Arrow strings, 2 threads", "rows/s", More, &["scan_all_arrow_2t_s", "scan_all_views_2t_s"], &["scan_all_strings_2t_s", "scan_all_views_2t_s"]),
    work("scan, user item time, codes, 1 thread", "rows/s", More, &["scan_three_codes_1t_s"], &["scan_three_codes_1t_s", "scan_three_strings_1t_s"]),
    work("scan, user item time, codes, 2 threads", "rows/s", More, &["scan_three_codes_2t_s"], &["scan_three_codes_2t_s", "scan_three_strings_2t_s"]),
    work("scan, user item time, strings, 1 thread", "rows/s", More, &["scan_three_strings_1t_s"], &["scan_three_strings_1t_s"]),
    work("scan, user item time, strings, 2 threads", "rows/s", More, &["scan_three_strings_2t_s"], &["scan_three_strings_2t_s"]),
    work("scan, user item time, Arrow strings, 2 threads", "rows/s", More, &["scan_three_arrow_2t_s", "scan_three_views_2t_s"], &["scan_three_strings_2t_s", "scan_three_views_2t_s"]),
    work("scan, 10 % of the time, codes, 1 thread", "stored rows/s", More, &["scan_window_codes_1t_s"], &["scan_window_codes_1t_s", "scan_window_strings_1t_s"]),
    work("scan, 10 % of the time, codes, 2 threads", "stored rows/s", More, &["scan_window_codes_2t_s"], &["scan_window_codes_2t_s", "scan_window_strings_2t_s"]),
    work("scan, 10 % of the time, strings, 2 threads", "stored rows/s", More, &["scan_window_strings_2t_s"], &["scan_window_strings_2t_s"]),
    work("put, buffered, 1 thread", "/s", More, &["put_buffered_1t_s"], &["put_buffered_1t_s"]),
    work("batches of 100, buffered, 1 thread", "rows/s", More, &["put100_buffered_1t_s"], &["put100_buffered_1t_s"]),
    work("put, buffered, 16 threads", "/s", More, &["put_buffered_16t_s"], &["put_buffered_16t_s"]),
    work("put, synced, 1 thread", "/s", More, &["put_synced_1t_s"], &["put_synced_1t_s"]),
    work("put, synced, 16 threads", "/s", More, &["put_synced_16t_s"], &["put_synced_16t_s"]),
    work("newest 100 under 20 k writes/s, p50", "µs", Less, &["mixed_p50_us"], &["mixed_p50_us"]),
    work("newest 100 under 20 k writes/s, p99", "µs", Less, &["mixed_p99_us"], &["mixed_p99_us"]),
];

/// The figures of one work, side by side.
pub struct Compared<'a> {
    pub work: &'static Work,
    pub ours: Option<f64>,
    pub limit: Option<f64>,
    /// The peers that can do it, best first.
    pub peers: Vec<(&'a str, f64)>,
}

impl Work {
    /// How many times better the first is.
    pub fn ratio(&self, first: f64, second: f64) -> f64 {
        match self.better {
            Better::More => first / second,
            Better::Less => second / first,
        }
    }

    /// The best of a store's figures with these names.
    pub fn best_of(&self, results: &Results, store: &str, names: &[&str]) -> Option<f64> {
        let figures = names.iter().filter_map(|name| results.figure(store, name));
        figures.reduce(|best, next| match self.ratio(next, best) > 1.0 {
            true => next,
            false => best,
        })
    }

    pub fn compare<'a>(&'static self, results: &'a Results) -> Compared<'a> {
        let others = results.stores.iter().map(String::as_str);
        let others = others.filter(|store| ![LIMIT, OURS].contains(store));
        let figures =
            others.filter_map(|store| Some((store, self.best_of(results, store, self.theirs)?)));
        let mut peers: Vec<(&str, f64)> = figures.collect();
        peers.sort_by(|(_, first), (_, second)| match self.better {
            Better::More => second.total_cmp(first),
            Better::Less => first.total_cmp(second),
        });
        Compared {
            work: self,
            ours: self.best_of(results, OURS, self.ours),
            limit: self.best_of(results, LIMIT, self.theirs),
            peers,
        }
    }
}

impl Compared<'_> {
    /// How many times better ours is than the best peer.
    pub fn to_best(&self) -> Option<f64> {
        let (_, best) = self.peers.first()?;
        Some(self.work.ratio(self.ours?, *best))
    }

    pub fn to_limit(&self) -> Option<f64> {
        Some(self.work.ratio(self.ours?, self.limit?))
    }
}
