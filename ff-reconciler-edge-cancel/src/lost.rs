//! Which groups are flagged and not in the queue?

use ff_scanner_core::postgres::Transaction;
use ff_scanner_core::{Global, Page, PartitionSet};
use uuid::Uuid;

use crate::Group;
use crate::group::{columns, look};
use crate::walk::Place;

/// The look of the reconciler for flagged groups, as it is run.
pub const WALK_SQL: &str = include_str!("../sql/walk.sql");
/// The look of the reconciler for those of them that are not in the queue, as it is run.
pub const FIND_LOST_SQL: &str = include_str!("../sql/find_lost.sql");

/// A group that was walked over.
#[derive(Clone, Debug)]
pub(crate) struct Walked {
    pub(crate) place: Place,
    pub(crate) group: Group,
    pub(crate) flagged: bool,
    /// How many were walked over with it.
    pub(crate) number: u32,
}

/// Walks through `groups` groups behind a place; returns those that are flagged, and the last.
pub(crate) async fn walk(
    tx: &mut Transaction,
    partitions: &PartitionSet,
    behind: &Place,
    groups: u32,
) -> Result<Vec<Walked>, sqlx::Error> {
    let first = partitions.keys().partition_point(|key| *key < behind.partition);
    let rows: Vec<(i16, Uuid, Uuid, String, bool, i64)> = sqlx::query_as(WALK_SQL)
        .bind(&partitions.keys()[first..])
        .bind(behind.partition)
        .bind(&behind.ctid)
        .bind(i64::from(groups))
        .fetch_all(&mut **tx)
        .await?;
    let walked = |(partition, flow_id, downstream_eid, ctid, flagged, number)| Walked {
        place: Place { partition, ctid },
        group: Group { flow_id, downstream_eid },
        flagged,
        number: u32::try_from(number).unwrap_or(groups),
    };
    Ok(rows.into_iter().map(walked).collect())
}

/// Keeps at most `room` of `flagged`: those that have no queue entry and belong to `page`.
pub(crate) async fn keep_lost(
    tx: &mut Transaction,
    page: &Page<'_, Global, Group>,
    room: usize,
    flagged: Vec<Walked>,
) -> Result<Vec<Walked>, sqlx::Error> {
    if flagged.is_empty() {
        return Ok(flagged);
    }
    let groups: Vec<Group> = flagged.iter().map(|walked| walked.group).collect();
    let (flows, downstreams) = columns(&groups);
    let partitions: Vec<i16> = flagged.iter().map(|walked| walked.place.partition).collect();
    let numbers: Vec<(i64,)> =
        look(FIND_LOST_SQL, page, room).bind(partitions).bind(flows).bind(downstreams).fetch_all(&mut **tx).await?;
    let number = |(number,): (i64,)| usize::try_from(number).ok()?.checked_sub(1);
    Ok(numbers.into_iter().filter_map(number).filter_map(|index| flagged.get(index).cloned()).collect())
}
