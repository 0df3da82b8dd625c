//! Three ways to work off the same rows.

use std::sync::atomic::{AtomicI16, Ordering};
use std::time::Duration;

use ff_scanner::core::{Scheduler, SchedulerHandle, postgres};
use ff_scanner::{Config, register_enabled};
use futures_util::future::try_join_all;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
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
/// How often ours is asked how far it is: seldom, as asking takes processor time that the floor does not spend.
const ASK_EVERY: Duration = Duration::from_millis(5);
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

    /// How often its connections are warmed, of `warm_ups` for several: a single one meets all partitions at once.
    pub(crate) fn warm_ups(self, warm_ups: usize) -> usize {
        if self == Self::RowAtATime { 1 } else { warm_ups }
    }

    /// Makes its connections.
    pub(crate) async fn start(self, case: &Case, database: &PgConnectOptions) -> Result<Worker, BenchError> {
        Ok(match self {
            Self::Ours => {
                let pool = postgres::pool(database.clone(), CONNECTIONS);
                let config = Config::new(pool.clone()).with_only([case.name]).with_interval(PATIENCE);
                let scheduler = register_enabled(Scheduler::builder().random(|| 0.0), &config).build();
                let scheduler = scheduler.map_err(|error| BenchError::Wrong(error.to_string()))?;
                Worker::Ours { pool, handle: scheduler.spawn(), changed: 0 }
            }
            Self::Floor => {
                Worker::Floor(PgPoolOptions::new().max_connections(CONNECTIONS).connect_lazy_with(database.clone()))
            }
            Self::RowAtATime => Worker::RowAtATime(PgConnection::connect_with(database).await?),
        })
    }
}

/// An approach with its connections, which work off one backlog after the other, as those of a long-lived process do.
pub(crate) enum Worker {
    Ours {
        pool: PgPool,
        handle: SchedulerHandle,
        /// Of all backlogs so far.
        changed: u64,
    },
    Floor(PgPool),
    RowAtATime(PgConnection),
}

impl Worker {
    /// Works off `rows` and says how long it took.
    pub(crate) async fn work_off(&mut self, case: &Case, rows: u64) -> Result<Duration, BenchError> {
        let started = Instant::now();
        match self {
            Self::Ours { handle, changed, .. } => ours(case, handle, changed, rows).await?,
            Self::Floor(pool) => floor(case, pool).await?,
            Self::RowAtATime(connection) => row_at_a_time(case, connection).await?,
        }
        Ok(started.elapsed())
    }

    /// Ends its sessions: they keep their counts to themselves for a while.
    pub(crate) async fn stop(self) -> Result<(), BenchError> {
        match self {
            Self::Ours { pool, handle, .. } => {
                handle.shutdown(PATIENCE).await;
                pool.close().await;
            }
            Self::Floor(pool) => pool.close().await,
            Self::RowAtATime(connection) => connection.close().await?,
        }
        Ok(())
    }
}

async fn ours(case: &Case, handle: &SchedulerHandle, changed: &mut u64, rows: u64) -> Result<(), BenchError> {
    let started = Instant::now();
    let wanted = *changed + rows / case.rows_per_key;
    let count = || handle.status().iter().map(|status| status.changed).sum::<u64>();
    handle.waker().wake(case.name);
    while count() < wanted && started.elapsed() < PATIENCE {
        sleep(ASK_EVERY).await;
    }
    *changed = count();
    if *changed != wanted {
        return Err(BenchError::Wrong(format!("{} changed {changed} of {wanted}", case.name)));
    }
    Ok(())
}

async fn floor(case: &Case, pool: &PgPool) -> Result<(), BenchError> {
    let next = AtomicI16::new(0);
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
    Ok(())
}

async fn row_at_a_time(case: &Case, connection: &mut PgConnection) -> Result<(), BenchError> {
    for partition in 0..case.partitions {
        loop {
            let keys = candidates(case.row_candidates, connection, partition, ROW_BATCH).await?;
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
    Ok(())
}

async fn candidates(
    sql: &'static str,
    connection: &mut PgConnection,
    partition: i16,
    most: i64,
) -> Result<Vec<String>, BenchError> {
    Ok(sqlx::query_scalar(sql).bind(partition).bind(most).fetch_all(connection).await?)
}
