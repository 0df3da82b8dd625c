//! What do the statements return?

use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::policy::Tally;

/// A pending event, from `look_told.sql`.
#[derive(FromRow)]
pub(crate) struct ToldRow {
    pub(crate) partition_key: i16,
    pub(crate) event_id: i64,
    pub(crate) execution_id: Uuid,
    pub(crate) flow_id: Option<Uuid>,
}

/// An execution of a flow: a child that waits, from `look_waiting.sql`, or an upstream that has ended, from
/// `look_untold.sql`.
#[derive(Clone, Copy, FromRow)]
pub(crate) struct MemberRow {
    pub(crate) partition_key: i16,
    pub(crate) flow_id: Uuid,
    pub(crate) execution_id: Uuid,
}

/// An event that is locked, from `lock_told.sql`.
#[derive(FromRow)]
pub(crate) struct EventRow {
    pub(crate) event_id: i64,
    pub(crate) execution_id: Uuid,
    pub(crate) flow_id: Option<Uuid>,
    pub(crate) outcome: String,
}

/// An edge below an ended upstream, with its group, from `lock_groups.sql`.
#[derive(FromRow)]
pub(crate) struct EdgeRow {
    pub(crate) place: i64,
    pub(crate) flow_id: Uuid,
    pub(crate) edge_id: Uuid,
    pub(crate) edge_ctid: String,
    pub(crate) upstream_eid: Uuid,
    pub(crate) downstream_eid: Uuid,
    /// Somebody else has the group.
    pub(crate) held: bool,
    /// `None` when the group is held or gone, as all that follows.
    pub(crate) group_ctid: Option<String>,
    pub(crate) policy: Option<Json<Value>>,
    pub(crate) success_count: Option<i32>,
    pub(crate) fail_count: Option<i32>,
    pub(crate) skip_count: Option<i32>,
    pub(crate) running_count: Option<i32>,
}

impl EdgeRow {
    /// What the group's own counters say, which others write too.
    pub(crate) fn counters(&self) -> Tally {
        let count = |counter: Option<i32>| counter.and_then(|count| u32::try_from(count).ok()).unwrap_or_default();
        Tally {
            unapplied: 0,
            open: count(self.running_count),
            satisfied: count(self.success_count),
            failed: count(self.fail_count),
            skipped: count(self.skip_count),
        }
    }
}

/// An edge that is unresolved, with what all edges of its group say, from `weigh.sql`.
#[derive(FromRow)]
pub(crate) struct WeighedRow {
    pub(crate) flow_id: Uuid,
    pub(crate) edge_id: Uuid,
    /// `None` when somebody else has the edge.
    pub(crate) edge_ctid: Option<String>,
    pub(crate) passes_data: bool,
    pub(crate) unapplied: i64,
    pub(crate) open: i64,
    pub(crate) satisfied: i64,
    pub(crate) failed: i64,
    pub(crate) skipped: i64,
}

impl WeighedRow {
    pub(crate) fn tally(&self) -> Tally {
        let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        Tally {
            unapplied: count(self.unapplied),
            open: count(self.open),
            satisfied: count(self.satisfied),
            failed: count(self.failed),
            skipped: count(self.skipped),
        }
    }
}

/// What became of a child, from `pass_data.sql`, `promote.sql` and `skip.sql`.
#[derive(FromRow)]
pub(crate) struct ChildRow {
    pub(crate) execution_id: Uuid,
    pub(crate) became: String,
}
