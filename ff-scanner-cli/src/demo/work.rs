//! The reconcilers at work, until nothing is left or it takes too long.

use std::time::Duration;

use ff_scanner::Config;
use ff_scanner::core::{Exit, Scheduler, postgres};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::time::Instant;

use super::progress::Progress;
use super::seed::Plan;
use crate::error::CliError;

/// Shorter than in production, for somebody who watches.
const INTERVAL: Duration = Duration::from_millis(250);
/// Between two looks at what is left; a look that takes long is followed by a longer pause, or it would be the load.
const LOOK_PAUSE_MIN: Duration = Duration::from_millis(150);
/// Patience beyond the last due time, and a millisecond more for each row.
const PATIENCE: Duration = Duration::from_secs(30);
const GRACE: Duration = Duration::from_secs(30);

/// What came of it.
pub(super) struct Work {
    pub(super) started_ms: i64,
    pub(super) elapsed: Duration,
    /// What goes wrong without leaving a trace in a row.
    pub(super) complaints: Vec<String>,
}

pub(super) async fn work(
    database: &PgConnectOptions,
    connection: &mut PgConnection,
    plan: &Plan,
    progress: &Progress,
) -> Result<Work, CliError> {
    let config = Config::new(postgres::pool(database.clone(), 8)).with_interval(INTERVAL);
    let builder = ff_scanner::register_enabled(Scheduler::builder(), &config);
    let scheduler = builder.build().map_err(|error| CliError::Failed(error.to_string()))?;

    progress.begin(&plan.rows);
    let started_ms = now_ms(connection).await?;
    let started = Instant::now();
    let handle = scheduler.spawn();
    let until_due = Duration::from_millis(u64::try_from(plan.last_due_ms - started_ms).unwrap_or_default());
    let deadline = started + until_due + PATIENCE + Duration::from_millis(plan.total());
    let mut complaints = Vec::new();
    loop {
        let looked = Instant::now();
        let left = remaining(connection, plan.last_due_ms).await?;
        progress.show(&plan.rows, &left);
        if left.iter().all(|(_, rows)| *rows == 0) {
            break;
        }
        if Instant::now() > deadline {
            complaints.push(format!("gave up after {} s with rows left to do", started.elapsed().as_secs()));
            break;
        }
        tokio::time::sleep(LOOK_PAUSE_MIN.max(looked.elapsed() * 4)).await;
    }
    let elapsed = started.elapsed();
    for status in handle.status() {
        if status.errors + status.panics + status.failed > 0 {
            complaints.push(format!(
                "{}: {} errors, {} panics, {} failed rows",
                status.name, status.errors, status.panics, status.failed
            ));
        }
    }
    for (name, exit) in handle.shutdown(GRACE).await {
        if !matches!(exit, Exit::Stopped) {
            complaints.push(format!("{name} did not stop in order: {exit:?}"));
        }
    }
    config.pool.close().await;
    Ok(Work { started_ms, elapsed, complaints })
}

/// The server's clock, which is the one that decides.
pub(super) async fn now_ms(connection: &mut PgConnection) -> Result<i64, CliError> {
    sqlx::query_scalar(include_str!("sql/now.sql")).fetch_one(connection).await.map_err(CliError::sql("read the clock"))
}

async fn remaining(connection: &mut PgConnection, last_due_ms: i64) -> Result<Vec<(String, i64)>, CliError> {
    sqlx::query_as(include_str!("sql/remaining.sql"))
        .bind(last_due_ms)
        .fetch_all(connection)
        .await
        .map_err(CliError::sql("count what is left"))
}
