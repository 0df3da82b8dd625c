//! What does a test want to know of an execution?

use sqlx::PgPool;
use uuid::Uuid;

/// `phase/ownership/eligibility/public/attempt` of an execution, and its attempt pointer.
///
/// # Panics
///
/// When there is no such execution.
pub async fn vector(pool: &PgPool, partition: i16, execution_id: Uuid) -> (String, i32) {
    sqlx::query_as(
        "SELECT concat_ws('/', lifecycle_phase, ownership_state, eligibility_state, public_state, attempt_state), \
         attempt_index FROM ff_exec_core WHERE partition_key = $1 AND execution_id = $2",
    )
    .bind(partition)
    .bind(execution_id)
    .fetch_one(pool)
    .await
    .expect("the execution exists")
}

/// What fences and records an attempt.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Attempt {
    /// End of its lease, milliseconds since the epoch.
    pub lease_expires_at_ms: Option<i64>,
    /// What a worker's writes are fenced by.
    pub lease_epoch: i64,
    /// The worker that has it.
    pub worker_instance_id: Option<String>,
    /// How it ended.
    pub outcome: Option<String>,
    /// When it started, milliseconds since the epoch.
    pub started_at_ms: Option<i64>,
}

/// One attempt of an execution.
///
/// # Panics
///
/// When there is no such attempt.
pub async fn attempt(pool: &PgPool, partition: i16, execution_id: Uuid, index: i32) -> Attempt {
    sqlx::query_as(
        "SELECT lease_expires_at_ms, lease_epoch, worker_instance_id, outcome, started_at_ms FROM ff_attempt \
         WHERE partition_key = $1 AND execution_id = $2 AND attempt_index = $3",
    )
    .bind(partition)
    .bind(execution_id)
    .bind(index)
    .fetch_one(pool)
    .await
    .expect("the attempt exists")
}

/// The events of an execution, as `completion:outcome:namespace:tag` and `lease:type:namespace:tag`, sorted.
///
/// # Panics
///
/// When they cannot be read.
pub async fn events(pool: &PgPool, partition: i16, execution_id: Uuid) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(':', 'completion', outcome, namespace, instance_tag) FROM ff_completion_event \
          WHERE partition_key = $1 AND execution_id = $2 \
         UNION ALL \
         SELECT concat_ws(':', 'lease', event_type, namespace, instance_tag) FROM ff_lease_event \
          WHERE partition_key = $1 AND execution_id = $2::text ORDER BY 1",
    )
    .bind(partition)
    .bind(execution_id)
    .fetch_all(pool)
    .await
    .expect("events can be read")
}

/// How many suspensions and waitpoints an execution has.
///
/// # Panics
///
/// When they cannot be read.
pub async fn waits(pool: &PgPool, partition: i16, execution_id: Uuid) -> i64 {
    sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM ff_suspension_current WHERE partition_key = $1 AND execution_id = $2) \
         + (SELECT count(*) FROM ff_waitpoint_pending WHERE partition_key = $1 AND execution_id = $2)",
    )
    .bind(partition)
    .bind(execution_id)
    .fetch_one(pool)
    .await
    .expect("suspensions and waitpoints can be counted")
}
