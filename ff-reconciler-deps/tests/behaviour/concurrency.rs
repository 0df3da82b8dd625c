//! Is nothing lost, and nothing done twice, when many are at it at once?

use ff_reconciler_deps::{Dependency, sql};
use ff_scanner_core::{Reconciler, TickContext, TickReport};
use ff_scanner_migrations::EngineVersion;
use ff_scanner_testkit::{Database, EdgeState, FlowSeed, Gate, HASH_CHILDREN, Seed, Server, State};
use sqlx::{Connection, Row};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{BLOCKED, CLAIMABLE, LONG_AGO_MS, NOW_MS, SKIPPED, Tenant, all_of, any_of, cycle, quorum};

/// As long as an event is pending, the engine's own dispatcher may take it, and adds what it says to all the groups below.
#[tokio::test]
async fn an_ending_is_applied_to_all_that_waits_for_it_or_to_nothing() {
    let tenant = Tenant::new().await;
    for lock in [
        "SELECT FROM ff_exec_core WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE",
        "SELECT FROM ff_edge_group WHERE partition_key = $1 AND downstream_eid = $2 FOR UPDATE",
        "SELECT FROM ff_edge WHERE partition_key = $1 AND downstream_eid = $2 FOR UPDATE",
    ] {
        let mut seed = FlowSeed::new();
        let (upstream, other) = (seed.node(tenant.running()), seed.node(tenant.running()));
        let [free, held, apart] = [(); 3].map(|()| seed.node(tenant.seed(State::Blocked)));
        seed.edge(upstream, free, EdgeState::Applied);
        seed.edge(upstream, held, EdgeState::Applied);
        seed.edge(other, apart, EdgeState::Applied);
        let flow = seed.insert(&tenant.pool, tenant.partition, NOW_MS).await;
        let event = flow.finish(&tenant.pool, upstream, "success", LONG_AGO_MS).await;
        flow.finish(&tenant.pool, other, "success", LONG_AGO_MS).await;
        let mut holder = tenant.pool.begin().await.expect("a transaction");
        let query = sqlx::query(lock).bind(flow.partition).bind(flow.id(held));
        query.execute(&mut *holder).await.expect("it can be locked");

        let done = tenant.cycle().await;

        assert_eq!((done.changed, done.skipped), (1, 1), "{lock}");
        assert!(!tenant.is_dispatched(event).await, "{lock}");
        assert_eq!(tenant.vector(&flow, free).await, BLOCKED, "{lock}");
        assert_eq!(tenant.group(&flow, free).await.counts, [0, 0, 0, 1], "{lock}");
        assert_eq!(tenant.vector(&flow, apart).await, CLAIMABLE, "other endings do not wait for it: {lock}");
        holder.rollback().await.expect("it lets go");
        assert_eq!(tenant.cycle().await.changed, 1, "{lock}");
        assert!(tenant.is_dispatched(event).await, "{lock}");
        for child in [free, held] {
            assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE, "{lock}");
            assert_eq!(tenant.group(&flow, child).await.counts, [1, 0, 0, 0], "it was counted once: {lock}");
        }
    }
}

/// Between two statements of an act anybody may write an edge whose group it has locked: the edge is somewhere else then.
#[tokio::test]
async fn an_edge_that_is_written_after_its_group_was_locked_is_left_to_another_look() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(2, all_of(), State::Blocked).await;
    let mut act = tenant.pool.begin().await.expect("a transaction");
    let lock = sqlx::query(sql::LOCK_GROUPS)
        .bind(flow.partition)
        .bind([flow.flow_id, flow.flow_id])
        .bind([flow.id(upstreams[0]), flow.id(upstreams[1])])
        .bind(10_i64)
        .bind(None::<Uuid>)
        .bind(None::<Uuid>);
    let edges = lock.fetch_all(&mut *act).await.expect("groups can be locked");
    let ctids: Vec<String> = edges.iter().map(|edge| edge.get("edge_ctid")).collect();

    let sql =
        "UPDATE ff_edge SET policy = policy || '{\"touched\": true}' WHERE upstream_eid = $1 AND downstream_eid = $2";
    let query = sqlx::query(sql).bind(flow.id(upstreams[0])).bind(flow.id(child));
    query.execute(&tenant.pool).await.expect("an edge can be written");
    let weigh = sqlx::query(sql::WEIGH).bind(flow.partition).bind(&ctids);
    let weighed = weigh.fetch_all(&mut *act).await.expect("edges can be weighed");

    let left: Vec<String> = weighed.iter().map(|edge| edge.get("edge_ctid")).collect();
    assert_eq!(ctids.len(), 2);
    assert_eq!(left, ctids[1..]);
}

#[tokio::test]
async fn a_child_that_is_written_between_the_snapshot_of_its_promotion_and_the_lock_counts_as_held() {
    let tenant = Tenant::new().await;
    let (flow, _, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
    let gate = Gate::close(&tenant.pool, tenant.partition).await;
    let promote = sqlx::query_as::<_, (Uuid, String)>(gate.hold_up(sql::PROMOTE, "$2::uuid[]"))
        .bind(flow.partition)
        .bind([flow.id(child)])
        .bind(NOW_MS);
    let write = "UPDATE ff_exec_core SET priority = 7 WHERE execution_id = $1";

    let (became, ()) = tokio::join!(promote.fetch_all(&tenant.pool), gate.open_after([write], flow.id(child)));

    assert_eq!(became.expect("the statement succeeds"), [(flow.id(child), "held".to_owned())]);
    assert_eq!(tenant.vector(&flow, child).await, BLOCKED);
}

/// Fifty upstreams of one child finish at once, from a connection each, while three processes apply what they find.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_upstreams_that_finish_at_once_are_all_counted() {
    const UPSTREAMS: usize = 50;
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(UPSTREAMS, all_of(), State::Blocked).await;
    let database = Database::shared().await.expect("a database");
    let mut connections = Vec::new();
    for _ in 0..UPSTREAMS {
        connections.push(sqlx::PgConnection::connect_with(&database.connect_options()).await.expect("a connection"));
    }
    let mut finishing = JoinSet::new();
    for (mut connection, upstream) in connections.into_iter().zip(&upstreams) {
        let (partition, id, flow_id) = (flow.partition, flow.id(*upstream), flow.flow_id);
        finishing.spawn(async move {
            let sql = "WITH ended AS (UPDATE ff_exec_core SET lifecycle_phase = 'terminal', public_state = 'completed' \
                       WHERE partition_key = $1 AND execution_id = $2) \
                       INSERT INTO ff_completion_event (partition_key, execution_id, flow_id, outcome, occurred_at_ms) \
                       VALUES ($1, $2, $3, 'success', $4)";
            let query = sqlx::query(sql).bind(partition).bind(id).bind(flow_id).bind(NOW_MS);
            query.execute(&mut connection).await.expect("an upstream can finish");
        });
    }
    let mut applying: JoinSet<u64> = JoinSet::new();
    for _ in 0..3 {
        let (reconciler, cx) = (Dependency::new(database.pool(3)), tenant.context());
        applying.spawn(async move {
            let mut changed = 0;
            for _ in 0..20 {
                changed += cycle(&reconciler, cx.clone()).await.changed;
            }
            changed
        });
    }
    finishing.join_all().await;
    let changed: u64 = applying.join_all().await.iter().sum();

    let rest = tenant.cycle().await.changed;

    assert_eq!(changed + rest, UPSTREAMS as u64, "each event is applied once");
    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
    assert_eq!(tenant.group(&flow, child).await.counts, [50, 0, 0, 0]);
}

/// Every policy, two processes, events in several orders with duplicates among them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_settle_each_group_once() {
    let tenant = Tenant::new().await;
    let mut flows = Vec::new();
    for (policy, end) in [(all_of(), SKIPPED), (any_of(), CLAIMABLE), (quorum(2), CLAIMABLE), (quorum(3), SKIPPED)] {
        for turn in 0..4 {
            let (flow, mut upstreams, child) = tenant.fan_in(4, policy.clone(), State::Blocked).await;
            let outcomes = ["success", "failed", "success", "skipped"];
            let mut endings: Vec<_> = upstreams.drain(..).zip(outcomes).collect();
            endings.rotate_left(turn);
            for (upstream, outcome) in endings {
                flow.finish(&tenant.pool, upstream, outcome, LONG_AGO_MS).await;
                flow.tell(&tenant.pool, upstream, outcome, LONG_AGO_MS).await;
            }
            flows.push((flow, child, end));
        }
    }
    let database = Database::shared().await.expect("a database");
    let process = || {
        let (reconciler, cx) = (Dependency::new(database.pool(3)).with_batch_limit(7), tenant.context());
        async move { cycle(&reconciler, cx).await }
    };
    let (one, two): (TickReport, TickReport) = tokio::join!(process(), process());
    let rest = tenant.cycle().await;

    let skips = flows.iter().filter(|(_, _, end)| *end == SKIPPED).count() as u64;
    assert_eq!(one.changed + two.changed + rest.changed, 16 * 8 + skips, "each event is dispatched once");
    for (flow, child, end) in flows {
        assert_eq!(tenant.vector(&flow, child).await, end);
        assert_eq!(tenant.group(&flow, child).await.counts, [2, 1, 1, 0]);
        assert_eq!(tenant.events(&flow, child).await.len(), usize::from(end == SKIPPED));
    }
}

#[tokio::test]
async fn an_edge_that_is_being_applied_is_not_waited_for() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = tenant.fan_in(1, all_of(), State::Blocked).await;
    let event = flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
    let mut engine = tenant.pool.begin().await.expect("a transaction");
    sqlx::query("SELECT 1 FROM ff_edge WHERE flow_id = $1 FOR UPDATE")
        .bind(flow.flow_id)
        .execute(&mut *engine)
        .await
        .expect("the edge can be locked");

    assert_eq!(tenant.cycle().await.skipped, 1);
    assert_eq!(tenant.vector(&flow, child).await, BLOCKED);
    engine.rollback().await.expect("it lets go");
    tenant.cycle().await;
    assert!(tenant.is_dispatched(event).await);
    assert_eq!(tenant.vector(&flow, child).await, CLAIMABLE);
}

#[tokio::test]
async fn all_of_it_works_on_the_oldest_and_the_newest_schema_of_the_engine() {
    let server = Server::shared().expect("a Postgres");
    for version in [EngineVersion::V0_11, EngineVersion::V0_15] {
        let template = Database::template(&server, version, HASH_CHILDREN).await.expect("a template");
        let database = Database::clone_of(&template).await.expect("a database");
        let pool = database.pool(3);
        let mut seed = FlowSeed::new();
        let (good, bad, lost) = (seed.node(Seed::running(1)), seed.node(Seed::running(1)), seed.node(Seed::running(1)));
        let children: Vec<_> = (0..4).map(|_| seed.node(Seed::new(State::Blocked))).collect();
        seed.data_edge(good, children[0]);
        seed.edge(bad, children[1], EdgeState::Applied);
        seed.edge(children[1], children[2], EdgeState::Applied);
        seed.edge(lost, children[3], EdgeState::Bare);
        let flow = seed.insert(&pool, 3, NOW_MS).await;
        flow.finish(&pool, good, "success", LONG_AGO_MS).await;
        flow.finish(&pool, bad, "failed", LONG_AGO_MS).await;
        flow.end(&pool, lost, "success", LONG_AGO_MS).await;

        let reconciler = Dependency::new(pool.clone());
        let done = cycle(&reconciler, TickContext::global().pinned(NOW_MS)).await;

        assert_eq!((done.changed, done.failed()), (5, 0), "{version:?}");
        for (child, end) in children.into_iter().zip([CLAIMABLE, SKIPPED, SKIPPED, CLAIMABLE]) {
            let vector = ff_scanner_testkit::read::vector(&pool, 3, flow.id(child)).await.0;
            assert_eq!(vector, end, "{version:?}");
        }
        assert_eq!(reconciler.name(), Dependency::NAME);
    }
}
