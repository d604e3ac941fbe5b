//! What a store does, told to `tracing` and `metrics` where the features of these names are on. Without them
//! nothing of this is left.

#[cfg(any(feature = "tracing", feature = "metrics"))]
use std::time::Instant;

/// A read that takes longer is told.
#[cfg(feature = "tracing")]
const SLOW: std::time::Duration = std::time::Duration::from_millis(10);

/// Work that takes a while. It has failed where nobody says that it is done.
#[must_use]
pub(crate) struct Work {
    #[cfg(any(feature = "tracing", feature = "metrics"))]
    name: &'static str,
    #[cfg(any(feature = "tracing", feature = "metrics"))]
    began: Instant,
    #[cfg(any(feature = "tracing", feature = "metrics"))]
    is_done: bool,
    #[cfg(feature = "tracing")]
    _span: tracing::span::EnteredSpan,
}

impl Work {
    /// Begins it: `seal`, `compaction`, `import`, `open`, `purge`.
    #[cfg_attr(
        not(any(feature = "tracing", feature = "metrics")),
        expect(unused_variables, reason = "nobody is told")
    )]
    pub(crate) fn begin(name: &'static str) -> Self {
        Self {
            #[cfg(any(feature = "tracing", feature = "metrics"))]
            name,
            #[cfg(any(feature = "tracing", feature = "metrics"))]
            began: Instant::now(),
            #[cfg(any(feature = "tracing", feature = "metrics"))]
            is_done: false,
            #[cfg(feature = "tracing")]
            _span: tracing::info_span!(target: "annals", "work", work = name).entered(),
        }
    }

    /// Ends it, with the rows that it went through and the bytes that it wrote, where it has any.
    #[cfg_attr(
        not(any(feature = "tracing", feature = "metrics")),
        expect(unused_mut, unused_variables, reason = "nobody is told")
    )]
    pub(crate) fn done(mut self, rows: u64, bytes: u64) {
        #[cfg(any(feature = "tracing", feature = "metrics"))]
        {
            self.is_done = true;
        }
        #[cfg(feature = "tracing")]
        tracing::info!(
            target: "annals",
            work = self.name, rows, bytes, seconds = self.began.elapsed().as_secs_f64(), "done"
        );
        #[cfg(feature = "metrics")]
        {
            metrics::counter!("annals_rows_total", "work" => self.name).increment(rows);
            metrics::counter!("annals_written_bytes_total", "work" => self.name).increment(bytes);
        }
    }
}

#[cfg(any(feature = "tracing", feature = "metrics"))]
impl Drop for Work {
    fn drop(&mut self) {
        #[cfg(feature = "tracing")]
        if !self.is_done {
            tracing::warn!(target: "annals", work = self.name, "failed or stopped");
        }
        #[cfg(feature = "metrics")]
        {
            let outcome = if self.is_done { "done" } else { "failed" };
            metrics::counter!("annals_work_total", "work" => self.name, "outcome" => outcome)
                .increment(1);
            metrics::histogram!("annals_work_seconds", "work" => self.name)
                .record(self.began.elapsed().as_secs_f64());
        }
    }
}

/// A read, which is told where it was slow.
#[must_use]
pub(crate) struct Read {
    #[cfg(feature = "tracing")]
    name: &'static str,
    #[cfg(any(feature = "tracing", feature = "metrics"))]
    began: Instant,
}

impl Read {
    /// Begins it: `history`, `unseen`.
    #[cfg_attr(
        not(feature = "tracing"),
        expect(unused_variables, reason = "nobody is told")
    )]
    #[inline]
    pub(crate) fn begin(name: &'static str) -> Self {
        Self {
            #[cfg(feature = "tracing")]
            name,
            #[cfg(any(feature = "tracing", feature = "metrics"))]
            began: Instant::now(),
        }
    }
}

#[cfg(any(feature = "tracing", feature = "metrics"))]
impl Drop for Read {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        #[cfg(feature = "tracing")]
        if took > SLOW {
            let seconds = took.as_secs_f64();
            tracing::warn!(target: "annals", read = self.name, seconds, "slow");
        }
        #[cfg(feature = "metrics")]
        metrics::histogram!("annals_read_seconds").record(took.as_secs_f64());
    }
}

/// Counts a commit of so many rows.
#[cfg_attr(
    not(feature = "metrics"),
    expect(unused_variables, reason = "nobody is told")
)]
#[inline]
pub(crate) fn committed(rows: u64) {
    #[cfg(feature = "metrics")]
    {
        metrics::counter!("annals_commits_total").increment(1);
        metrics::counter!("annals_rows_total", "work" => "commit").increment(rows);
    }
}

/// Says what an opening found damaged, or what ended maintenance.
#[cfg_attr(
    not(feature = "tracing"),
    expect(unused_variables, reason = "nobody is told")
)]
pub(crate) fn trouble(what: &str) {
    #[cfg(feature = "tracing")]
    tracing::error!(target: "annals", "{what}");
}
