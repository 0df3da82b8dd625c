//! Is nothing overlooked when looks are left out because nobody writes?
#![cfg(feature = "full")]

use std::time::Duration;

use ff_scanner::attempt_timeout::AttemptTimeout;
use ff_scanner::budget::BudgetReset;
use ff_scanner::core::postgres::{Transaction, look, silence};
use ff_scanner::core::{
    Ask, Global, Page, PartitionSet, Partitioned, Quiet, Reconciler, Scope, TickContext, TickReason, TickReport,
};
use ff_scanner::deps::Dependency;
use ff_scanner::edge_cancel::{EdgeCancelDispatcher, EdgeCancelReconciler};
use ff_scanner::lease_expiry::{LOOK_SQL, LeaseExpiry};
use ff_scanner::suspension::SuspensionTimeout;
use ff_scanner_migrations::apply_engine;
use ff_scanner_testkit::{
    Database, EdgeState, EngineVersion, FlowSeed, Lacks, Options, Seed, SeedBudget, Server, SiblingGroup, State,
};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

const PARTITION: i16 = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// A server of its own: what other tests write, in whatever database, ends the silence.
struct Silent {
    _server: Server,
    _database: Database,
    /// Of one connection, which knows how often it has executed each statement.
    pool: PgPool,
    quiet: Quiet,
    cx: TickContext<Partitioned>,
}

impl Silent {
    async fn new() -> Self {
        let server = Server::start(&Options::new().with_setting("autovacuum", "off")).expect("a Postgres");
        let database = Database::empty(&server).await.expect("a database");
        let migrated = apply_engine(&database.connect_options(), EngineVersion::default(), 4).await;
        migrated.expect("the engine's tables");
        let cx = TickContext::over(PartitionSet::from_iter([PARTITION])).because(TickReason::Interval);
        Self { pool: database.pool(1), _server: server, _database: database, quiet: Quiet::default(), cx }
    }

    fn page(&self) -> Page<'_, Partitioned, Uuid> {
        Page { cx: &self.cx, avoid: &[], quiet: &self.quiet }
    }

    async fn found(&self) -> Vec<Uuid> {
        let rows = look(&self.pool, LOOK_SQL, &self.page(), 10, |id| *id, "look for lapsed leases").await;
        let rows: Vec<(i16, Uuid, i32)> = rows.expect("the look succeeds");
        rows.into_iter().map(|(_, execution_id, _)| execution_id).collect()
    }

    async fn asks(&self) -> Ask {
        let mut tx = Transaction::look(&self.pool).await.expect("a transaction begins");
        let silence = silence(&mut tx, &self.page()).await;
        tx.end(silence).await.expect("the server answers").expect("the interval has passed").ask
    }

    async fn now_ms(&self) -> i64 {
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect("the server has a clock")
    }

    /// How often tables of the engine have been asked for anything.
    async fn looks(&self) -> i64 {
        let sql = "SELECT COALESCE(sum(generic_plans + custom_plans), 0)::bigint FROM pg_prepared_statements \
                    WHERE statement LIKE '%FROM ff\\_%'";
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect("the connection knows")
    }

    /// Ticks at the interval, as the scheduler does, until one has found something or left out its look.
    async fn until_found_or_silent<S: Scope>(
        &self,
        reconciler: &impl Reconciler<Scope = S>,
        cx: &TickContext<S>,
    ) -> Option<TickReport> {
        let started = Instant::now();
        loop {
            let before = self.looks().await;
            let tick = reconciler.tick(cx.clone()).await.expect("the tick succeeds");
            if tick.report.examined() > 0 {
                return Some(tick.report);
            }
            if self.looks().await == before {
                return None;
            }
            assert!(started.elapsed() < PATIENCE, "{} looks and finds nothing", reconciler.name());
        }
    }

    async fn falls_silent<S: Scope>(&self, reconciler: &impl Reconciler<Scope = S>, cx: &TickContext<S>) {
        let found = self.until_found_or_silent(reconciler, cx).await;
        assert_eq!(found, None, "{}", reconciler.name());
    }

    async fn finds<S: Scope>(&self, reconciler: &impl Reconciler<Scope = S>, cx: &TickContext<S>) {
        let found = self.until_found_or_silent(reconciler, cx).await;
        assert!(found.is_some(), "{} overlooks what is due", reconciler.name());
    }
}

fn everywhere() -> TickContext<Global> {
    TickContext::global().because(TickReason::Interval)
}

#[tokio::test]
async fn the_third_look_at_a_silent_database_is_left_out_and_what_is_written_then_is_found_by_the_next() {
    let silent = Silent::new().await;
    assert_eq!(silent.asks().await, Ask::Now);
    assert!(silent.found().await.is_empty());
    assert!(matches!(silent.asks().await, Ask::Ahead(_)));
    assert!(silent.found().await.is_empty());
    assert_eq!(silent.asks().await, Ask::Nothing);

    let now_ms = silent.now_ms().await;
    let lapsed = Seed::lapsed(0).insert(&silent.pool, PARTITION, now_ms).await;

    assert_eq!(silent.asks().await, Ask::Now);
    assert_eq!(silent.found().await, [lapsed]);
}

#[tokio::test]
async fn each_reconciler_falls_silent_and_finds_what_is_written_then() {
    let silent = Silent::new().await;
    let (pool, here, now_ms) = (&silent.pool, &silent.cx, silent.now_ms().await);
    // First, because what the others end is told to it.
    let dependency = Dependency::new(pool.clone());
    silent.falls_silent(&dependency, &everywhere()).await;
    fan_in(&silent, PARTITION, now_ms - 60_000).await;
    silent.finds(&dependency, &everywhere()).await;

    let lease = LeaseExpiry::new(pool.clone());
    silent.falls_silent(&lease, here).await;
    Seed::lapsed(0).insert(pool, PARTITION, now_ms).await;
    silent.finds(&lease, here).await;

    let attempt = AttemptTimeout::new(pool.clone());
    silent.falls_silent(&attempt, here).await;
    let overdue = Seed::running(10_000).with_policy(serde_json::json!({"timeout_policy": {"attempt_timeout_ms": 1}}));
    overdue.insert(pool, PARTITION, now_ms).await;
    silent.finds(&attempt, here).await;

    let suspension = SuspensionTimeout::new(pool.clone());
    silent.falls_silent(&suspension, here).await;
    Seed::suspended(1000, "fail").insert(pool, PARTITION, now_ms).await;
    silent.finds(&suspension, here).await;

    let budget = BudgetReset::new(pool.clone());
    silent.falls_silent(&budget, here).await;
    SeedBudget::due(1000).insert(pool, PARTITION, now_ms).await;
    silent.finds(&budget, here).await;

    let dispatcher = EdgeCancelDispatcher::new(pool.clone());
    silent.falls_silent(&dispatcher, &everywhere()).await;
    SiblingGroup::new().with(Seed::running(1000)).insert(pool, PARTITION, now_ms).await;
    silent.finds(&dispatcher, &everywhere()).await;

    let reconciler = EdgeCancelReconciler::new(pool.clone());
    silent.falls_silent(&reconciler, &everywhere()).await;
    lose(&silent, now_ms).await;
    silent.finds(&reconciler, &everywhere()).await;
}

/// Writes a child that waits for an upstream that ended at `ended_at_ms` and told nobody.
async fn fan_in(silent: &Silent, partition: i16, ended_at_ms: i64) {
    let mut seed = FlowSeed::new();
    let (upstream, child) = (seed.node(Seed::running(1000)), seed.node(Seed::new(State::Blocked)));
    seed.edge(upstream, child, EdgeState::Applied);
    let flow = seed.insert(&silent.pool, partition, ended_at_ms - 120_000).await;
    flow.end(&silent.pool, upstream, "success", ended_at_ms).await;
}

#[tokio::test]
async fn what_becomes_due_while_nobody_writes_is_found() {
    let silent = Silent::new().await;
    let due_at_ms = silent.now_ms().await + 1000;
    let lapses = Seed::lapsed(0).insert(&silent.pool, PARTITION, due_at_ms).await;
    let started = Instant::now();
    let found = loop {
        let found = silent.found().await;
        if !found.is_empty() || started.elapsed() > PATIENCE {
            break found;
        }
        assert_ne!(silent.asks().await, Ask::Nothing, "it is near");
        sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(found, [lapses]);
    assert!(silent.now_ms().await >= due_at_ms);
}

#[tokio::test]
async fn a_budget_and_an_upstream_that_become_due_while_nobody_writes_are_found() {
    let silent = Silent::new().await;
    let now_ms = silent.now_ms().await;
    SeedBudget::due(0).insert(&silent.pool, PARTITION, now_ms + 1000).await;
    silent.finds(&BudgetReset::new(silent.pool.clone()), &silent.cx).await;

    for (page, partition) in [(5000, PARTITION), (1, PARTITION - 1)] {
        fan_in(&silent, partition, silent.now_ms().await).await;
        let dependency = Dependency::new(silent.pool.clone()).with_page(page).with_heal_after(Duration::from_secs(1));
        silent.finds(&dependency, &everywhere()).await;
        fill_a_page(&silent, PARTITION, now_ms).await;
    }
}

/// Writes what fills a page of either walk and needs nothing.
async fn fill_a_page(silent: &Silent, partition: i16, now_ms: i64) {
    SiblingGroup::new().lacking(Lacks::Flag).lacking(Lacks::PendingRow).insert(&silent.pool, partition, now_ms).await;
    let mut waiting = FlowSeed::new();
    let (upstream, child) = (waiting.node(Seed::new(State::Blocked)), waiting.node(Seed::new(State::Blocked)));
    waiting.edge(upstream, child, EdgeState::Applied);
    waiting.insert(&silent.pool, partition, now_ms).await;
}

async fn lose(silent: &Silent, now_ms: i64) {
    let lost = SiblingGroup::new().with(Seed::running(1000)).lacking(Lacks::PendingRow);
    lost.insert(&silent.pool, PARTITION, now_ms).await;
}

#[tokio::test]
async fn a_walk_of_several_pages_does_not_fall_silent_before_its_end() {
    let silent = Silent::new().await;
    let now_ms = silent.now_ms().await;
    fill_a_page(&silent, PARTITION - 2, now_ms).await;
    fill_a_page(&silent, PARTITION - 1, now_ms).await;
    lose(&silent, now_ms).await;
    fan_in(&silent, PARTITION, now_ms - 60_000).await;
    silent.finds(&EdgeCancelReconciler::new(silent.pool.clone()).with_page(1), &everywhere()).await;
    silent.finds(&Dependency::new(silent.pool.clone()).with_page(1), &everywhere()).await;
}

#[tokio::test]
async fn a_walk_does_not_fall_silent_over_what_is_written_behind_it() {
    let silent = Silent::new().await;
    let now_ms = silent.now_ms().await;
    fill_a_page(&silent, PARTITION + 1, now_ms).await;
    let reconciler = EdgeCancelReconciler::new(silent.pool.clone()).with_page(1);
    let dependency = Dependency::new(silent.pool.clone()).with_page(1);
    reconciler.tick(everywhere()).await.expect("the tick succeeds");
    dependency.tick(everywhere()).await.expect("the tick succeeds");
    lose(&silent, now_ms).await;
    fan_in(&silent, PARTITION, now_ms - 60_000).await;
    silent.finds(&reconciler, &everywhere()).await;
    silent.finds(&dependency, &everywhere()).await;
}

#[tokio::test]
async fn a_transaction_that_was_open_during_the_silence_ends_it() {
    let silent = Silent::new().await;
    let other = silent.pool.options().clone().connect_with(silent.pool.connect_options().as_ref().clone()).await;
    let mut tx = other.expect("another connection").begin().await.expect("a transaction begins");
    let now_ms = silent.now_ms().await;
    let lapsed = Seed::lapsed(0).insert(&silent.pool, PARTITION, now_ms + 600_000).await;
    let lapse = "UPDATE ff_attempt SET lease_expires_at_ms = $3 WHERE partition_key = $1 AND execution_id = $2";
    sqlx::query(lapse).bind(PARTITION).bind(lapsed).bind(now_ms).execute(&mut *tx).await.expect("a row");
    while silent.asks().await != Ask::Nothing {
        assert!(silent.found().await.is_empty());
    }
    tx.commit().await.expect("it commits");
    assert_eq!(silent.found().await, [lapsed]);
}
