//! Do the tables fit, before anything is written?

use std::collections::BTreeSet;

use ff_scanner::core::{PartitionCount, PartitionCounts};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tracing::warn;

use crate::connect;
use crate::error::CliError;

type Columns = (&'static str, &'static [&'static str]);

/// What ends or moves executions reads or writes on engine 0.11 and later; whatever may end one needs all of it.
const EXECUTIONS: [Columns; 6] = [
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
        &[
            "partition_key",
            "event_id",
            "execution_id",
            "flow_id",
            "outcome",
            "namespace",
            "instance_tag",
            "occurred_at_ms",
            "dispatched_at_ms",
        ],
    ),
    ("ff_lease_event", &["execution_id", "event_type", "occurred_at_ms", "partition_key", "namespace", "instance_tag"]),
];

/// What follows flows needs besides.
const FLOWS: [Columns; 3] = [
    ("ff_edge", &["partition_key", "flow_id", "edge_id", "upstream_eid", "downstream_eid", "policy"]),
    (
        "ff_edge_group",
        &[
            "partition_key",
            "flow_id",
            "downstream_eid",
            "policy",
            "success_count",
            "fail_count",
            "skip_count",
            "running_count",
            "cancel_siblings_pending_flag",
            "cancel_siblings_pending_members",
        ],
    ),
    ("ff_pending_cancel_groups", &["partition_key", "flow_id", "downstream_eid", "enqueued_at_ms"]),
];

const BUDGETS: [Columns; 2] = [
    (
        "ff_budget_policy",
        &[
            "partition_key",
            "budget_id",
            "policy_json",
            "updated_at_ms",
            "last_breach_at_ms",
            "last_breach_dim",
            "next_reset_at_ms",
        ],
    ),
    ("ff_budget_usage", &["partition_key", "budget_id", "current_value", "last_reset_at_ms", "updated_at_ms"]),
];

/// What the named reconcilers need.
fn needed(names: &BTreeSet<String>) -> Vec<Columns> {
    let any = |of: &[&str]| names.iter().any(|name| of.contains(&name.as_str()));
    let mut needed = Vec::new();
    if any(&["budget_reset"]) {
        needed.extend(BUDGETS);
    }
    if any(&["dependency", "edge_cancel_dispatcher", "edge_cancel_reconciler"]) {
        needed.extend(FLOWS);
    }
    if names.iter().any(|name| name != "budget_reset") {
        needed.extend(EXECUTIONS);
    }
    needed
}

/// Fails when the server is away or tables are missing; warns of rows that no partition count reaches.
pub(crate) async fn check(
    options: &PgConnectOptions,
    counts: PartitionCounts,
    names: &BTreeSet<String>,
) -> Result<(), CliError> {
    let mut connection = connect::reach(options).await?;
    let needed = needed(names).into_iter();
    let pairs = needed.flat_map(|(table, columns)| columns.iter().map(move |column| (table, *column)));
    let (tables, columns): (Vec<&str>, Vec<&str>) = pairs.unzip();
    let missing: Vec<String> = sqlx::query_scalar(include_str!("sql/missing.sql"))
        .bind(tables)
        .bind(columns)
        .fetch_all(&mut connection)
        .await
        .map_err(CliError::sql("look for the engine's tables"))?;
    if !missing.is_empty() {
        return Err(CliError::Schema(missing.join(", ")));
    }
    let follows_executions = ["attempt_timeout", "lease_expiry", "suspension_timeout"];
    if names.iter().any(|name| follows_executions.contains(&name.as_str())) {
        let sql = include_str!("sql/stranded_executions.sql");
        warn_of_stranded(&mut connection, sql, "executions", "flow", counts.flow).await?;
    }
    if names.contains("budget_reset") {
        let sql = include_str!("sql/stranded_budgets.sql");
        warn_of_stranded(&mut connection, sql, "budgets", "budget", counts.budget).await?;
    }
    connect::close(connection).await;
    Ok(())
}

/// Warns when `sql` finds rows in a partition that is not visited.
async fn warn_of_stranded(
    connection: &mut PgConnection,
    sql: &'static str,
    rows: &str,
    space: &str,
    count: PartitionCount,
) -> Result<(), CliError> {
    let beyond: Option<i16> = sqlx::query_scalar(sql)
        .bind(i32::from(count.get()))
        .fetch_one(connection)
        .await
        .map_err(CliError::sql("look for rows out of reach"))?;
    if let Some(key) = beyond {
        let count = count.get();
        warn!(
            "there are {rows} in partition {key}, and only {count} {space} partitions are visited: they stay stuck \
             until --{space}-partitions says what the engine runs with"
        );
    }
    Ok(())
}
