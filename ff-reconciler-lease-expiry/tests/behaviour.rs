//! What becomes of lapsed leases?

use ff_reconciler_lease_expiry::LeaseExpiry;
use ff_scanner_core::{PartitionSet, Reconciler, Tick, TickContext};
use ff_scanner_testkit::{Database, Seed, read};
use serde_json::json;
use sqlx::PgPool;

const NOW_MS: i64 = 1_800_000_000_000;

async fn tick(pool: &PgPool, partition: i16) -> Tick {
    let cx = TickContext::over(PartitionSet::from_iter([partition])).pinned(NOW_MS);
    LeaseExpiry::new(pool.clone()).tick(cx).await.expect("the tick succeeds")
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
        assert_eq!(read::vector(&pool, partition, id).await, (put_back, 0));
        let released = read::Attempt {
            lease_expires_at_ms: None,
            lease_epoch: 2,
            worker_instance_id: None,
            outcome: Some("lease_expired_reclaimable".to_owned()),
            started_at_ms: None,
        };
        assert_eq!(read::attempt(&pool, partition, id, 0).await, released);
        assert_eq!(read::events(&pool, partition, id).await, ["lease:expired:tenant:blue"]);
    }
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
    assert_eq!(read::vector(&pool, partition, id).await, (failed, 0));
    assert_eq!(read::attempt(&pool, partition, id, 0).await.outcome.as_deref(), Some("failed"));
    assert_eq!(
        read::events(&pool, partition, id).await,
        ["completion:failed:tenant:blue", "lease:expired:tenant:blue"]
    );
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
    assert_eq!(read::vector(&pool, partition, id).await, (running, 1));
    let cleaned = read::attempt(&pool, partition, id, 0).await;
    assert_eq!((cleaned.lease_expires_at_ms, cleaned.lease_epoch), (None, 3));
    assert_eq!(cleaned.outcome.as_deref(), Some("interrupted_reclaimed"));
    assert_eq!(read::events(&pool, partition, id).await, [""; 0]);
}
