//! Do the tables fit, before anything is written?

use ff_scanner::core::PartitionCounts;
use sqlx::postgres::PgConnectOptions;
use tracing::warn;

use crate::connect;
use crate::error::CliError;

/// What the time-driven reconcilers read or write on engine 0.11 and later. All of them end executions, so all of them
/// need all of it.
const NEEDED: [(&str, &[&str]); 6] = [
    (
        "ff_exec_core",
        &[
            "partition_key",
            "execution_id",
            "flow_id",
            "attempt_index",
            "lifecycle_phase",
            "ownership_state",
            "eligibility_state",
            "public_state",
            "attempt_state",
            "blocking_reason",
            "terminal_at_ms",
            "policy",
            "raw_fields",
        ],
    ),
    (
        "ff_attempt",
        &[
            "partition_key",
            "execution_id",
            "attempt_index",
            "worker_id",
            "worker_instance_id",
            "lease_epoch",
            "lease_expires_at_ms",
            "started_at_ms",
            "terminal_at_ms",
            "outcome",
            "policy",
        ],
    ),
    (
        "ff_suspension_current",
        &["partition_key", "execution_id", "timeout_at_ms", "timeout_behavior", "reason_code", "member_map"],
    ),
    ("ff_waitpoint_pending", &["partition_key", "waitpoint_id", "execution_id"]),
    (
        "ff_completion_event",
        &["partition_key", "execution_id", "flow_id", "outcome", "namespace", "instance_tag", "occurred_at_ms"],
    ),
    ("ff_lease_event", &["execution_id", "event_type", "occurred_at_ms", "partition_key", "namespace", "instance_tag"]),
];

/// Fails when the server is away or tables are missing; warns of executions that no partition count reaches.
pub(crate) async fn check(options: &PgConnectOptions, counts: PartitionCounts) -> Result<(), CliError> {
    let mut connection = connect::reach(options).await?;
    let needed = || NEEDED.iter().flat_map(|(table, columns)| columns.iter().map(move |column| (*table, *column)));
    let tables: Vec<&str> = needed().map(|(table, _)| table).collect();
    let columns: Vec<&str> = needed().map(|(_, column)| column).collect();
    let missing: Vec<String> = sqlx::query_scalar(include_str!("sql/missing.sql"))
        .bind(tables)
        .bind(columns)
        .fetch_all(&mut connection)
        .await
        .map_err(CliError::sql("look for the engine's tables"))?;
    if !missing.is_empty() {
        return Err(CliError::Schema(missing.join(", ")));
    }
    let beyond: Option<i16> = sqlx::query_scalar(include_str!("sql/stranded.sql"))
        .bind(i32::from(counts.flow.get()))
        .fetch_one(&mut connection)
        .await
        .map_err(CliError::sql("look for executions out of reach"))?;
    if let Some(key) = beyond {
        let count = counts.flow.get();
        warn!(
            "there are executions in partition {key}, and only {count} flow partitions are visited: they stay stuck \
             until --flow-partitions says what the engine runs with"
        );
    }
    connect::close(connection).await;
    Ok(())
}
