//! What becomes of suspensions that waited too long?

use ff_reconciler_suspension::{SuspensionTimeout, TIME_OUT_SQL};
use ff_scanner_core::{Act, LookThenAct, PartitionSet, Reconciler, Tick, TickContext};
use ff_scanner_testkit::{Database, EngineVersion, Gate, Seed, State, read};
use sqlx::PgPool;
use uuid::Uuid;

const NOW_MS: i64 = 1_800_000_000_000;

async fn tick(pool: &PgPool, partition: i16) -> Tick {
    let cx = TickContext::over(PartitionSet::from_iter([partition])).pinned(NOW_MS);
    SuspensionTimeout::new(pool.clone()).tick(cx).await.expect("the tick succeeds")
}

async fn count(pool: &PgPool, table: &'static str, partition: i16, id: Uuid) -> i64 {
    let sql = match table {
        "suspension" => "SELECT count(*) FROM ff_suspension_current WHERE partition_key = $1 AND execution_id = $2",
        _ => "SELECT count(*) FROM ff_waitpoint_pending WHERE partition_key = $1 AND execution_id = $2",
    };
    sqlx::query_scalar(sql).bind(partition).bind(id).fetch_one(pool).await.expect("rows can be counted")
}

/// Time-out, behaviour, reason and the time-out signal of a suspension.
async fn suspension(
    pool: &PgPool,
    partition: i16,
    id: Uuid,
) -> (Option<i64>, Option<String>, Option<String>, Option<serde_json::Value>) {
    sqlx::query_as(
        "SELECT timeout_at_ms, timeout_behavior, reason_code, member_map -> '__timeout__' FROM ff_suspension_current \
         WHERE partition_key = $1 AND execution_id = $2",
    )
    .bind(partition)
    .bind(id)
    .fetch_one(pool)
    .await
    .expect("the suspension exists")
}

#[tokio::test]
async fn fail_cancel_and_expire_end_the_execution_as_they_say() {
    let database = Database::shared().await.expect("a database");
    let pool = database.pool(2);
    for (behavior, word) in
        [("fail", "failed"), ("cancel", "cancelled"), ("expire", "expired"), ("no_such_word", "failed")]
    {
        let partition = Database::next_partition();
        let id = Seed::suspended(0, behavior).insert(&pool, partition, NOW_MS).await;

        let done = tick(&pool, partition).await;

        assert_eq!(done.report.verdicts.get(word), Some(&1), "{behavior}");
        let ended = format!("terminal/unowned/not_applicable/{word}/attempt_terminal");
        assert_eq!(read::vector(&pool, partition, id).await, (ended, 0));
        assert_eq!(read::attempt(&pool, partition, id, 0).await.outcome.as_deref(), Some(word));
        assert_eq!(read::events(&pool, partition, id).await, [format!("completion:{word}:tenant:blue")]);
        assert_eq!(count(&pool, "suspension", partition, id).await, 0);
        assert_eq!(count(&pool, "waitpoint", partition, id).await, 0);
        assert_eq!(tick(&pool, partition).await, Tick::default(), "a second tick changes nothing");
    }
}

#[tokio::test]
async fn only_the_latest_attempt_of_an_execution_ends_with_it() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let seed = Seed::suspended(9, "expire").with_earlier_attempts(&["retry", "interrupted"]);
    let id = seed.insert(&pool, partition, NOW_MS).await;

    tick(&pool, partition).await;

    assert_eq!(read::vector(&pool, partition, id).await.1, 2, "the pointer names the attempt that tells the outcome");
    for (index, outcome) in [(0, "retry"), (1, "interrupted"), (2, "expired")] {
        assert_eq!(read::attempt(&pool, partition, id, index).await.outcome.as_deref(), Some(outcome));
    }
}

#[tokio::test]
async fn auto_resume_records_a_signal_that_readers_can_see_and_makes_the_execution_resumable() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    for behavior in ["auto_resume_with_timeout_signal", "auto_resume"] {
        let id = Seed::suspended(9, behavior).with_flow(Uuid::new_v4()).insert(&pool, partition, NOW_MS).await;

        tick(&pool, partition).await;

        let resumable = "runnable/released/eligible_now/resumable/attempt_interrupted".to_owned();
        assert_eq!(read::vector(&pool, partition, id).await, (resumable, 0));
        let (timeout, _, _, signals) = suspension(&pool, partition, id).await;
        let signals = signals.expect("the signal is recorded");
        assert_eq!(timeout, None);
        assert_eq!(signals.as_array().map(Vec::len), Some(1));
        assert!(signals[0]["signal_id"].as_str().and_then(|id| id.parse::<Uuid>().ok()).is_some());
        assert_eq!(signals[0]["signal_name"], "timeout");
        assert_eq!(signals[0]["accepted_at"], NOW_MS);
        assert_eq!(read::events(&pool, partition, id).await, ["completion:resumable:tenant:blue"]);
        assert_eq!(count(&pool, "waitpoint", partition, id).await, 0);
    }
}

#[tokio::test]
async fn escalate_keeps_the_execution_suspended_for_an_operator() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = Seed::suspended(9, "escalate").insert(&pool, partition, NOW_MS).await;

    tick(&pool, partition).await;

    let suspended = "suspended/released/not_applicable/suspended/attempt_interrupted".to_owned();
    assert_eq!(read::vector(&pool, partition, id).await, (suspended, 0));
    let review = Some("waiting_for_operator_review".to_owned());
    assert_eq!(suspension(&pool, partition, id).await, (None, None, review, None));
    assert_eq!(count(&pool, "waitpoint", partition, id).await, 1);
    assert_eq!(read::events(&pool, partition, id).await, [""; 0]);
}

#[tokio::test]
async fn an_execution_that_was_resumed_and_completed_is_not_rewritten() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let id = Seed::suspended(9, "fail").insert(&pool, partition, NOW_MS).await;
    sqlx::query(
        "UPDATE ff_exec_core SET lifecycle_phase = 'terminal', public_state = 'completed' WHERE execution_id = $1",
    )
    .bind(id)
    .execute(&pool)
    .await
    .expect("a later state is legal");
    let before = read::vector(&pool, partition, id).await;

    let done = tick(&pool, partition).await;

    assert_eq!(done.report.verdicts.get("stale"), Some(&1));
    assert_eq!(read::vector(&pool, partition, id).await, before);
    assert_eq!(suspension(&pool, partition, id).await.0, None);
    assert_eq!(read::events(&pool, partition, id).await, [""; 0]);
}

#[tokio::test]
async fn a_suspension_with_time_left_is_left_alone() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let state = State::Suspended { times_out_in_ms: 1, behavior: Some("fail".to_owned()) };
    Seed::new(state).insert(&pool, partition, NOW_MS).await;

    assert_eq!(tick(&pool, partition).await, Tick::default());
}

#[tokio::test]
async fn what_was_resumed_and_runs_or_was_cancelled_keeps_its_state_and_gets_no_event() {
    let database = Database::shared().await.expect("a database");
    let pool = database.pool(2);
    for (phase, public) in [("active", "running"), ("runnable", "resumable"), ("cancelled", "cancelled")] {
        let partition = Database::next_partition();
        let id = Seed::suspended(9, "expire").insert(&pool, partition, NOW_MS).await;
        let later = "UPDATE ff_exec_core SET lifecycle_phase = $2, public_state = $3 WHERE execution_id = $1";
        let later = sqlx::query(later).bind(id).bind(phase).bind(public);
        later.execute(&pool).await.expect("a later state is legal");
        let before = read::vector(&pool, partition, id).await;

        assert_eq!(tick(&pool, partition).await.report.verdicts.get("stale"), Some(&1), "{phase}");
        assert_eq!(read::vector(&pool, partition, id).await, before);
        assert_eq!(read::events(&pool, partition, id).await, [""; 0]);
        assert_eq!(tick(&pool, partition).await, Tick::default(), "its time-out is cleared");
    }
}

#[tokio::test]
async fn a_suspension_that_was_replaced_since_the_look_is_judged_by_what_is_there_now() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    let renewed = Seed::suspended(9, "fail").insert(&pool, partition, NOW_MS).await;
    let replaced = Seed::suspended(9, "fail").insert(&pool, partition, NOW_MS).await;
    for (id, timeout_ms, behavior) in [(renewed, NOW_MS + 1, "fail"), (replaced, NOW_MS, "cancel")] {
        let again =
            "UPDATE ff_suspension_current SET timeout_at_ms = $2, timeout_behavior = $3 WHERE execution_id = $1";
        let again = sqlx::query(again).bind(id).bind(timeout_ms).bind(behavior);
        again.execute(&pool).await.expect("another suspension is legal");
    }

    let act = Act { partition, keys: &[renewed, replaced], now_ms: Some(NOW_MS), waits: false };
    let verdicts = SuspensionTimeout::new(pool.clone()).act(act).await.expect("the act succeeds");

    let words: Vec<(Uuid, &str)> = verdicts.iter().map(|verdict| (verdict.key, verdict.word.as_str())).collect();
    assert_eq!(words, [(replaced, "cancelled")]);
}

#[tokio::test]
async fn it_ends_and_resumes_on_the_schema_of_engine_0_11() {
    let database = Database::of_engine(EngineVersion::V0_11).await.expect("a database");
    let pool = database.pool(2);
    let ended = Seed::suspended(9, "expire").insert(&pool, 1, NOW_MS).await;
    let resumed = Seed::suspended(9, "auto_resume").insert(&pool, 1, NOW_MS).await;

    assert_eq!(tick(&pool, 1).await.report.changed, 2);
    assert!(read::vector(&pool, 1, ended).await.0.contains("/expired/"));
    assert!(read::vector(&pool, 1, resumed).await.0.contains("/resumable/"));
}

#[tokio::test]
async fn raw_fields_that_are_no_object_are_harmless() {
    let database = Database::shared().await.expect("a database");
    let (pool, partition) = (database.pool(2), Database::next_partition());
    for junk in ["null", "7", "\"raw\"", "[1, {}]"] {
        let id = Seed::suspended(0, "expire").insert(&pool, partition, NOW_MS).await;
        let query = sqlx::query("UPDATE ff_exec_core SET raw_fields = $2::jsonb WHERE execution_id = $1").bind(id);
        query.bind(junk).execute(&pool).await.expect("it is JSON");

        let done = tick(&pool, partition).await;

        assert_eq!((done.report.changed, done.report.failed()), (1, 0), "{junk}");
        let (vector, _) = read::vector(&pool, partition, id).await;
        assert!(vector.starts_with("terminal/"), "{junk}: {vector}");
    }
}

#[tokio::test]
async fn what_is_written_between_the_snapshot_of_an_act_and_its_locks_is_left_to_another_look() {
    let database = Database::shared().await.expect("a database");
    let pool = database.pool(3);
    for sql in [
        "UPDATE ff_exec_core SET priority = 7 WHERE execution_id = $1",
        "UPDATE ff_suspension_current SET reason_code = 'touched' WHERE execution_id = $1",
        "UPDATE ff_attempt SET worker_id = 'touched' WHERE execution_id = $1",
    ] {
        let partition = Database::next_partition();
        let id = Seed::suspended(0, "fail").insert(&pool, partition, NOW_MS).await;
        let before = read::vector(&pool, partition, id).await;
        let gate = Gate::close(&pool, partition).await;
        let act = sqlx::query_as::<_, (Uuid, String)>(gate.hold_up(TIME_OUT_SQL, "$2::uuid[]"))
            .bind(partition)
            .bind(vec![id])
            .bind(NOW_MS);

        let (verdicts, ()) = tokio::join!(act.fetch_all(&pool), gate.open_after([sql], id));

        assert_eq!(verdicts.expect("the act succeeds"), [], "{sql}");
        assert_eq!(read::vector(&pool, partition, id).await, before, "{sql}");
        assert_eq!(tick(&pool, partition).await.report.verdicts.get("failed"), Some(&1), "{sql}");
    }
}
