//! One scan over all columns, as they lie.

use super::column::ColumnProfile;
use super::users::Users;
use super::{Distinct, Insights, Thresholds};
use crate::api::Snapshot;
use crate::model::{OddTimes, Result, ScanOrder, ScanQuery};

/// All figures, and rows with odd timestamps; findings are left to whoever compares them.
pub(super) fn collect(
    snapshot: &Snapshot,
    users: &Users,
    thresholds: &Thresholds,
) -> Result<(Insights, OddTimes<()>)> {
    let mut scan = snapshot.scan(&ScanQuery {
        order: ScanOrder::Any,
        ..ScanQuery::default()
    })?;
    let schema = scan.schema().clone();
    let fields = schema.fields();
    let needed = fields.len() as f64 * thresholds.min_completeness;
    let mut profiles: Vec<ColumnProfile> = fields
        .iter()
        .enumerate()
        .map(|(id, field)| ColumnProfile::new(id, field))
        .collect();
    let mut batch = scan.new_batch();
    let mut filled: Vec<u32> = Vec::new();
    let (mut rows, mut incomplete_rows) = (0, 0);
    let mut timestamps: Option<(i64, i64)> = None;
    let mut odd_times = OddTimes::default();
    while scan.read(&mut batch)? {
        rows += batch.rows() as u64;
        filled.clear();
        filled.resize(batch.rows(), 0);
        for profile in &mut profiles {
            profile.add(&batch, &mut filled)?;
        }
        let incomplete = filled.iter().filter(|count| f64::from(**count) < needed);
        incomplete_rows += incomplete.count() as u64;
        for at in &batch.timestamps {
            let (first, last) = timestamps.unwrap_or((*at, *at));
            timestamps = Some((first.min(*at), last.max(*at)));
            odd_times.look_at(*at, || ());
        }
    }
    let mut columns = Vec::with_capacity(fields.len());
    for (profile, field) in profiles.into_iter().zip(fields) {
        columns.push(profile.finish(field, rows, thresholds.outlier_distance)?);
    }
    if let Some(column) = columns.get_mut(schema.user()) {
        column.distinct = Some(Distinct {
            count: users.all,
            exact: true,
        });
    }
    let insights = Insights {
        interactions: rows,
        users: users.all,
        users_with_enough: users.with_enough,
        duplicate_rows: users.duplicate_rows,
        incomplete_rows,
        timestamps,
        trainable: rows >= thresholds.min_interactions
            && users.with_enough >= thresholds.min_users
            && users.share_with_enough() >= thresholds.min_user_share,
        findings: Vec::new(),
        columns,
    };
    Ok((insights, odd_times))
}
