//! What is there before the reconcilers run?

use std::collections::BTreeMap;

use sqlx::{Executor, PgConnection};

use crate::error::CliError;

/// The last execution becomes due this long after the start: lateness means nothing for what was due all along.
const WINDOW_MS: i64 = 4_000;

/// One flow for so many executions that stand alone, and at least one of every shape; the same with budgets.
const FLOWS_IN: u32 = 20;
const FLOWS_MIN: u32 = 17;
const BUDGETS_IN: u32 = 10;
const BUDGETS_MIN: u32 = 5;

/// What each reconciler has to do, and by when it is due.
pub(super) struct Plan {
    pub(super) rows: BTreeMap<String, u64>,
    pub(super) last_due_ms: i64,
}

impl Plan {
    pub(super) fn total(&self) -> u64 {
        self.rows.values().sum()
    }
}

pub(super) async fn seed(connection: &mut PgConnection, executions: u32) -> Result<Plan, CliError> {
    let failed = CliError::sql("make executions");
    for sql in [
        include_str!("sql/tables.sql"),
        include_str!("sql/kinds.sql"),
        include_str!("sql/shapes.sql"),
        include_str!("sql/functions.sql"),
    ] {
        connection.execute(sqlx::raw_sql(sql)).await.map_err(&failed)?;
    }
    // A guess at how long seeding takes. When it is wrong, more or less of it is due from the start.
    let start_ms = super::work::now_ms(connection).await? + 1_000 + i64::from(executions) / 10;
    sqlx::query(include_str!("sql/plan.sql"))
        .bind(i64::from(executions))
        .bind(start_ms)
        .bind(WINDOW_MS)
        .execute(&mut *connection)
        .await
        .map_err(&failed)?;
    sqlx::query(include_str!("sql/plan_flows.sql"))
        .bind(i64::from((executions / FLOWS_IN).max(FLOWS_MIN)))
        .bind(i64::from((executions / BUDGETS_IN).max(BUDGETS_MIN)))
        .bind(start_ms)
        .execute(&mut *connection)
        .await
        .map_err(&failed)?;
    for sql in [
        include_str!("sql/seed_executions.sql"),
        include_str!("sql/seed_attempts.sql"),
        include_str!("sql/seed_suspensions.sql"),
        include_str!("sql/seed_waitpoints.sql"),
        include_str!("sql/seed_flows.sql"),
        include_str!("sql/seed_budgets.sql"),
    ] {
        sqlx::query(sql).bind(start_ms).execute(&mut *connection).await.map_err(&failed)?;
    }
    for sql in [include_str!("sql/snapshot.sql"), include_str!("sql/analyze.sql")] {
        connection.execute(sqlx::raw_sql(sql)).await.map_err(&failed)?;
    }
    let expected: Vec<(String, i64, i64)> =
        sqlx::query_as(include_str!("sql/expected.sql")).fetch_all(&mut *connection).await.map_err(&failed)?;
    let last_due_ms = expected.iter().map(|(_, _, due)| *due).max().unwrap_or(start_ms);
    let rows = expected.into_iter().map(|(name, rows, _)| (name, rows.unsigned_abs())).collect();
    Ok(Plan { rows, last_due_ms })
}
