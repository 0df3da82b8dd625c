//! What all tests of this crate need.

use ff_reconciler_edge_cancel::{EdgeCancelDispatcher, EdgeCancelReconciler, Group};
use ff_scanner_core::{Backlog, Global, Reconciler, TickContext, TickReason, TickReport};
use ff_scanner_testkit::seed::SeededGroup;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

pub(crate) const NOW_MS: i64 = 1_800_000_000_000;
pub(crate) const PARTITION: i16 = 7;
pub(crate) const CANCELLED: &str = "terminal/unowned/not_applicable/cancelled/cancelled";

/// One cycle by hand, as the scheduler runs it.
pub(crate) async fn cycle(reconciler: &impl Reconciler<Scope = Global>) -> TickReport {
    let mut report = TickReport::default();
    let mut cx = TickContext::global().pinned(NOW_MS);
    loop {
        let tick = reconciler.tick(cx.clone()).await.expect("the tick succeeds");
        report.merge(tick.report);
        if tick.backlog == Backlog::Drained {
            return report;
        }
        cx = cx.because(TickReason::Drain);
    }
}

pub(crate) async fn dispatch(pool: &PgPool) -> TickReport {
    cycle(&EdgeCancelDispatcher::new(pool.clone())).await
}

pub(crate) async fn reconcile(pool: &PgPool) -> TickReport {
    cycle(&EdgeCancelReconciler::new(pool.clone())).await
}

pub(crate) fn verdicts(report: &TickReport) -> Vec<(&str, u64)> {
    report.verdicts.iter().map(|(word, count)| (word.as_str(), *count)).collect()
}

/// A group as the queue and the flag have it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) queued: bool,
    pub(crate) flagged: bool,
    pub(crate) members: Vec<String>,
}

impl Standing {
    pub(crate) fn drained() -> Self {
        Self { queued: false, flagged: false, members: Vec::new() }
    }

    pub(crate) fn waiting<T: ToString>(members: &[T]) -> Self {
        Self { queued: true, flagged: true, members: members.iter().map(T::to_string).collect() }
    }
}

pub(crate) async fn standing(pool: &PgPool, group: &SeededGroup) -> Standing {
    let (flagged, members): (bool, Vec<String>) = sqlx::query_as(
        "SELECT cancel_siblings_pending_flag, cancel_siblings_pending_members FROM ff_edge_group \
          WHERE partition_key = $1 AND flow_id = $2 AND downstream_eid = $3",
    )
    .bind(PARTITION)
    .bind(group.flow_id)
    .bind(group.downstream_eid)
    .fetch_one(pool)
    .await
    .expect("the group exists");
    Standing { queued: queued(pool, group).await, flagged, members }
}

pub(crate) async fn queued(pool: &PgPool, group: &SeededGroup) -> bool {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM ff_pending_cancel_groups \
          WHERE partition_key = $1 AND flow_id = $2 AND downstream_eid = $3)",
    )
    .bind(PARTITION)
    .bind(group.flow_id)
    .bind(group.downstream_eid)
    .fetch_one(pool)
    .await
    .expect("the queue can be read")
}

/// The key that a failure names the group by.
pub(crate) fn key(group: &SeededGroup) -> String {
    let key = Group { flow_id: group.flow_id, downstream_eid: group.downstream_eid };
    format!("{PARTITION}/{key}")
}

pub(crate) async fn count(pool: &PgPool, from: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {from}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await.expect("rows can be counted")
}

/// Reason, by whom, last mutation and end of a cancelled execution.
pub(crate) async fn cancellation(
    pool: &PgPool,
    id: Uuid,
) -> (Option<String>, Option<String>, Option<String>, Option<i64>) {
    sqlx::query_as(
        "SELECT cancellation_reason, cancelled_by, raw_fields ->> 'last_mutation_at', terminal_at_ms FROM ff_exec_core \
          WHERE partition_key = $1 AND execution_id = $2",
    )
    .bind(PARTITION)
    .bind(id)
    .fetch_one(pool)
    .await
    .expect("the execution exists")
}
