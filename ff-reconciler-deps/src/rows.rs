//! What do the statements return?

use sqlx::FromRow;
use uuid::Uuid;

use crate::policy::{Policy, Tally};

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
    /// Of the ended upstream, from 1.
    pub(crate) place: i64,
    pub(crate) edge_id: Uuid,
    pub(crate) edge_ctid: String,
    pub(crate) downstream_eid: Uuid,
    /// Somebody else has the group.
    pub(crate) held: bool,
    /// `None` when the group is held or gone, as all that follows.
    pub(crate) group_ctid: Option<String>,
    /// Of its policy, as what follows.
    pub(crate) kind: Option<String>,
    pub(crate) k: Option<i64>,
    pub(crate) on_satisfied: Option<String>,
    pub(crate) fired: Option<String>,
    pub(crate) success_count: Option<i32>,
    pub(crate) fail_count: Option<i32>,
    pub(crate) skip_count: Option<i32>,
    pub(crate) running_count: Option<i32>,
}

impl EdgeRow {
    /// The index of the upstream, among those that have ended.
    pub(crate) fn upstream(&self) -> usize {
        usize::try_from(self.place - 1).unwrap_or_default()
    }

    /// What the group asks of its edges; `None` when it is held or gone.
    pub(crate) fn policy(&self) -> Option<Policy> {
        self.group_ctid.as_ref()?;
        Some(Policy::new(self.kind.as_deref(), self.k, self.on_satisfied.as_deref(), self.fired.as_deref()))
    }

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

/// An edge that is locked, with what all edges of its group say, from `weigh.sql`.
#[derive(FromRow)]
pub(crate) struct WeighedRow {
    /// Of the edges that were asked for, from 1.
    pub(crate) place: i64,
    pub(crate) edge_ctid: String,
    pub(crate) resolved: bool,
    pub(crate) passes_data: bool,
    pub(crate) unapplied: i64,
    pub(crate) open: i64,
    pub(crate) satisfied: i64,
    pub(crate) failed: i64,
    pub(crate) skipped: i64,
}

impl WeighedRow {
    /// The index of the edge, among those that were asked for.
    pub(crate) fn asked(&self) -> usize {
        usize::try_from(self.place - 1).unwrap_or_default()
    }

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
