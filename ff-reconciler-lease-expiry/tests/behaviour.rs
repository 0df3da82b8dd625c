//! What becomes of lapsed leases?

use ff_reconciler_lease_expiry::{LeaseExpiry, OnLapse, RELEASE_SQL};
use ff_scanner_core::{PartitionSet, Reconciler, Tick, TickContext};
use ff_scanner_testkit::{Database, EngineVersion, Gate, Seed, State, read};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

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

#[tokio::test]
async fn a_worker_that_was_only_slow_is_refused_by_the_fence() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = Seed::lapsed(5).insert(&pool, partition, NOW_MS).await;
    let epoch = read::attempt(&pool, partition, id, 0).await.lease_epoch;

    tick(&pool, partition).await;

    // As the engine fences renewals, completions and failures: by the epoch of the attempt.
    let renewed = sqlx::query(
        "UPDATE ff_attempt SET lease_expires_at_ms = $4 \
          WHERE partition_key = $1 AND execution_id = $2 AND attempt_index = 0 AND lease_epoch = $3",
    )
    .bind(partition)
    .bind(id)
    .bind(epoch)
    .bind(NOW_MS + 30_000);
    assert_eq!(renewed.execute(&pool).await.expect("the statement is legal").rows_affected(), 0);
}

#[tokio::test]
async fn each_release_counts_one_reclaim_on_every_schema_and_the_cap_of_the_time_out_policy_holds() {
    for version in [EngineVersion::V0_11, EngineVersion::V0_15] {
        let database = Database::of_engine(version).await.expect("a database");
        let pool = database.pool(2);
        let policy = json!({"timeout_policy": {"max_reclaim_count": 2}});
        let id = Seed::lapsed(5).with_policy(policy).insert(&pool, 1, NOW_MS).await;
        for verdict in ["requeued", "requeued", "failed"] {
            lapse_again(&pool, id).await;
            let done = tick(&pool, 1).await;
            assert_eq!(done.report.verdicts.get(verdict), Some(&1), "{version}: {done:?}");
        }
        let counted: i64 = sqlx::query_scalar(
            "SELECT COALESCE(to_jsonb(core) ->> 'lease_reclaim_count', raw_fields ->> 'lease_reclaim_count')::bigint \
               FROM ff_exec_core AS core WHERE execution_id = $1",
        )
        .bind(id)
        .fetch_one(&pool)
        .await
        .expect("the count can be read");
        assert_eq!(counted, 2, "{version}");
        let events = read::events(&pool, 1, id).await;
        assert_eq!(events.iter().filter(|event| event.starts_with("completion:failed")).count(), 1, "{version}");
        assert_eq!(events.iter().filter(|event| event.starts_with("lease:expired")).count(), 3, "{version}");
    }
}

/// Claims the execution as a worker does, and lets the lease lapse.
async fn lapse_again(pool: &PgPool, id: Uuid) {
    for sql in [
        "UPDATE ff_exec_core SET lifecycle_phase = 'active', ownership_state = 'leased' WHERE execution_id = $1",
        "UPDATE ff_attempt SET lease_expires_at_ms = 1000, lease_epoch = lease_epoch + 1 WHERE execution_id = $1",
    ] {
        sqlx::query(sql).bind(id).execute(pool).await.expect("a claim is legal");
    }
}

#[tokio::test]
async fn a_reclaim_between_the_snapshot_of_an_act_and_its_lock_is_left_alone() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(3), Database::next_partition());
    let id = Seed::lapsed(5).insert(&pool, partition, NOW_MS).await;
    let gate = Gate::close(&pool, partition).await;
    let act = sqlx::query_as::<_, (Uuid, i32, String)>(gate.hold_up(RELEASE_SQL, "$2::uuid[]"))
        .bind(partition)
        .bind(vec![id])
        .bind(vec![0])
        .bind(NOW_MS)
        .bind(false)
        .bind(false);
    let reclaim = [
        "INSERT INTO ff_attempt (partition_key, execution_id, attempt_index, lease_epoch, lease_expires_at_ms) \
         SELECT partition_key, execution_id, 1, 2, lease_expires_at_ms + 60000 FROM ff_attempt WHERE execution_id = $1",
        "UPDATE ff_exec_core SET attempt_index = 1 WHERE execution_id = $1",
    ];

    let (verdicts, ()) = tokio::join!(act.fetch_all(&pool), gate.open_after(reclaim, id));

    assert_eq!(
        verdicts.expect("the act succeeds"),
        [],
        "the new attempt cannot be seen, and the old one is not current"
    );
    assert!(read::vector(&pool, partition, id).await.0.starts_with("active/"));
    assert!(read::attempt(&pool, partition, id, 0).await.lease_expires_at_ms.is_some());
    assert_eq!(tick(&pool, partition).await.report.verdicts.get("cleaned"), Some(&1));
}

#[tokio::test]
async fn a_lease_left_behind_by_a_cancellation_is_cleared_without_a_trace() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = Seed::lapsed(5).insert(&pool, partition, NOW_MS).await;
    let cancel =
        "UPDATE ff_exec_core SET lifecycle_phase = 'cancelled', public_state = 'cancelled' WHERE execution_id = $1";
    sqlx::query(cancel).bind(id).execute(&pool).await.expect("a cancellation is legal");
    let (before, attempt) = (read::vector(&pool, partition, id).await, read::attempt(&pool, partition, id, 0).await);

    let done = tick(&pool, partition).await;

    assert_eq!(done.report.verdicts.get("cleaned"), Some(&1));
    assert_eq!(read::vector(&pool, partition, id).await, before);
    let cleared = read::Attempt { lease_expires_at_ms: None, ..attempt };
    assert_eq!(read::attempt(&pool, partition, id, 0).await, cleared);
    assert_eq!(read::events(&pool, partition, id).await, [""; 0]);
}

#[tokio::test]
async fn the_attempt_of_an_execution_that_was_trimmed_is_cleaned() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = Seed::lapsed(5).insert(&pool, partition, NOW_MS).await;
    let trim = sqlx::query("DELETE FROM ff_exec_core WHERE execution_id = $1").bind(id);
    trim.execute(&pool).await.expect("an execution can be trimmed");

    assert_eq!(tick(&pool, partition).await.report.verdicts.get("cleaned"), Some(&1));
    assert_eq!(read::attempt(&pool, partition, id, 0).await.lease_expires_at_ms, None);
    assert_eq!(tick(&pool, partition).await, Tick::default(), "a second tick changes nothing");
}

#[tokio::test]
async fn without_a_pinned_time_it_is_the_servers_clock_that_decides() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let clock = sqlx::query_scalar("SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint");
    let now_ms: i64 = clock.fetch_one(&pool).await.expect("the server has a clock");
    let lapsed = Seed::lapsed(1).insert(&pool, partition, now_ms).await;
    let state = State::Running { lease_ends_in_ms: 600_000, running_for_ms: 10, typed: false };
    let live = Seed::new(state).insert(&pool, partition, now_ms).await;

    let cx = TickContext::over(PartitionSet::from_iter([partition]));
    let done = LeaseExpiry::new(pool.clone()).tick(cx).await.expect("the tick succeeds");

    assert_eq!(done.report.changed, 1);
    assert!(read::vector(&pool, partition, lapsed).await.0.starts_with("runnable/"));
    assert!(read::vector(&pool, partition, live).await.0.starts_with("active/"));
}

#[tokio::test]
async fn where_reclaim_grants_are_handed_out_the_execution_stays_active_and_reclaimable() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = Seed::lapsed(5).insert(&pool, partition, NOW_MS).await;

    let marking = LeaseExpiry::new(pool.clone()).with_on_lapse(OnLapse::MarkReclaimable);
    let cx = TickContext::over(PartitionSet::from_iter([partition])).pinned(NOW_MS);
    let done = marking.tick(cx).await.expect("the tick succeeds");

    assert_eq!(done.report.verdicts.get("reclaimable"), Some(&1));
    let marked = "active/lease_expired_reclaimable/not_applicable/running/attempt_interrupted".to_owned();
    assert_eq!(read::vector(&pool, partition, id).await, (marked, 0));
    let attempt = read::attempt(&pool, partition, id, 0).await;
    assert_eq!((attempt.lease_expires_at_ms, attempt.worker_instance_id, attempt.lease_epoch), (None, None, 2));
}

#[tokio::test]
async fn raw_fields_that_are_no_object_are_harmless() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    for junk in ["null", "7", "\"raw\"", "[1, {}]"] {
        let id = Seed::lapsed(0).insert(&pool, partition, NOW_MS).await;
        let query = sqlx::query("UPDATE ff_exec_core SET raw_fields = $2::jsonb WHERE execution_id = $1").bind(id);
        query.bind(junk).execute(&pool).await.expect("it is JSON");

        let done = tick(&pool, partition).await;

        assert_eq!((done.report.changed, done.report.failed()), (1, 0), "{junk}");
        let (vector, _) = read::vector(&pool, partition, id).await;
        assert!(vector.starts_with("runnable/"), "{junk}: {vector}");
    }
}

#[tokio::test]
async fn what_an_execution_had_waited_for_goes_when_it_ends_unless_somebody_holds_it() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(3), Database::next_partition());
    let id =
        Seed::lapsed(5).resumed().with_policy(json!({"max_reclaim_count": 0})).insert(&pool, partition, NOW_MS).await;
    let neighbour =
        Seed::lapsed(5).resumed().with_policy(json!({"max_reclaim_count": 0})).insert(&pool, partition, NOW_MS).await;
    let mut signal = pool.begin().await.expect("a transaction");
    sqlx::query("SELECT 1 FROM ff_waitpoint_pending WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE")
        .bind(partition)
        .bind(id)
        .execute(&mut *signal)
        .await
        .expect("the waitpoint is free");

    let done = tick(&pool, partition).await;
    assert_eq!((done.report.verdicts.get("failed"), done.report.changed, done.report.skipped), (Some(&1), 1, 1));
    assert_eq!(read::waits(&pool, partition, neighbour).await, 0);
    assert_eq!(read::waits(&pool, partition, id).await, 2);

    signal.rollback().await.expect("a rollback");
    assert_eq!(tick(&pool, partition).await.report.verdicts.get("failed"), Some(&1));
    assert_eq!(read::waits(&pool, partition, id).await, 0);
}
