//! What becomes of delayed executions?

mod support;

use example_reconciler::DelayedPromoter;
use ff_scanner_core::{Reconciler, Tick, TickContext};
use ff_scanner_testkit::{Database, Seed, read};
use sqlx::PgPool;
use support::{NOW_MS, back_off, delay};
use uuid::Uuid;

const CLAIMABLE: &str = "runnable/unowned/eligible_now/waiting/pending_retry_attempt";

async fn tick(pool: &PgPool) -> Tick {
    DelayedPromoter::new(pool.clone()).tick(TickContext::global().pinned(NOW_MS)).await.expect("the tick succeeds")
}

/// The deadline and `delay_until` of an execution.
async fn times(pool: &PgPool, partition: i16, id: Uuid) -> (Option<i64>, Option<String>) {
    let sql = "SELECT deadline_at_ms, raw_fields ->> 'delay_until' FROM ff_exec_core \
               WHERE partition_key = $1 AND execution_id = $2";
    sqlx::query_as(sql).bind(partition).bind(id).fetch_one(pool).await.expect("the execution exists")
}

#[tokio::test]
async fn a_delayed_attempt_goes_on_as_itself_with_its_clock_anew() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(2);
    // A typed claim leaves the pointer one past the attempt, and a claim there would begin another one.
    for (partition, seed) in [(3, Seed::running(1000)), (255, Seed::running(1000).typed())] {
        let id = seed.insert(&pool, partition, NOW_MS).await;
        delay(&pool, partition, &[id], Some(NOW_MS)).await;

        let done = tick(&pool).await;

        assert_eq!(done.report.verdicts.get("delay"), Some(&1));
        assert_eq!(read::vector(&pool, partition, id).await, (CLAIMABLE.to_owned(), 0));
        assert_eq!(times(&pool, partition, id).await, (None, None));
        assert_eq!(read::attempt(&pool, partition, id, 0).await.started_at_ms, None);
    }
    assert_eq!(tick(&pool).await, Tick::default(), "another tick changes nothing");
}

#[tokio::test]
async fn a_back_off_ends_by_its_field_and_keeps_the_deadline_of_the_execution() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(2);
    let over = Seed::running(1000).typed().insert(&pool, 3, NOW_MS).await;
    let on = Seed::running(1000).typed().insert(&pool, 3, NOW_MS).await;
    back_off(&pool, 3, &[over], &NOW_MS.to_string(), Some(NOW_MS + 60_000)).await;
    back_off(&pool, 3, &[on], &(NOW_MS + 1).to_string(), Some(NOW_MS - 60_000)).await;

    let done = tick(&pool).await;

    assert_eq!(done.report.verdicts.get("backoff"), Some(&1));
    assert_eq!(read::vector(&pool, 3, over).await, (CLAIMABLE.to_owned(), 1));
    assert_eq!(times(&pool, 3, over).await, (Some(NOW_MS + 60_000), None));
    assert!(read::attempt(&pool, 3, over, 0).await.started_at_ms.is_some(), "what has ended keeps its times");
    let waits = "runnable/unowned/not_eligible_until_time/delayed/pending_retry_attempt";
    assert_eq!(read::vector(&pool, 3, on).await.0, waits);
}

#[tokio::test]
async fn a_field_left_over_from_an_earlier_back_off_does_not_end_a_delay() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(2);
    let id = Seed::running(1000).insert(&pool, 3, NOW_MS).await;
    back_off(&pool, 3, &[id], &(NOW_MS - 60_000).to_string(), None).await;
    delay(&pool, 3, &[id], Some(NOW_MS + 1)).await;

    assert_eq!(tick(&pool).await, Tick::default());
}

#[tokio::test]
async fn a_delay_without_a_time_waits_for_a_person_and_holds_up_nobody() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(2);
    let endless = Seed::running(1000).insert(&pool, 3, NOW_MS).await;
    let garbled = Seed::running(1000).insert(&pool, 3, NOW_MS).await;
    let over = Seed::running(1000).insert(&pool, 3, NOW_MS).await;
    delay(&pool, 3, &[endless], None).await;
    back_off(&pool, 3, &[garbled], "tomorrow", Some(NOW_MS - 5)).await;
    delay(&pool, 3, &[over], Some(NOW_MS)).await;

    let done = tick(&pool).await;

    assert_eq!((done.report.changed, done.report.examined()), (1, 1));
    assert_eq!(read::vector(&pool, 3, over).await.0, CLAIMABLE);
}

#[tokio::test]
async fn the_limit_holds_for_all_partitions_together_and_the_longest_due_come_first() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(2);
    let mut ids = Vec::new();
    for (partition, ago_ms) in [(3, 1), (4, 3), (5, 2)] {
        let id = Seed::running(1000).insert(&pool, partition, NOW_MS).await;
        delay(&pool, partition, &[id], Some(NOW_MS - ago_ms)).await;
        ids.push((partition, id));
    }

    let cx = TickContext::global().pinned(NOW_MS);
    let done = DelayedPromoter::new(pool.clone()).with_batch_limit(2).tick(cx).await.expect("the tick succeeds");

    assert_eq!(done.report.changed, 2);
    let mut claimable = Vec::new();
    for (partition, id) in ids {
        claimable.push(read::vector(&pool, partition, id).await.0 == CLAIMABLE);
    }
    assert_eq!(claimable, [false, true, true]);
}
