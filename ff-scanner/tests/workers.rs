//! Does a worker's transaction ever fail because of us?
#![cfg(feature = "full")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ff_scanner::core::Scheduler;
use ff_scanner::{Config, register_enabled};
use ff_scanner_testkit::{Database, Seed, State};
use futures_util::future::join_all;
use serde_json::json;
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

const WORKERS: usize = 6;
const TRANSACTIONS: usize = 3_000;
const EXECUTIONS: i16 = 60;

/// What workers and operators do, statement by statement, in the order in which the engine takes its locks. Each has
/// `$1 smallint` the partition and `$2 uuid` the execution.
const RENEW: &[&str] = &[
    "SELECT 1 FROM ff_attempt WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE",
    "UPDATE ff_attempt SET lease_expires_at_ms = lease_expires_at_ms + 50 WHERE partition_key = $1 AND execution_id = $2",
];
const COMPLETE: &[&str] = &[
    "SELECT 1 FROM ff_attempt WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE",
    "UPDATE ff_attempt SET lease_expires_at_ms = NULL, outcome = 'success' WHERE partition_key = $1 AND execution_id = $2",
    "UPDATE ff_exec_core SET lifecycle_phase = 'terminal', public_state = 'completed' \
      WHERE partition_key = $1 AND execution_id = $2",
    "INSERT INTO ff_completion_event (partition_key, execution_id, outcome, occurred_at_ms) VALUES ($1, $2, 'success', 0)",
];
const FAIL: &[&str] = &[
    "SELECT 1 FROM ff_attempt WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE",
    "UPDATE ff_attempt SET lease_expires_at_ms = NULL, outcome = 'retry' WHERE partition_key = $1 AND execution_id = $2",
    "UPDATE ff_exec_core SET lifecycle_phase = 'runnable', ownership_state = 'unowned' \
      WHERE partition_key = $1 AND execution_id = $2",
];
const CANCEL: &[&str] = &[
    "SELECT 1 FROM ff_exec_core WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE",
    "SELECT 1 FROM ff_attempt WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE",
    "UPDATE ff_attempt SET lease_epoch = lease_epoch + 1 WHERE partition_key = $1 AND execution_id = $2",
    "UPDATE ff_exec_core SET lifecycle_phase = 'cancelled' WHERE partition_key = $1 AND execution_id = $2",
];
const DELIVER_SIGNAL: &[&str] = &[
    "SELECT 1 FROM ff_waitpoint_pending WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE",
    "SELECT 1 FROM ff_suspension_current WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE",
    "UPDATE ff_exec_core SET lifecycle_phase = 'runnable', public_state = 'resumable' \
      WHERE partition_key = $1 AND execution_id = $2",
];
const CLAIM: &[&str] = &[
    "SELECT 1 FROM ff_exec_core WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE",
    "UPDATE ff_attempt SET lease_epoch = lease_epoch + 1, outcome = NULL, \
            started_at_ms = (extract(epoch FROM clock_timestamp()) * 1000)::bigint, \
            lease_expires_at_ms = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + 20 \
      WHERE partition_key = $1 AND execution_id = $2",
    "UPDATE ff_exec_core SET lifecycle_phase = 'active', ownership_state = 'leased', \
            attempt_index = (SELECT max(attempt_index) FROM ff_attempt WHERE partition_key = $1 AND execution_id = $2) \
      WHERE partition_key = $1 AND execution_id = $2",
];
const SUSPEND: &[&str] = &[
    "SELECT 1 FROM ff_attempt WHERE partition_key = $1 AND execution_id = $2 FOR UPDATE",
    "UPDATE ff_exec_core SET lifecycle_phase = 'suspended', ownership_state = 'released' \
      WHERE partition_key = $1 AND execution_id = $2",
    "INSERT INTO ff_suspension_current (partition_key, execution_id, suspension_id, suspended_at_ms, timeout_at_ms, \
            condition, timeout_behavior) \
     SELECT $1, $2, gen_random_uuid(), 0, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + 20, '{}', 'expire' \
         ON CONFLICT (partition_key, execution_id) DO UPDATE SET timeout_at_ms = EXCLUDED.timeout_at_ms",
    "INSERT INTO ff_waitpoint_pending (partition_key, waitpoint_id, execution_id, token_kid, token, created_at_ms) \
     VALUES ($1, gen_random_uuid(), $2, 'kid', 'token', 0)",
];

/// Claims come most often, or soon nothing would be running.
const ALL: [&[&str]; 9] = [RENEW, COMPLETE, FAIL, CANCEL, DELIVER_SIGNAL, SUSPEND, CLAIM, CLAIM, CLAIM];

async fn perform(
    tx: &mut Transaction<'_, Postgres>,
    steps: &[&'static str],
    id: (i16, Uuid),
) -> Result<(), sqlx::Error> {
    for step in steps {
        sqlx::query(*step).bind(id.0).bind(id.1).execute(&mut **tx).await?;
        // So that others come in between.
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn work(pool: PgPool, executions: &[(i16, Uuid)], started: &AtomicUsize) {
    while started.fetch_add(1, Ordering::Relaxed) < TRANSACTIONS {
        let id = executions[fastrand::usize(..executions.len())];
        let steps = ALL[fastrand::usize(..ALL.len())];
        let mut tx = pool.begin().await.expect("a worker's transaction begins");
        perform(&mut tx, steps, id).await.unwrap_or_else(|error| panic!("a worker fails: {error}: {steps:#?}"));
        tx.commit().await.expect("a worker's transaction commits");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_claim_renew_complete_fail_suspend_and_cancel_never_fail_because_of_us() {
    let database = Database::own().await.expect("a database");
    let pool = database.pool(u32::try_from(WORKERS + 2).expect("few"));
    let now_ms = support::now_ms(&pool).await;
    let mut executions = Vec::new();
    for n in 0..EXECUTIONS {
        let state = State::Running { lease_ends_in_ms: 20, running_for_ms: 0, typed: false };
        let seed = Seed::new(state).with_policy(json!({"timeout_policy": {"attempt_timeout_ms": 15}}));
        executions.push((n % 3, seed.insert(&pool, n % 3, now_ms).await));
    }
    let config = Config::new(database.pool(6)).with_interval(Duration::from_millis(1));
    let scheduler = register_enabled(Scheduler::builder().partitions(support::counts()), &config);
    let handle = scheduler.drain_pause(Duration::from_millis(1)).build().expect("the set is valid").spawn();

    let started = AtomicUsize::new(0);
    // Each has executions of its own: the engine's own orders contradict each other, and what must not fail is a worker
    // with nobody but us beside it.
    let shares = executions.chunks(executions.len() / WORKERS);
    join_all(shares.map(|share| work(pool.clone(), share, &started))).await;

    for status in handle.status() {
        let troubles = (status.errors, status.panics, status.failed);
        assert_eq!(troubles, (0, 0, 0), "{}: {:?}", status.name, status.last_outcome);
        let meddles = ["attempt_timeout", "lease_expiry", "suspension_timeout"].contains(&status.name);
        assert!(!meddles || status.changed > 0, "{} was in nobody's way", status.name);
    }
    handle.shutdown(Duration::from_secs(10)).await;
    let deadlocks = sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    let deadlocks: i64 = deadlocks.fetch_one(&pool).await.expect("statistics can be read");
    assert_eq!(deadlocks, 0);
}
