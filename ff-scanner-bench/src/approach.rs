//! Three ways to work off the same rows.

use std::sync::atomic::{AtomicI16, Ordering};
use std::time::Duration;

use ff_scanner::core::{Scheduler, postgres};
use ff_scanner::{Config, register_enabled};
use futures_util::future::try_join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep};

use crate::case::Case;
use crate::error::BenchError;

/// Connections that ours and the floor may use.
const CONNECTIONS: u32 = 2;
/// What the floor takes from a partition at a time.
const FLOOR_BATCH: i64 = 10_000;
/// What the plain approach takes from a partition at a time, as the engine's own loops do.
const ROW_BATCH: i64 = 1_000;
/// A reconciler that has not finished by then never will.
const PATIENCE: Duration = Duration::from_mins(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Approach {
    Ours,
    Floor,
    RowAtATime,
}

impl Approach {
    pub(crate) const ALL: [Self; 3] = [Self::Ours, Self::Floor, Self::RowAtATime];

    /// Works off `rows` and says how long it took.
    pub(crate) async fn work_off(
        self,
        case: &Case,
        database: &PgConnectOptions,
        rows: u64,
    ) -> Result<Duration, BenchError> {
        match self {
            Self::Ours => ours(case, database, rows).await,
            Self::Floor => floor(case, database).await,
            Self::RowAtATime => row_at_a_time(case, database).await,
        }
    }
}

async fn ours(case: &Case, database: &PgConnectOptions, rows: u64) -> Result<Duration, BenchError> {
    let config = Config::new(postgres::pool(database.clone(), CONNECTIONS)).with_only([case.name]);
    let builder = register_enabled(Scheduler::builder().random(|| 0.0), &config);
    let scheduler = builder.build().map_err(|error| BenchError::Wrong(error.to_string()))?;
    let started = Instant::now();
    let handle = scheduler.spawn();
    let wanted = rows / case.rows_per_key;
    let changed = || handle.status().iter().map(|status| status.changed).sum::<u64>();
    while changed() < wanted && started.elapsed() < PATIENCE {
        sleep(Duration::from_millis(1)).await;
    }
    let (elapsed, done) = (started.elapsed(), changed());
    handle.shutdown(PATIENCE).await;
    config.pool.close().await;
    if done != wanted {
        return Err(BenchError::Wrong(format!("{} changed {done} of {wanted}", case.name)));
    }
    Ok(elapsed)
}

async fn floor(case: &Case, database: &PgConnectOptions) -> Result<Duration, BenchError> {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_lazy_with(database.clone());
    let next = AtomicI16::new(0);
    let started = Instant::now();
    try_join_all((0..CONNECTIONS).map(|_| async {
        let mut connection = pool.acquire().await?;
        loop {
            let partition = next.fetch_add(1, Ordering::Relaxed);
            if partition >= case.partitions {
                return Ok::<(), BenchError>(());
            }
            loop {
                let mut tx = connection.begin().await?;
                let keys = candidates(case.candidates, &mut tx, partition, FLOOR_BATCH).await?;
                if keys.is_empty() {
                    tx.commit().await?;
                    break;
                }
                sqlx::query(case.effect).bind(partition).bind(keys).execute(&mut *tx).await?;
                tx.commit().await?;
            }
        }
    }))
    .await?;
    let elapsed = started.elapsed();
    pool.close().await;
    Ok(elapsed)
}

async fn row_at_a_time(case: &Case, database: &PgConnectOptions) -> Result<Duration, BenchError> {
    let mut connection = PgConnection::connect_with(database).await?;
    let started = Instant::now();
    for partition in 0..case.partitions {
        loop {
            let keys = candidates(case.row_candidates, &mut connection, partition, ROW_BATCH).await?;
            if keys.is_empty() {
                break;
            }
            for key in keys {
                let key = vec![key];
                let mut tx = connection.begin().await?;
                let still_due = sqlx::query(case.lock).bind(partition).bind(&key).fetch_optional(&mut *tx).await?;
                if still_due.is_some() {
                    sqlx::query(case.row_effect).bind(partition).bind(&key).execute(&mut *tx).await?;
                }
                tx.commit().await?;
            }
        }
    }
    let elapsed = started.elapsed();
    connection.close().await?;
    Ok(elapsed)
}

async fn candidates(
    sql: &'static str,
    connection: &mut PgConnection,
    partition: i16,
    most: i64,
) -> Result<Vec<String>, BenchError> {
    Ok(sqlx::query_scalar(sql).bind(partition).bind(most).fetch_all(connection).await?)
}
