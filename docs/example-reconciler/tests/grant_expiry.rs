//! What becomes of executions that were granted and never claimed?

mod support;

use example_reconciler::{GrantExpiry, migrate};
use ff_scanner_core::{ErrorKind, PartitionSet, Reconciler, Tick, TickContext, TickError};
use ff_scanner_migrations::EngineVersion;
use ff_scanner_testkit::{Database, HASH_CHILDREN, Seed, Server, State, read};
use sqlx::PgPool;
use support::{NOW_MS, grant, granted, pend};
use uuid::Uuid;

const GRANTED: &str = "runnable/unowned/pending_claim/waiting/pending";
const PUT_BACK: &str = "runnable/unowned/eligible_now/waiting/pending";

/// The tests' database, with the team's own table.
async fn database() -> std::sync::Arc<Database> {
    let database = Database::shared().await.expect("a database");
    migrate(&database.pool(1)).await.expect("the table can be created");
    database
}

async fn try_tick(pool: &PgPool, partition: i16) -> Result<Tick, TickError> {
    let cx = TickContext::over(PartitionSet::from_iter([partition])).pinned(NOW_MS);
    GrantExpiry::new(pool.clone()).tick(cx).await
}

async fn tick(pool: &PgPool, partition: i16) -> Tick {
    try_tick(pool, partition).await.expect("the tick succeeds")
}

async fn waiting(pool: &PgPool, partition: i16) -> Uuid {
    Seed::new(State::Waiting).insert(pool, partition, NOW_MS).await
}

/// When it was put back, and when its grant had expired, as the team's table has it.
async fn recorded(pool: &PgPool, id: Uuid) -> Vec<(i64, Option<i64>)> {
    sqlx::query_as("SELECT put_back_at_ms, grant_expired_at_ms FROM flow_team.put_back WHERE execution_id = $1")
        .bind(id)
        .fetch_all(pool)
        .await
        .expect("the table can be read")
}

#[tokio::test]
async fn an_execution_whose_grant_has_expired_is_put_back_and_recorded_once() {
    let database = database().await;
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = waiting(&pool, partition).await;
    granted(&pool, partition, &[id], NOW_MS).await;

    let done = tick(&pool, partition).await;

    assert_eq!(done.report.verdicts.get("put_back"), Some(&1));
    assert_eq!(read::vector(&pool, partition, id).await, (PUT_BACK.to_owned(), 0));
    assert_eq!(recorded(&pool, id).await, [(NOW_MS, Some(NOW_MS))]);
    assert_eq!(tick(&pool, partition).await, Tick::default(), "a second tick changes nothing");
}

#[tokio::test]
async fn an_execution_with_an_unexpired_grant_is_left_to_its_worker() {
    let database = database().await;
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = waiting(&pool, partition).await;
    granted(&pool, partition, &[id], NOW_MS + 1).await;

    assert_eq!(tick(&pool, partition).await, Tick::default());
    assert_eq!(read::vector(&pool, partition, id).await.0, GRANTED);
}

#[tokio::test]
async fn a_grant_that_only_the_table_knows_of_is_honoured_and_one_to_reclaim_is_no_claim() {
    let database = database().await;
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let (claimed, reclaimed) = (waiting(&pool, partition).await, waiting(&pool, partition).await);
    pend(&pool, partition, &[claimed, reclaimed], Some(NOW_MS - 5)).await;
    grant(&pool, partition, &[claimed], NOW_MS + 1, "claim").await;
    grant(&pool, partition, &[reclaimed], NOW_MS + 1, "reclaim").await;

    let done = tick(&pool, partition).await;

    assert_eq!((done.report.changed, done.report.skipped), (1, 1));
    assert_eq!(read::vector(&pool, partition, claimed).await.0, GRANTED);
    assert_eq!(recorded(&pool, reclaimed).await, [(NOW_MS, Some(NOW_MS - 5))]);
}

#[tokio::test]
async fn pending_without_a_grant_or_with_a_malformed_one_is_put_back_too() {
    let database = database().await;
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let (none, malformed) = (waiting(&pool, partition).await, waiting(&pool, partition).await);
    pend(&pool, partition, &[none, malformed], None).await;
    let sql = "UPDATE ff_exec_core SET raw_fields = raw_fields || '{\"claim_grant\": {\"expires_at_ms\": \"soon\"}}' \
               WHERE partition_key = $1 AND execution_id = $2";
    sqlx::query(sql).bind(partition).bind(malformed).execute(&pool).await.expect("JSON may hold anything");

    assert_eq!(tick(&pool, partition).await.report.changed, 2);
    for id in [none, malformed] {
        assert_eq!(recorded(&pool, id).await, [(NOW_MS, None)]);
    }
}

#[tokio::test]
async fn a_cancelled_execution_is_not_revived() {
    let database = database().await;
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = waiting(&pool, partition).await;
    granted(&pool, partition, &[id], NOW_MS - 5).await;
    let sql = "UPDATE ff_exec_core SET lifecycle_phase = 'cancelled' WHERE partition_key = $1 AND execution_id = $2";
    sqlx::query(sql).bind(partition).bind(id).execute(&pool).await.expect("a later state is legal");

    assert_eq!(tick(&pool, partition).await, Tick::default());
    assert_eq!(read::vector(&pool, partition, id).await.0, "cancelled/unowned/pending_claim/waiting/pending");
}

#[tokio::test]
async fn on_engine_0_11_the_grant_is_the_field() {
    let server = Server::shared().expect("a Postgres");
    let template = Database::template(&server, EngineVersion::V0_11, HASH_CHILDREN).await.expect("a template");
    let database = Database::clone_of(&template).await.expect("a database");
    let pool = database.pool(2);
    migrate(&pool).await.expect("the table can be created");
    let (expired, live) = (waiting(&pool, 3).await, waiting(&pool, 3).await);
    pend(&pool, 3, &[expired], Some(NOW_MS)).await;
    pend(&pool, 3, &[live], Some(NOW_MS + 1)).await;

    assert_eq!(tick(&pool, 3).await.report.changed, 1);

    assert_eq!(read::vector(&pool, 3, expired).await.0, PUT_BACK);
    assert_eq!(read::vector(&pool, 3, live).await.0, GRANTED);
}

#[tokio::test]
async fn without_its_migration_it_changes_nothing_and_stops_for_good() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(2);
    let id = waiting(&pool, 3).await;
    granted(&pool, 3, &[id], NOW_MS).await;

    let error = try_tick(&pool, 3).await.expect_err("the team's table is missing");

    assert_eq!(error.kind, ErrorKind::Terminal);
    assert_eq!(read::vector(&pool, 3, id).await.0, GRANTED);
}

#[tokio::test]
async fn several_processes_may_migrate_at_once_and_again() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(4);

    tokio::try_join!(migrate(&pool), migrate(&pool), migrate(&pool)).expect("each of them succeeds");

    migrate(&pool).await.expect("again");
}
