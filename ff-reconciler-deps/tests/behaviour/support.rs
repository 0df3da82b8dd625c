//! What the tests share: a tenant of their own each, in one database.

use std::sync::Arc;

use ff_reconciler_deps::Dependency;
use ff_scanner_core::{Backlog, Filter, Reconciler, Tick, TickContext, TickReason, TickReport};
use ff_scanner_testkit::{Database, EdgeState, Flow, FlowSeed, Node, Seed, State, read};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

pub(crate) const NOW_MS: i64 = 1_800_000_000_000;
/// Long enough ago for what ended then to be healed.
pub(crate) const LONG_AGO_MS: i64 = NOW_MS - 60_000;

pub(crate) const BLOCKED: &str = "runnable/unowned/blocked_by_dependencies/waiting_children/pending";
pub(crate) const CLAIMABLE: &str = "runnable/unowned/eligible_now/waiting/pending";
pub(crate) const SKIPPED: &str = "terminal/unowned/not_applicable/skipped/attempt_terminal";

/// A tenant, whom a tick keeps to: the reconciler is global, and tests run at once.
pub(crate) struct Tenant {
    _database: Arc<Database>,
    pub(crate) pool: PgPool,
    pub(crate) partition: i16,
    pub(crate) namespace: String,
}

impl Tenant {
    pub(crate) async fn new() -> Self {
        let database = Database::shared().await.expect("a database");
        let pool = database.pool(4);
        Self { _database: database, pool, partition: Database::next_partition(), namespace: Uuid::new_v4().to_string() }
    }

    pub(crate) fn seed(&self, state: State) -> Seed {
        Seed::new(state).with_namespace(&self.namespace)
    }

    pub(crate) fn running(&self) -> Seed {
        Seed::running(1000).with_namespace(&self.namespace)
    }

    /// As many running executions, applied, above one child in `state` whose group has `policy`.
    pub(crate) async fn fan_in(&self, upstreams: usize, policy: Value, state: State) -> (Flow, Vec<Node>, Node) {
        let mut seed = FlowSeed::new();
        let child = seed.node(self.seed(state));
        let upstreams: Vec<Node> = (0..upstreams).map(|_| seed.node(self.running())).collect();
        for upstream in &upstreams {
            seed.edge(*upstream, child, EdgeState::Applied);
        }
        seed.group(child, policy);
        (seed.insert(&self.pool, self.partition, NOW_MS - 120_000).await, upstreams, child)
    }

    pub(crate) fn context(&self) -> TickContext<ff_scanner_core::Global> {
        let filter = Filter::default().with_namespace(&self.namespace);
        TickContext::global().pinned(NOW_MS).filtered(filter)
    }

    pub(crate) fn reconciler(&self) -> Dependency {
        Dependency::new(self.pool.clone())
    }

    pub(crate) async fn tick(&self) -> Tick {
        self.reconciler().tick(self.context()).await.expect("the tick succeeds")
    }

    pub(crate) async fn cycle(&self) -> TickReport {
        cycle(&self.reconciler(), self.context()).await
    }

    /// A cycle when what the last one dispatched is nobody's any more.
    pub(crate) async fn cycle_later(&self) -> TickReport {
        cycle(&self.reconciler(), self.context().pinned(NOW_MS + 15_000)).await
    }

    pub(crate) async fn vector(&self, flow: &Flow, node: Node) -> String {
        read::vector(&self.pool, flow.partition, flow.id(node)).await.0
    }

    /// Outcomes of the completion events of `node`, sorted.
    pub(crate) async fn events(&self, flow: &Flow, node: Node) -> Vec<String> {
        read::events(&self.pool, flow.partition, flow.id(node)).await
    }

    pub(crate) async fn is_dispatched(&self, event_id: i64) -> bool {
        let sql = "SELECT dispatched_at_ms IS NOT NULL FROM ff_completion_event WHERE event_id = $1";
        sqlx::query_scalar(sql).bind(event_id).fetch_one(&self.pool).await.expect("the event exists")
    }

    pub(crate) async fn group(&self, flow: &Flow, child: Node) -> Group {
        let sql = "SELECT ARRAY[success_count, fail_count, skip_count, running_count] AS counts, \
                   policy ->> 'fired' AS fired, cancel_siblings_pending_flag AS flag, \
                   cancel_siblings_pending_members AS members, \
                   (SELECT count(*) FROM ff_pending_cancel_groups AS p WHERE p.downstream_eid = g.downstream_eid) AS pending \
                   FROM ff_edge_group AS g WHERE partition_key = $1 AND flow_id = $2 AND downstream_eid = $3";
        sqlx::query_as(sql)
            .bind(flow.partition)
            .bind(flow.flow_id)
            .bind(flow.id(child))
            .fetch_one(&self.pool)
            .await
            .expect("the group exists")
    }

    /// What is marked on the edges below `upstream`: state, outcome, event, time.
    pub(crate) async fn marks(&self, flow: &Flow, upstream: Node) -> Vec<Value> {
        let sql = "SELECT jsonb_build_array(policy -> 'edge_state', policy -> 'resolved_as', \
                   policy -> 'resolved_event_id', policy -> 'resolved_at_ms') FROM ff_edge \
                   WHERE partition_key = $1 AND flow_id = $2 AND upstream_eid = $3";
        sqlx::query_scalar(sql)
            .bind(flow.partition)
            .bind(flow.flow_id)
            .bind(flow.id(upstream))
            .fetch_all(&self.pool)
            .await
            .expect("edges can be read")
    }

    /// Runs `sql` with `$1` the partition and `$2` the execution of `node`.
    pub(crate) async fn execute(&self, sql: &'static str, flow: &Flow, node: Node) {
        let query = sqlx::query(sql).bind(flow.partition).bind(flow.id(node));
        query.execute(&self.pool).await.expect("the statement is legal");
    }
}

#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Group {
    /// Success, fail, skip, running.
    pub(crate) counts: Vec<i32>,
    pub(crate) fired: Option<String>,
    pub(crate) flag: bool,
    pub(crate) members: Vec<String>,
    /// Rows that ask for its siblings to be cancelled.
    pub(crate) pending: i64,
}

pub(crate) fn all_of() -> Value {
    json!({"kind": "all_of"})
}

pub(crate) fn any_of() -> Value {
    json!({"kind": "any_of"})
}

pub(crate) fn quorum(k: u32) -> Value {
    json!({"kind": "quorum", "k": k})
}

/// Ticks until nothing remains, as the scheduler does.
pub(crate) async fn cycle(reconciler: &Dependency, cx: TickContext<ff_scanner_core::Global>) -> TickReport {
    let mut report = TickReport::default();
    let mut reason = cx.reason();
    loop {
        let tick = reconciler.tick(cx.clone().because(reason)).await.expect("the tick succeeds");
        report.merge(tick.report);
        if tick.backlog == Backlog::Drained {
            return report;
        }
        reason = TickReason::Drain;
    }
}
