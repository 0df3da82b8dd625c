//! What becomes of attempts that run too long?

use ff_reconciler_attempt_timeout::{AttemptTimeout, AttemptTimeoutTrigger, TIME_OUT_SQL};
use ff_scanner_core::{PartitionSet, Reconciler, Tick, TickContext};
use ff_scanner_testkit::{Database, EngineVersion, Gate, Seed, read};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

const NOW_MS: i64 = 1_800_000_000_000;

async fn tick_by(pool: &PgPool, partition: i16, trigger: AttemptTimeoutTrigger) -> Tick {
    let cx = TickContext::over(PartitionSet::from_iter([partition])).pinned(NOW_MS);
    AttemptTimeout::new(pool.clone()).with_trigger(trigger).tick(cx).await.expect("the tick succeeds")
}

async fn tick(pool: &PgPool, partition: i16) -> Tick {
    tick_by(pool, partition, AttemptTimeoutTrigger::Policy).await
}

fn policy(timeout_ms: impl Into<Value>, max_retries: Option<i32>) -> Value {
    let mut policy = json!({"timeout_policy": {"attempt_timeout_ms": timeout_ms.into()}});
    if let Some(max_retries) = max_retries {
        policy["retry_policy"] = json!({"max_retries": max_retries});
    }
    policy
}

#[tokio::test]
async fn without_a_retry_policy_the_execution_expires_with_one_event_of_each_kind() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = Seed::running(5000).typed().with_policy(policy(5000, None)).insert(&pool, partition, NOW_MS).await;

    let done = tick(&pool, partition).await;

    assert_eq!((done.report.changed, done.report.verdicts.get("expired")), (1, Some(&1)));
    let expired = "terminal/unowned/not_applicable/expired/attempt_terminal".to_owned();
    assert_eq!(read::vector(&pool, partition, id).await, (expired, 0));
    let attempt = read::attempt(&pool, partition, id, 0).await;
    assert_eq!((attempt.lease_expires_at_ms, attempt.lease_epoch, attempt.worker_instance_id), (None, 2, None));
    assert_eq!(attempt.outcome.as_deref(), Some("expired"));
    assert_eq!(
        read::events(&pool, partition, id).await,
        ["completion:expired:tenant:blue", "lease:expired:tenant:blue"]
    );
    assert_eq!(tick(&pool, partition).await, Tick::default(), "a second tick changes nothing");
}

#[tokio::test]
async fn a_retry_left_puts_the_execution_back_at_the_next_attempt_even_after_a_typed_claim() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    for seed in [Seed::running(5001), Seed::running(5001).typed()] {
        let id = seed.with_attempt_index(3).with_policy(policy(5000, Some(1))).insert(&pool, partition, NOW_MS).await;

        tick(&pool, partition).await;

        let retry = "runnable/unowned/eligible_now/waiting/pending_retry_attempt".to_owned();
        assert_eq!(read::vector(&pool, partition, id).await, (retry, 4));
        assert_eq!(read::attempt(&pool, partition, id, 3).await.outcome.as_deref(), Some("interrupted"));
        assert_eq!(read::events(&pool, partition, id).await, ["lease:expired:tenant:blue"]);
    }
}

#[tokio::test]
async fn retries_are_counted_by_retry_count_and_not_by_the_attempt_index() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let seed = || Seed::running(5001).with_attempt_index(7).with_policy(policy(5000, Some(2)));
    let left = seed().with_raw_fields(json!({"retry_count": "1"})).insert(&pool, partition, NOW_MS).await;
    let none = seed().with_raw_fields(json!({"retry_count": "2"})).insert(&pool, partition, NOW_MS).await;

    tick(&pool, partition).await;

    assert_eq!(read::vector(&pool, partition, left).await.1, 8);
    assert!(read::vector(&pool, partition, none).await.0.contains("/expired/"));
}

#[tokio::test]
async fn a_lapsed_lease_is_not_a_time_out_unless_the_trigger_says_so() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    Seed::lapsed(10).insert(&pool, partition, NOW_MS).await;

    assert_eq!(tick(&pool, partition).await, Tick::default());
    let by_lease = tick_by(&pool, partition, AttemptTimeoutTrigger::LeaseLapse).await;
    assert_eq!(by_lease.report.verdicts.get("expired"), Some(&1));
}

#[tokio::test]
async fn a_time_out_that_is_no_positive_integer_is_none_and_does_not_disturb_its_neighbours() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let odd = [json!("soon"), json!(-5), json!(0), json!(1.5), json!({}), json!(1e300), Value::Null, json!([1])];
    for value in odd {
        Seed::running(i64::MAX / 2).with_policy(policy(value, None)).insert(&pool, partition, NOW_MS).await;
    }
    Seed::running(5001).with_policy(json!("not an object")).insert(&pool, partition, NOW_MS).await;
    Seed::running(5001).with_policy(policy(5000, None)).insert(&pool, partition, NOW_MS).await;
    Seed::running(4999).with_policy(policy(5000, None)).insert(&pool, partition, NOW_MS).await;

    let done = tick(&pool, partition).await;

    assert_eq!((done.report.changed, done.report.skipped, done.report.failed()), (1, 0, 0));
}

#[tokio::test]
async fn where_nobody_has_counted_the_tries_are_and_the_reclaims_are_not() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let reclaimed = ["lease_expired_reclaimable", "interrupted_reclaimed", "attempt_interrupted"];
    let tried = ["retry", "failed", "failure", "interrupted"];
    for (outcomes, retries, word) in
        [(&reclaimed[..], 1, "/waiting/"), (&tried[..], 5, "/waiting/"), (&tried[..], 4, "/expired/")]
    {
        let seed = Seed::running(5001).with_earlier_attempts(outcomes).with_policy(policy(5000, Some(retries)));
        let id = seed.insert(&pool, partition, NOW_MS).await;
        // What a replay leaves on the attempt that it runs again: that try has not ended yet.
        let replayed = "UPDATE ff_attempt SET outcome = 'failed' \
                         WHERE partition_key = $1 AND execution_id = $2 AND lease_expires_at_ms IS NOT NULL";
        sqlx::query(replayed).bind(partition).bind(id).execute(&pool).await.expect("the outcome is legal");

        tick(&pool, partition).await;

        let (vector, _) = read::vector(&pool, partition, id).await;
        assert!(vector.contains(word), "{outcomes:?} with {retries} retries: {vector}");
    }
}

#[tokio::test]
async fn an_earlier_attempt_that_kept_its_lease_does_not_end_the_live_one() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id =
        Seed::running(10).with_attempt_index(1).with_policy(policy(5000, None)).insert(&pool, partition, NOW_MS).await;
    let stale = "INSERT INTO ff_attempt (partition_key, execution_id, attempt_index, lease_expires_at_ms, started_at_ms) \
                 VALUES ($1, $2, 0, $3, 0)";
    let stale = sqlx::query(stale).bind(partition).bind(id).bind(NOW_MS + 1000);
    stale.execute(&pool).await.expect("a stale attempt is legal");

    let done = tick(&pool, partition).await;

    assert_eq!(done.report.changed, 0);
    let running = "active/leased/not_applicable/running/running_attempt".to_owned();
    assert_eq!(read::vector(&pool, partition, id).await, (running, 1));
}

#[tokio::test]
async fn an_execution_that_is_over_is_not_timed_out() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = Seed::running(6000).with_policy(policy(5000, None)).insert(&pool, partition, NOW_MS).await;
    let cancel =
        "UPDATE ff_exec_core SET lifecycle_phase = 'cancelled', public_state = 'cancelled' WHERE execution_id = $1";
    sqlx::query(cancel).bind(id).execute(&pool).await.expect("a cancellation is legal");

    assert_eq!(tick(&pool, partition).await, Tick::default());
    assert_eq!(read::events(&pool, partition, id).await, [""; 0]);
}

#[tokio::test]
async fn the_time_out_of_the_attempt_comes_before_that_of_the_execution() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let own = json!({"timeout_policy": {"attempt_timeout_ms": 60_000}});
    let id = Seed::running(6000).with_policy(policy(5000, None)).insert(&pool, partition, NOW_MS).await;
    let snapshot = sqlx::query("UPDATE ff_attempt SET policy = $2 WHERE execution_id = $1").bind(id).bind(own);
    snapshot.execute(&pool).await.expect("a snapshot is legal");

    assert_eq!(tick(&pool, partition).await.report.changed, 0);
}

#[tokio::test]
async fn it_times_out_and_retries_on_the_schema_of_engine_0_11() {
    let database = Database::of_engine(EngineVersion::V0_11).await.expect("a database");
    let pool = database.pool(2);
    let retried = Seed::running(5001).with_policy(policy(5000, Some(1))).insert(&pool, 1, NOW_MS).await;
    let expired = Seed::running(5001).with_policy(policy(5000, None)).insert(&pool, 1, NOW_MS).await;

    assert_eq!(tick(&pool, 1).await.report.changed, 2);
    assert!(read::vector(&pool, 1, retried).await.0.starts_with("runnable/"));
    assert!(read::vector(&pool, 1, expired).await.0.contains("/expired/"));
}

#[tokio::test]
async fn an_attempt_that_was_replayed_has_run_since_its_replay_and_no_longer() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let replayed = |ago_ms: i64| {
        let raw = json!({"replay_count": 1, "last_mutation_at": (NOW_MS - ago_ms).to_string()});
        Seed::running(60_000).typed().with_policy(policy(5000, None)).with_raw_fields(raw)
    };
    let recently = replayed(4999).insert(&pool, partition, NOW_MS).await;
    let long_ago = replayed(5000).insert(&pool, partition, NOW_MS).await;

    assert_eq!(tick(&pool, partition).await.report.changed, 1);

    assert!(read::vector(&pool, partition, recently).await.0.starts_with("active/"));
    assert!(read::vector(&pool, partition, long_ago).await.0.contains("/expired/"));
}

#[tokio::test]
async fn raw_fields_that_are_no_object_are_harmless() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    for junk in ["null", "7", "\"raw\"", "[1, {}]"] {
        let id = Seed::running(5000).with_policy(policy(5000, None)).insert(&pool, partition, NOW_MS).await;
        let query = sqlx::query("UPDATE ff_exec_core SET raw_fields = $2::jsonb WHERE execution_id = $1").bind(id);
        query.bind(junk).execute(&pool).await.expect("it is JSON");

        let done = tick(&pool, partition).await;

        assert_eq!((done.report.changed, done.report.failed()), (1, 0), "{junk}");
        let (vector, _) = read::vector(&pool, partition, id).await;
        assert!(vector.starts_with("terminal/"), "{junk}: {vector}");
    }
}

#[tokio::test]
async fn what_an_execution_had_waited_for_goes_when_it_ends_unless_somebody_holds_it() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(3), Database::next_partition());
    let id = Seed::running(5000).resumed().with_policy(policy(5000, None)).insert(&pool, partition, NOW_MS).await;
    let neighbour =
        Seed::running(5000).resumed().with_policy(policy(5000, None)).insert(&pool, partition, NOW_MS).await;
    let mut signal = pool.begin().await.expect("a transaction");
    sqlx::query("SELECT 1 FROM ff_waitpoint_pending WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE")
        .bind(partition)
        .bind(id)
        .execute(&mut *signal)
        .await
        .expect("the waitpoint is free");

    let done = tick(&pool, partition).await;
    assert_eq!((done.report.verdicts.get("expired"), done.report.changed, done.report.skipped), (Some(&1), 1, 1));
    assert_eq!(read::waits(&pool, partition, neighbour).await, 0);
    assert_eq!(read::waits(&pool, partition, id).await, 2);

    signal.rollback().await.expect("a rollback");
    assert_eq!(tick(&pool, partition).await.report.verdicts.get("expired"), Some(&1));
    assert_eq!(read::waits(&pool, partition, id).await, 0);
}

#[tokio::test]
async fn what_is_written_between_the_snapshot_of_an_act_and_its_locks_is_left_to_another_look() {
    let database = Database::shared().await.expect("a database");
    let pool = database.pool(3);
    for sql in [
        "UPDATE ff_exec_core SET priority = 7 WHERE execution_id = $1",
        "UPDATE ff_attempt SET lease_expires_at_ms = lease_expires_at_ms + 1000 WHERE execution_id = $1",
    ] {
        let partition = Database::next_partition();
        let id = Seed::running(5001).with_policy(policy(5000, None)).insert(&pool, partition, NOW_MS).await;
        let before = read::vector(&pool, partition, id).await;
        let gate = Gate::close(&pool, partition).await;
        let act = sqlx::query_as::<_, (Uuid, String)>(gate.hold_up(TIME_OUT_SQL, "$2::uuid[]"))
            .bind(partition)
            .bind(vec![id])
            .bind(NOW_MS)
            .bind(false)
            .bind(false);

        let (verdicts, ()) = tokio::join!(act.fetch_all(&pool), gate.open_after([sql], id));

        assert_eq!(verdicts.expect("the act succeeds"), [], "{sql}");
        assert_eq!(read::vector(&pool, partition, id).await, before, "{sql}");
        assert_eq!(tick(&pool, partition).await.report.verdicts.get("expired"), Some(&1), "{sql}");
    }
}
