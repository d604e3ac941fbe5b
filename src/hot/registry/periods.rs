//! Tables of one kind that expire whole: no entry is ever removed by itself.

use crate::hot::log::Log;
use crate::hot::log::{Table, TableKind};
use crate::model::Result;

/// The live tables of a kind. The newest takes the writes. Once it is as old as the retention the
/// next write begins another; and a write drops one when the next is as old as that. So an entry is
/// kept for the retention at least, and for little more than twice that while writes go on.
pub(super) struct Periods {
    kind: TableKind,
    retention_seconds: Option<u64>,
    /// When each was begun, rising.
    begins: Vec<u64>,
}

impl Periods {
    pub(in crate::hot) fn new(
        kind: TableKind,
        retention_seconds: Option<u64>,
        tables: &[Table],
    ) -> Self {
        let of_kind = tables.iter().filter(|table| table.kind == kind);
        let mut begins: Vec<u64> = of_kind.map(|table| table.begin).collect();
        begins.sort_unstable();
        Self {
            kind,
            retention_seconds,
            begins,
        }
    }

    /// The tables, newest first.
    pub(in crate::hot) fn tables(&self) -> impl Iterator<Item = Table> {
        let kind = self.kind;
        let newest_first = self.begins.iter().rev();
        newest_first.map(move |begin| Table {
            kind,
            begin: *begin,
        })
    }

    /// Drops what has expired and gives the table that takes the writes. `now` is asked only where
    /// something expires. A clock that goes backwards changes nothing.
    pub(in crate::hot) fn turn(&mut self, log: &dyn Log, now: impl Fn() -> u64) -> Result<Table> {
        let kind = self.kind;
        let begun = |begin| Table { kind, begin };
        let Some(retention) = self.retention_seconds else {
            let begin = match self.begins.last() {
                Some(begin) => *begin,
                None => self.begin(log, 0)?,
            };
            return Ok(begun(begin));
        };
        let now = now();
        let is_old = |begin: u64| now >= begin.saturating_add(retention);
        let newest = match self.begins.last() {
            Some(begin) if !is_old(*begin) => *begin,
            _ => self.begin(log, now)?,
        };
        while let Some(&[expired, next]) = self.begins.first_chunk()
            && is_old(next)
        {
            log.drop_table(begun(expired))?;
            self.begins.remove(0);
        }
        Ok(begun(newest))
    }

    fn begin(&mut self, log: &dyn Log, begin: u64) -> Result<u64> {
        log.create_table(Table {
            kind: self.kind,
            begin,
        })?;
        self.begins.push(begin);
        Ok(begin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hot::log::MemoryLog;

    #[test]
    fn an_entry_is_kept_for_the_retention_and_goes_after_twice_that() {
        let log = MemoryLog::default();
        let mut periods = Periods::new(TableKind::Ids, Some(10), &[]);
        let mut begins = |now: u64| {
            periods.turn(&log, || now).unwrap();
            let begins: Vec<u64> = periods.tables().map(|table| table.begin).collect();
            assert_eq!(log.tables().unwrap().len(), begins.len());
            begins
        };
        assert_eq!(begins(100), [100]);
        assert_eq!(begins(109), [100]);
        assert_eq!(begins(50), [100]);
        assert_eq!(begins(110), [110, 100]);
        assert_eq!(begins(119), [110, 100]);
        assert_eq!(begins(120), [120, 110]);
        assert_eq!(begins(500), [500, 120]);
        assert_eq!(begins(510), [510, 500]);
    }

    #[test]
    fn without_a_retention_nothing_expires_and_no_clock_is_asked() {
        let log = MemoryLog::default();
        let mut periods = Periods::new(TableKind::Ids, None, &[]);
        for _ in 0..2 {
            let table = periods.turn(&log, || panic!("nobody asks")).unwrap();
            assert_eq!(table, Table::only(TableKind::Ids));
        }
        let mut shorter = Periods::new(TableKind::Ids, Some(5), &log.tables().unwrap());
        shorter.turn(&log, || 70).unwrap();
        assert_eq!(log.tables().unwrap().len(), 2);
        shorter.turn(&log, || 75).unwrap();
        assert_eq!(
            shorter
                .tables()
                .map(|table| table.begin)
                .collect::<Vec<_>>(),
            [75, 70]
        );
    }
}
