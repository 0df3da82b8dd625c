//! What becomes of lapsed leases?

use ff_reconciler_lease_expiry::LeaseExpiry;
use ff_scanner_core::{PartitionSet, Reconciler, Tick, TickContext};
use ff_scanner_testkit::{Database, Seed};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

const NOW_MS: i64 = 1_800_000_000_000;

async fn tick(pool: &PgPool, partition: i16) -> Tick {
    let cx = TickContext::over(PartitionSet::from_iter([partition])).pinned(NOW_MS);
    LeaseExpiry::new(pool.clone()).tick(cx).await.expect("the tick succeeds")
}

/// Phase, ownership, eligibility, public and attempt state, pointer.
async fn vector(pool: &PgPool, partition: i16, id: Uuid) -> (String, i32) {
    sqlx::query_as(
        "SELECT concat_ws('/', lifecycle_phase, ownership_state, eligibility_state, public_state, attempt_state), \
         attempt_index FROM ff_exec_core WHERE partition_key = $1 AND execution_id = $2",
    )
    .bind(partition)
    .bind(id)
    .fetch_one(pool)
    .await
    .expect("the execution exists")
}

/// Lease, epoch, worker, outcome, start.
type Attempt = (Option<i64>, i64, Option<String>, Option<String>, Option<i64>);

async fn attempt(pool: &PgPool, partition: i16, id: Uuid, index: i32) -> Attempt {
    sqlx::query_as(
        "SELECT lease_expires_at_ms, lease_epoch, worker_instance_id, outcome, started_at_ms FROM ff_attempt \
         WHERE partition_key = $1 AND execution_id = $2 AND attempt_index = $3",
    )
    .bind(partition)
    .bind(id)
    .bind(index)
    .fetch_one(pool)
    .await
    .expect("the attempt exists")
}

async fn events(pool: &PgPool, partition: i16) -> (i64, i64) {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM ff_lease_event WHERE partition_key = $1 AND event_type = 'expired' \
                 AND namespace = 'tenant' AND instance_tag = 'blue'), \
                (SELECT count(*) FROM ff_completion_event WHERE partition_key = $1 AND outcome = 'failed' \
                 AND namespace = 'tenant' AND instance_tag = 'blue')",
    )
    .bind(partition)
    .fetch_one(pool)
    .await
    .expect("events can be counted")
}

#[tokio::test]
async fn a_lapsed_lease_puts_the_execution_back_behind_a_new_epoch() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let classic = Seed::lapsed(0).insert(&pool, partition, NOW_MS).await;
    let typed = Seed::lapsed(1).typed().insert(&pool, partition, NOW_MS).await;

    let done = tick(&pool, partition).await;

    assert_eq!((done.report.changed, done.report.skipped, done.report.failed()), (2, 0, 0));
    for id in [classic, typed] {
        let put_back = "runnable/unowned/eligible_now/waiting/pending_retry_attempt".to_owned();
        assert_eq!(vector(&pool, partition, id).await, (put_back, 0));
        let released = (None, 2, None, Some("lease_expired_reclaimable".to_owned()), None);
        assert_eq!(attempt(&pool, partition, id, 0).await, released);
    }
    assert_eq!(events(&pool, partition).await, (2, 0));
    assert_eq!(tick(&pool, partition).await, Tick::default(), "a second tick changes nothing");
}

#[tokio::test]
async fn at_the_reclaim_cap_the_execution_fails_with_one_completion_event() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = Seed::lapsed(5).with_policy(json!({"max_reclaim_count": 0})).insert(&pool, partition, NOW_MS).await;

    let done = tick(&pool, partition).await;

    assert_eq!(done.report.verdicts.get("failed"), Some(&1));
    let failed = "terminal/unowned/not_applicable/failed/attempt_terminal".to_owned();
    assert_eq!(vector(&pool, partition, id).await, (failed, 0));
    assert_eq!(attempt(&pool, partition, id, 0).await.3.as_deref(), Some("failed"));
    assert_eq!(events(&pool, partition).await, (1, 1));
}

#[tokio::test]
async fn a_lapsed_lease_of_an_earlier_attempt_does_not_touch_the_live_execution() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = Seed::running(1000).with_attempt_index(1).insert(&pool, partition, NOW_MS).await;
    sqlx::query(
        "INSERT INTO ff_attempt (partition_key, execution_id, attempt_index, lease_epoch, lease_expires_at_ms, outcome) \
         VALUES ($1, $2, 0, 3, $3, 'interrupted_reclaimed')",
    )
    .bind(partition)
    .bind(id)
    .bind(NOW_MS - 10)
    .execute(&pool)
    .await
    .expect("a stale attempt is legal");

    let done = tick(&pool, partition).await;

    assert_eq!(done.report.verdicts.get("cleaned"), Some(&1));
    let running = "active/leased/not_applicable/running/running_attempt".to_owned();
    assert_eq!(vector(&pool, partition, id).await, (running, 1));
    let cleaned = (None, 3, None, Some("interrupted_reclaimed".to_owned()), None);
    assert_eq!(attempt(&pool, partition, id, 0).await, cleaned);
    assert_eq!(events(&pool, partition).await, (0, 0));
}
